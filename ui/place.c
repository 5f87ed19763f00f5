/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Remembering and finding the place again. Told as lines: "FOLDER SPOT", "search SCOPE SPOT QUERY", "message ID TOP", where a spot is
   "SORT ID LINE" of the row under the cursor. */
#include "place.h"

#include <stdio.h>
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

static void
take_line(struct place *p, const char *line, size_t len)
{
    unsigned long long scope, id, top;
    long long sort;
    int at = 0, row;
    struct buf text = BUF_INIT;
    buf_add(&text, line, len);
    const char *s = buf_str(&text);
    if (sscanf(s, "search %llu %lld %llu %d %n", &scope, &sort, &id, &row, &at) == 4 && at && s[at]) {
        free(p->query);
        p->query = strdup(s + at);
        p->scope = scope;
        p->spot = (struct index_spot){.sort = sort, .id = id, .line = row};
    } else if (sscanf(s, "message %llu %llu", &id, &top) == 2) {
        p->message = id;
        p->top = top;
    }
    buf_release(&text);
}

bool
place_restore(struct app *a, struct index *x, const char *value)
{
    struct place *p = a->place;
    struct index_spot spot = {0};
    unsigned long long folder = 0, id = 0;
    long long sort = 0;
    int n = sscanf(value, "%llu %lld %llu %d", &folder, &sort, &id, &spot.line);
    if (!p)
        return false;
    p->known = p->restoring = true;
    if (n < 1 || !app_folder(a, folder))
        return false;
    buf_adds(&p->told, value);
    spot.sort = sort;
    spot.id = id;
    for (const char *line = strchr(value, '\n'); line; line = strchr(line + 1, '\n'))
        take_line(p, line + 1, strcspn(line + 1, "\n"));
    index_show_at(a, x, folder, n == 4 ? &spot : NULL);
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
