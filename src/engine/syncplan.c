/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a synchronisation has to do: one pass over two ascending lists. */
#include "syncplan.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CHUNK 64
#define CHUNK 1000
#define MAX_GROWTH 1000

/* ---- folders */

bool
syncplan_must_open(const struct store_folder *known, const struct wr_imap_state *state, bool thorough)
{
    if (!state->told || known->uidvalidity != state->uidvalidity || known->uidnext != state->uidnext || known->total != state->exists)
        return true;
    if (known->highestmodseq && state->highestmodseq)
        return known->highestmodseq != state->highestmodseq;
    return thorough || known->unread != state->unseen;
}

static int
rank(const struct store_folder *f, uint64_t screen)
{
    if (f->role == SP_FOLDER_INBOX)
        return 0;
    if (f->id == screen)
        return 1;
    return f->role == SP_FOLDER_ALL || f->role == SP_FOLDER_FLAGGED ? 4 : f->watched ? 2 : 3;
}

void
syncplan_order(struct store_folder *folders, size_t n, uint64_t screen)
{
    for (size_t i = 1; i < n; i++) { /* stable; a few thousand at most, nearly in order */
        struct store_folder f = folders[i];
        size_t k = i;
        for (; k > 0 && rank(&folders[k - 1], screen) > rank(&f, screen); k--)
            folders[k] = folders[k - 1];
        folders[k] = f;
    }
}

const struct store_folder *
syncplan_renamed(const struct store_folder *vanished, size_t n, const struct wr_imap_state *now)
{
    const struct store_folder *found = NULL;
    for (size_t i = 0; now->told && i < n; i++) {
        if (!vanished[i].uidvalidity || vanished[i].uidvalidity != now->uidvalidity || now->uidnext < vanished[i].uidnext)
            continue;
        if (found)
            return NULL; /* made in the same second: which is which cannot be told */
        found = &vanished[i];
    }
    return found;
}

/* ---- one folder */

enum syncplan_need
syncplan_need(const struct store_folder *known, uint32_t coming, const struct wm_imap_selected *now)
{
    if (known->uidvalidity != now->uidvalidity)
        return known->uidvalidity ? SYNCPLAN_RESET : SYNCPLAN_COMPARE;
    if (syncplan_flags_unchanged(known, now) && now->uidnext && known->uidnext == now->uidnext && known->total == now->exists + coming)
        return SYNCPLAN_NOTHING;
    if (now->resynced && known->uidnext && known->highestmodseq)
        return SYNCPLAN_RESYNCED;
    if (known->highestmodseq && now->highestmodseq && known->uidnext && now->uidnext >= known->uidnext &&
        now->uidnext - known->uidnext <= MAX_GROWTH)
        return SYNCPLAN_GROWN;
    return SYNCPLAN_COMPARE;
}

enum sp_status
syncplan_grown(const struct store_folder *known, const struct wm_imap_selected *now, struct syncplan *out)
{
    *out = (struct syncplan){.fetch_n = now->uidnext - known->uidnext};
    out->fetch = calloc(out->fetch_n + 1, sizeof(uint32_t));
    if (!out->fetch)
        return SP_NOMEM;
    for (size_t i = 0; i < out->fetch_n; i++)
        out->fetch[i] = now->uidnext - 1 - (uint32_t)i;
    return SP_OK;
}

bool
syncplan_find(const struct store_uid *local, size_t n, uint32_t uid, uint32_t *flags)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (local[middle].uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == n || local[low].uid != uid)
        return false;
    *flags = local[low].flags;
    return true;
}

bool
syncplan_flags_unchanged(const struct store_folder *known, const struct wm_imap_selected *now)
{
    return now->highestmodseq && known->highestmodseq == now->highestmodseq && known->uidvalidity == now->uidvalidity;
}

enum sp_status
syncplan_check(struct wire_blob server)
{
    uint32_t last = 0;
    if (server.len % sizeof last)
        return SP_PROTOCOL;
    for (size_t i = 0; i < server.len / sizeof last; i++) {
        uint32_t uid;
        memcpy(&uid, (const char *)server.data + i * sizeof uid, sizeof uid);
        if (uid <= last)
            return SP_PROTOCOL;
        last = uid;
    }
    return SP_OK;
}

