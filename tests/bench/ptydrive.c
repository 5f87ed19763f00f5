/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A terminal that measures: runs a program in a pseudo terminal, keeps its screen with libvterm (which also answers the program's questions
   about the terminal) and says when what was on it. Times are microseconds of CLOCK_MONOTONIC, taken before the bytes are looked at.

   ptydrive COLUMNSxROWS PROGRAM ARGUMENT...      commands come as lines on standard input, each is answered by one line:
     start                            "ok T PID"; starts the program
     wait MS REGEX                    "ok T" when the screen's text (lines joined by \n) matches, T of the bytes that made it so; "late"; "end"
     gone MS REGEX                    the same, until it does not match
     send HEX                         "ok T": the keys were written at T
     keys HEX COUNT QUIET MS [sel]    COUNT times: the keys, then quiet for QUIET ms (at most MS in all). "ok FIRST,LAST,BYTES,CHANGED ...": us
                                      to the first byte and to the last change of the screen, bytes, whether anything changed. With sel
                                      LAST is when the highlighted row had changed: what a background change paints does not count.
     settle QUIET MS                  "ok T": nothing came for QUIET ms; T of the last bytes
     bytes                            "ok N": bytes that came so far
     screen                           the lines, then "."
     end MS                           "ok T STATUS" when the program has ended; "late" */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

struct terminal {
    VTerm *vt;
    VTermScreen *screen;
    int cols, rows, fd;
    pid_t pid;
    bool ended, damaged;
    uint64_t bytes, last; /* last: when the last bytes came */
    char *text;           /* of text_size bytes */
    size_t text_size;
};

static uint64_t
now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int
on_damage(VTermRect rect, void *arg)
{
    (void)rect;
    ((struct terminal *)arg)->damaged = true;
    return 1;
}

static int
on_move(VTermRect dest, VTermRect src, void *arg)
{
    (void)src;
    return on_damage(dest, arg);
}

static void
write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
}

/* Takes what the program wrote, waiting until `end` at most. Returns whether something came. */
static bool
take(struct terminal *t, uint64_t end)
{
    char data[65536];
    uint64_t at = now();
    struct pollfd p = {.fd = t->fd, .events = POLLIN};
    struct timespec left = {0};
    if (end > at)
        left = (struct timespec){.tv_sec = (time_t)((end - at) / 1000000), .tv_nsec = (long)((end - at) % 1000000) * 1000};
    if (t->ended || ppoll(&p, 1, &left, NULL) <= 0)
        return false;
    uint64_t came = now();
    ssize_t n = read(t->fd, data, sizeof data);
    if (n <= 0) {
        t->ended = n == 0 || (errno != EINTR && errno != EAGAIN);
        return false;
    }
    t->last = came;
    t->bytes += (uint64_t)n;
    (void)vterm_input_write(t->vt, data, (size_t)n);
    vterm_screen_flush_damage(t->screen);
    size_t answer;
    while ((answer = vterm_output_read(t->vt, data, sizeof data)) > 0)
        write_all(t->fd, data, answer);
    return true;
}

static const char *
screen_text(struct terminal *t)
{
    size_t at = 0;
    for (int row = 0; row < t->rows; row++) {
        at += vterm_screen_get_text(t->screen, t->text + at, t->text_size - at - 2, (VTermRect){row, row + 1, 0, t->cols});
        while (at && t->text[at - 1] == ' ')
            at--;
        t->text[at++] = '\n';
    }
    t->text[at] = 0;
    return t->text;
}

/* The row of the cursor bar: the one where most cells are reverse or coloured behind, without the title and the two lowest lines.
   Returns its number, its text's sum mixed in, so that a bar that stays while the list moves is seen as well. 0: there is none. */
