/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Header blocks to summaries, typed address lists, and header fields built from any text: what is built reads back as one field. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mime/addresses.h"
#include "mime/build.h"
#include "mime/headers.h"
#include "mime/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mime_tools *
tools(void)
{
    static struct mime_tools shared;
    static bool ready;
    if (!ready && mime_tools_init(&shared) != SP_OK)
        abort();
    ready = true;
    return &shared;
}

static void
check(const char *s)
{
    if (s && !utf8_valid(s, strlen(s)))
        abort();
}

static void
summary(const char *bytes, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct wr_header_summary s = {.tag = 1};
    if (mime_summary(tools(), bytes, size, &arena, &s) != SP_OK)
        abort();
    check(s.from_name);
    check(s.from_address);
    check(s.to);
    check(s.subject);
    check(s.message_id);
    check(s.references);
    arena_release(&arena);
}

static void
typed(const char *text)
{
    struct arena arena = ARENA_INIT;
    struct wm_addresses out;
    if (mime_addresses(tools(), text, &arena, &out) != SP_OK)
        abort();
    for (uint32_t i = 0; i < out.mailboxes_n; i++)
        if (!mime_address_valid(out.mailboxes[i].address))
            abort();
    arena_release(&arena);
}

/* One field goes in, one field comes out: nothing in a value can start another line (S54). */
static void
built(const char *name, const char *value)
{
    struct buf out = BUF_INIT;
    struct scan s;
    if (build_header(tools(), &out, name, value) == SP_OK) {
        scan_init(&s, out.data, out.len, tools()->options, NULL);
        if (scan_headers(&s) != SP_OK || scan_at(&s, 0)->n_fields != 1 || scan_at(&s, 0)->body_len != 0)
            abort();
        scan_release(&s);
    }
    buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    summary(text, size);
    typed(text);
    built("Subject", text);
    built("To", text);
    built("References", text);
    free(text);
    return 0;
}
