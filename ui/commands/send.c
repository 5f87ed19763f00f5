/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost send: takes a message as sendmail does (git send-email, cron, scripts) and puts it into the outbox; the same policies
   and the same outbox as on the screens. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "options.h"

#define MAX_RECIPIENTS 1000
#define ANSWER_MS 60000

static int
usage(void)
{
    say_error(_("sealpost send [-t] [-i] [-f ADDRESS] [ADDRESS...] < MESSAGE\n"
                "          -t  also take the recipients from To, Cc and Bcc\n"
                "          -f  the sender (one of your addresses, or From is one)"));
    return EX_USAGE;
}

/* Options that sendmail's callers give and that change nothing here are taken and passed over: -i -oi -em -N ... Those that ask for
   another job than sending (-bs, -bp, -bi, -q) are refused. */
static int
read_options(int argc, char **argv, struct wm_submit *m)
{
    int option;
    while ((option = getopt(argc, argv, "tif:r:F:o:N:R:V:X:L:B:C:O:p:h:e:b:q:nmvUGs")) != -1) {
        if (option == 't')
            m->from_header = 1;
        else if (option == 'f' || option == 'r')
            m->sender = optarg;
        else if (option == '?' || option == 'q' || (option == 'b' && strcmp(optarg, "m") != 0))
            return usage();
    }
    return EX_OK;
}

static int
submit(struct session_client *s, const struct wm_submit *m)
{
    struct arena a = ARENA_INIT;
    struct wire_in in;
    const char *text;
    int code = EX_OK;
    enum sp_status st = sp_ask(s->client, WM_TYPE_submit, m, ANSWER_MS, &a, &in, &text);
    if (st) {
        code = st == SP_NOT_FOUND ? EX_CONFIG : exit_status(st);
        if (st == SP_NOT_FOUND)
            say_error(_("no account in the configuration can send this; set the sender with -f"));
        else
            say_error("%s%s%s", say_status(st), *text ? ": " : "", text);
    }
    wire_in_close(&in);
    arena_release(&a);
    return code;
}

int
command_send(struct place *place, int argc, char **argv)
{
    struct session_client s;
    struct wr_text recipients[MAX_RECIPIENTS];
    struct wm_submit m = {.recipients = recipients};
    int code = read_options(argc, argv, &m);
    if (code)
        return code;
    for (int i = optind; i < argc; i++) {
        if (m.recipients_n == MAX_RECIPIENTS)
            return usage();
        recipients[m.recipients_n++].text = argv[i];
    }
    if (!m.recipients_n && !m.from_header)
        return usage();
    if (!config_is_good(place))
        return EX_CONFIG;
    m.message = open_input("-");
    if (m.message < 0)
        return EX_NOINPUT;
    enum sp_status st = session_begin(&s, place, "send");
    if (!st)
        st = store_ready(s.client, &s.welcome, -1, true);
    if (st) {
        say_error(_("the message was not taken: %s"), say_status(st));
        code = exit_status(st);
    } else {
        code = submit(&s, &m);
    }
    session_end(&s);
    (void)close(m.message);
    return code;
}