static uint64_t
selected(struct terminal *t)
{
    int best = 20, found = 0;
    for (int row = 1; row < t->rows - 2; row++) {
        int n = 0;
        for (int col = 0; col < t->cols; col++) {
            VTermScreenCell cell;
            if (vterm_screen_get_cell(t->screen, (VTermPos){row, col}, &cell))
                n += cell.attrs.reverse || !VTERM_COLOR_IS_DEFAULT_BG(&cell.bg);
        }
        if (n > best) {
            best = n;
            found = row;
        }
    }
    if (!found)
        return 0;
    size_t len = vterm_screen_get_text(t->screen, t->text, t->text_size - 1, (VTermRect){found, found + 1, 0, t->cols});
    uint64_t sum = (uint64_t)found;
    for (size_t i = 0; i < len; i++)
        sum = sum * 1099511628211u + (unsigned char)t->text[i];
    return sum;
}

/* ---- commands */

static void
start(struct terminal *t, char **argv)
{
    struct winsize size = {.ws_col = (unsigned short)t->cols, .ws_row = (unsigned short)t->rows};
    uint64_t at = now();
    t->pid = forkpty(&t->fd, NULL, NULL, &size);
    if (t->pid < 0) {
        perror("forkpty");
        exit(1);
    }
    if (t->pid == 0) {
        (void)execvp(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    (void)fcntl(t->fd, F_SETFD, FD_CLOEXEC);
    printf("ok %llu %d\n", (unsigned long long)at, (int)t->pid);
}

static void
wait_for(struct terminal *t, int ms, const char *pattern, bool there)
{
    regex_t re;
    uint64_t end = now() + (uint64_t)ms * 1000;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB)) {
        printf("bad pattern\n");
        return;
    }
    for (;;) {
        if ((regexec(&re, screen_text(t), 0, NULL, 0) == 0) == there) {
            printf("ok %llu\n", (unsigned long long)t->last);
            break;
        }
        if (t->ended || now() >= end) {
            puts(t->ended ? "end" : "late");
            break;
        }
        (void)take(t, end);
    }
    regfree(&re);
}

static size_t
from_hex(const char *hex, char *out, size_t most)
{
    size_t n = 0;
    unsigned byte;
    while (n < most && sscanf(hex + 2 * n, "%2x", &byte) == 1)
        out[n++] = (char)byte;
    return n;
}

static void
keys(struct terminal *t, const char *hex, int count, int quiet, int ms, bool by_row)
{
    char data[256];
    size_t len = from_hex(hex, data, sizeof data);
    printf("ok");
    for (int i = 0; i < count && !t->ended; i++) {
        while (take(t, now()))
            ;
        uint64_t before = by_row ? selected(t) : 0, first = 0, changed = 0, bytes = t->bytes, sent = now(), end = sent + (uint64_t)ms * 1000;
        write_all(t->fd, data, len);
        uint64_t until = end;
        while (now() < until && !t->ended) {
            t->damaged = false;
            if (!take(t, until))
                continue;
            if (!first)
                first = t->last;
            if (by_row && !changed && selected(t) != before)
                changed = t->last;
            if (!by_row && t->damaged)
                changed = t->last;
            if (changed || !by_row)
                until = t->last + (uint64_t)quiet * 1000 < end ? t->last + (uint64_t)quiet * 1000 : end;
        }
        printf(" %lld,%lld,%llu,%d", first ? (long long)(first - sent) : -1, changed ? (long long)(changed - sent) : -1,
               (unsigned long long)(t->bytes - bytes), changed != 0);
    }
    printf("\n");
}

static void
settle(struct terminal *t, int quiet, int ms)
{
    uint64_t end = now() + (uint64_t)ms * 1000, until = now() + (uint64_t)quiet * 1000;
    while (now() < until && now() < end && !t->ended)
        if (take(t, until))
            until = now() + (uint64_t)quiet * 1000;
    printf("ok %llu\n", (unsigned long long)t->last);
}

