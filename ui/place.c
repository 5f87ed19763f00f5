/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Remembering and finding the place again. Told as lines: "FOLDER SPOT", "search SCOPE SPOT QUERY", "message ID TOP", where a spot is
   "SORT ID LINE" of the row under the cursor. */
#include "place.h"

#include <stdlib.h>
#include <string.h>

#include "i18n.h"

#define QUIET_MS 400  /* without a change, until the engine is told: it writes to a disk */
#define MOST_MS 3000  /* however much happens */

struct place {
    struct buf told;           /* what the engine knows */
    struct buf now;
    struct loop_timer *timer;
    int64_t since_ms;          /* of the first change that was not told; 0: none */
    bool known;                /* it was asked what it remembers: from now on it may be told */
    bool restoring;
    /* what still comes */
    char *query;
    uint64_t scope, message, top;
    struct index_spot spot;
};

struct place *
place_new(void)
{
    return calloc(1, sizeof(struct place));
}

static void
add_spot(const struct index *x, struct buf *out)
{
    struct index_spot s;
    index_spot_now(x, &s);
    buf_addf(out, "%lld %llu %d", (long long)s.sort, (unsigned long long)s.id, s.line);
}

static void
describe(struct app *a, struct buf *out)
{
    const struct index *x = (struct index *)app_find(a, V_INDEX), *found = (struct index *)app_find(a, V_SEARCH);
    uint64_t message, top;
    buf_clear(out);
    if (!x || !x->folder)
        return;
    buf_addf(out, "%llu ", (unsigned long long)x->folder);
    add_spot(x, out);
    if (found) {
        buf_addf(out, "\nsearch %llu ", (unsigned long long)found->search->scope);
        add_spot(found, out);
        buf_addf(out, " %s", found->search->query);
    }
    if (view_message_place(a, &message, &top))
        buf_addf(out, "\nmessage %llu %llu", (unsigned long long)message, (unsigned long long)top);
}

static void
tell(struct app *a)
{
    struct place *p = a->place;
    p->since_ms = 0;
    if (!a->client || !p->now.len || strcmp(buf_str(&p->now), buf_str(&p->told)) == 0)
        return;
    app_tell(a, WM_TYPE_set_state, &(struct wm_set_state){.name = "ui.folder", .value = buf_str(&p->now)});
    buf_clear(&p->told);
    buf_adds(&p->told, buf_str(&p->now));
}

static void
on_timer(struct loop *l, void *arg)
{
    struct app *a = arg;
    (void)l;
    a->place->timer = NULL;
    tell(a);
}

void
place_note(struct app *a)
{
    struct place *p = a->place;
    struct buf before = BUF_INIT;
    if (!p || !p->known || p->restoring)
        return;
    before = p->now;
    buf_init(&p->now);
    describe(a, &p->now);
    bool same = strcmp(buf_str(&before), buf_str(&p->now)) == 0;
    buf_release(&before);
    if (same)
        return;
    int64_t now = loop_now_ms(), left;
    p->since_ms = p->since_ms ? p->since_ms : now;
    left = p->since_ms + MOST_MS - now;
    if (p->timer)
        loop_timer_remove(p->timer);
    p->timer = loop_timer_add(a->loop, (int)(left < 0 ? 0 : left < QUIET_MS ? left : QUIET_MS), on_timer, a);
}

void
place_free(struct app *a)
{
    struct place *p = a->place;
    if (!p)
        return;
    if (p->timer)
        loop_timer_remove(p->timer);
    if (p->known && !p->restoring)
        tell(a);
    buf_release(&p->told);
    buf_release(&p->now);
    free(p->query);
    free(p);
    a->place = NULL;
}

/* ---- and back */

/* Up to n numbers, each behind a blank or the beginning; returns how many there were. */
static size_t
numbers(const char **at, int64_t *out, size_t n)
{
    size_t got = 0;
    while (got < n) {
        char *end;
        const char *from = *at + (**at == ' ');
        out[got] = strtoll(from, &end, 10);
        if (end == from)
            break;
        *at = end;
        got++;
    }
    return got;
}

static const char *
behind(const char *line, const char *word)
{
    size_t len = strlen(word);
    return strncmp(line, word, len) == 0 ? line + len : NULL;
}

static void
take_line(struct place *p, const char *line)
{
    int64_t n[4];
    const char *at = behind(line, "search ");
    if (at && numbers(&at, n, 4) == 4 && *at == ' ') {
        free(p->query);
        p->query = strndup(at + 1, strcspn(at + 1, "\n"));
        p->scope = (uint64_t)n[0];
        p->spot = (struct index_spot){.sort = n[1], .id = (uint64_t)n[2], .line = (int)n[3]};
    } else if ((at = behind(line, "message ")) && numbers(&at, n, 2) == 2) {
        p->message = (uint64_t)n[0];
        p->top = (uint64_t)n[1];
    }
}

bool
place_restore(struct app *a, struct index *x, const char *value)
{
    struct place *p = a->place;
    const char *at = value;
    int64_t n[4] = {0};
    size_t got = numbers(&at, n, 4);
    if (!p)
        return false;
    p->known = p->restoring = true;
    if (got < 1 || !app_folder(a, (uint64_t)n[0]))
        return false;
    buf_adds(&p->told, value);
    for (const char *line = strchr(value, '\n'); line; line = strchr(line + 1, '\n'))
        take_line(p, line + 1);
    const struct index_spot spot = {.sort = n[1], .id = (uint64_t)n[2], .line = (int)n[3]};
    index_show_at(a, x, (uint64_t)n[0], got == 4 ? &spot : NULL);
    return true;
}

void
place_go_on(struct app *a)
{
    struct place *p = a->place;
    if (!p || !p->restoring)
        return;
    p->known = true;
    char *query = p->query;
    uint64_t message = p->message;
    p->query = NULL;
    p->message = query ? p->message : 0;
    if (query) {
        search_again(a, query, p->scope, &p->spot);
        free(query);
        return;
    }
    p->restoring = false;
    if (message)
        view_message_open_at(a, message, p->top);
    compose_resume(a);
}