static void
reverse(uint32_t *uids, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        uint32_t t = uids[i];
        uids[i] = uids[n - 1 - i];
        uids[n - 1 - i] = t;
    }
}

enum sp_status
syncplan_make(const struct store_uid *local, size_t local_n, struct wire_blob server, struct syncplan *out)
{
    size_t server_n = server.len / sizeof(uint32_t), i = 0, j = 0;
    *out = (struct syncplan){0};
    enum sp_status st = syncplan_check(server);
    if (st)
        return st;
    out->fetch = calloc(server_n + 1, sizeof(uint32_t));
    out->gone = calloc(local_n + 1, sizeof(uint32_t));
    out->both = calloc((server_n < local_n ? server_n : local_n) + 1, sizeof(uint32_t));
    if (!out->fetch || !out->gone || !out->both) {
        syncplan_release(out);
        return SP_NOMEM;
    }
    while (i < local_n || j < server_n) {
        uint32_t here = 0, there = 0;
        if (i < local_n && local[i].uid == 0) {
            i++;
            continue;
        }
        if (i < local_n)
            here = local[i].uid;
        if (j < server_n)
            memcpy(&there, (const char *)server.data + j * sizeof there, sizeof there);
        if (here && there && here == there) {
            out->both[out->both_n++] = here;
            i++;
            j++;
        } else if (here && (!there || here < there)) {
            out->gone[out->gone_n++] = here;
            i++;
        } else {
            out->fetch[out->fetch_n++] = there;
            j++;
        }
    }
    reverse(out->fetch, out->fetch_n);
    return SP_OK;
}

void
syncplan_release(struct syncplan *p)
{
    free(p->fetch);
    free(p->gone);
    free(p->both);
    *p = (struct syncplan){0};
}

static uint32_t
uid_at(struct wire_blob server, size_t i)
{
    uint32_t uid;
    memcpy(&uid, (const char *)server.data + i * sizeof uid, sizeof uid);
    return uid;
}

struct wire_blob
syncplan_window(struct wire_blob server, uint32_t upto, const struct store_uid *local, size_t *local_n, size_t cap, size_t size, uint32_t *down)
{
    size_t n = server.len / sizeof(uint32_t), low = 0, high = n;
    while (low < high) { /* how many are not above upto */
        size_t middle = low + (high - low) / 2;
        if (uid_at(server, middle) <= upto)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low, begin = end > size ? end - size : 0;
    uint32_t floor = begin ? uid_at(server, begin) - 1 : 0;
    if (*local_n == cap && local[cap - 1].uid - 1 > floor) /* more are here than there: the window is as far as we see */
        floor = local[cap - 1].uid - 1;
    while (begin < end && uid_at(server, begin) <= floor)
        begin++;
    while (*local_n && local[*local_n - 1].uid <= floor)
        --*local_n;
    *down = floor;
    return (struct wire_blob){(const char *)server.data + begin * sizeof(uint32_t), (end - begin) * sizeof(uint32_t)};
}

size_t
syncplan_chunk(const struct syncplan *p, size_t at)
{
    size_t left = p->fetch_n - at, want = at == 0 ? FIRST_CHUNK : CHUNK;
    return left < want ? left : want;
}

void
syncplan_uid_set(struct buf *b, const uint32_t *uids, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        bool down = end < n && uids[end] + 1 == uids[end - 1];
        bool up = end < n && uids[end] == uids[end - 1] + 1;
        while (end < n && ((down && uids[end] + 1 == uids[end - 1]) || (up && uids[end] == uids[end - 1] + 1)))
            end++;
        uint32_t low = down ? uids[end - 1] : uids[i], high = down ? uids[i] : uids[end - 1];
        buf_addf(b, "%s%lu", i ? "," : "", (unsigned long)low);
        if (high != low)
            buf_addf(b, ":%lu", (unsigned long)high);
        i = end;
    }
}