static void
wait_end(struct terminal *t, int ms)
{
    uint64_t end = now() + (uint64_t)ms * 1000;
    int status = 0;
    while (!t->ended && now() < end)
        (void)take(t, end);
    uint64_t at = now();
    while (t->ended && now() < end) {
        if (waitpid(t->pid, &status, WNOHANG) == t->pid) {
            t->pid = 0;
            printf("ok %llu %d\n", (unsigned long long)at, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
            return;
        }
        (void)usleep(100);
    }
    puts("late");
}

static void
command(struct terminal *t, char *line, char **argv)
{
    char hex[600] = "", mode[8] = "";
    int a = 0, b = 0, c = 0, skip = 0;
    if (strcmp(line, "start") == 0)
        start(t, argv);
    else if (sscanf(line, "wait %d %n", &a, &skip) == 1 && skip)
        wait_for(t, a, line + skip, true);
    else if (sscanf(line, "gone %d %n", &a, &skip) == 1 && skip)
        wait_for(t, a, line + skip, false);
    else if (sscanf(line, "keys %599s %d %d %d %7s", hex, &a, &b, &c, mode) >= 4)
        keys(t, hex, a, b, c, *mode != 0);
    else if (sscanf(line, "settle %d %d", &a, &b) == 2)
        settle(t, a, b);
    else if (sscanf(line, "end %d", &a) == 1)
        wait_end(t, a);
    else if (strcmp(line, "bytes") == 0)
        printf("ok %llu\n", (unsigned long long)t->bytes);
    else if (strcmp(line, "screen") == 0)
        printf("%s.\n", screen_text(t));
    else if (sscanf(line, "send %599s", hex) == 1) {
        char data[300];
        size_t len = from_hex(hex, data, sizeof data);
        uint64_t at = now();
        write_all(t->fd, data, len);
        printf("ok %llu\n", (unsigned long long)at);
    } else
        puts("what?");
}

int
main(int argc, char **argv)
{
    struct terminal t = {.fd = -1};
    static const VTermScreenCallbacks callbacks = {.damage = on_damage, .moverect = on_move};
    char in[4096];
    size_t have = 0;
    if (argc < 3 || sscanf(argv[1], "%dx%d", &t.cols, &t.rows) != 2 || t.cols < 1 || t.rows < 1) {
        fputs("usage: ptydrive COLUMNSxROWS PROGRAM ARGUMENT...\n", stderr);
        return 64;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    t.vt = vterm_new(t.rows, t.cols);
    vterm_set_utf8(t.vt, 1);
    t.screen = vterm_obtain_screen(t.vt);
    vterm_screen_set_callbacks(t.screen, &callbacks, &t);
    vterm_screen_enable_altscreen(t.screen, 1);
    vterm_screen_set_damage_merge(t.screen, VTERM_DAMAGE_SCREEN);
    vterm_screen_reset(t.screen, 1);
    t.text_size = (size_t)t.rows * (size_t)(t.cols * 24 + 2) + 16;
    t.text = calloc(1, t.text_size);
    if (!t.text)
        return 1;
    for (;;) { /* the terminal goes on while no command comes: a program that writes must not wait for us */
        struct pollfd p[2] = {{.fd = 0, .events = POLLIN}, {.fd = t.ended ? -1 : t.fd, .events = POLLIN}};
        (void)poll(p, 2, -1);
        if (p[1].revents)
            (void)take(&t, now());
        if (!p[0].revents)
            continue;
        ssize_t n = read(0, in + have, sizeof in - have - 1);
        if (n <= 0)
            break;
        have += (size_t)n;
        in[have] = 0;
        for (char *end; (end = strchr(in, '\n')); have = strlen(in)) {
            *end = 0;
            command(&t, in, argv + 2);
            (void)fflush(stdout);
            memmove(in, end + 1, strlen(end + 1) + 1);
        }
    }
    if (t.pid > 0)
        (void)kill(t.pid, SIGHUP);
    vterm_free(t.vt);
    free(t.text);
    return 0;
}
