/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Typed address lists. */
#include "addresses.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"

#define MAX_ADDRESSES 1000u

static bool
local_part_ok(const char *s, size_t len)
{
    if (len == 0 || len > 64 || s[0] == '.' || s[len - 1] == '.')
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (!isalnum(c) && !strchr("!#$%&'*+-/=?^_`{|}~.", c))
            return false;
        if (c == '.' && s[i - 1] == '.')
            return false;
    }
    return true;
}

static bool
domain_ok(const char *s)
{
    size_t label = 0, len = strlen(s);
    if (len == 0 || len > 253 || !utf8_valid(s, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '.') {
            if (label == 0 || s[i - 1] == '-')
                return false;
            label = 0;
        } else {
            if (!(isalnum(c) || c >= 0x80 || (c == '-' && label)) || ++label > 63)
                return false;
        }
    }
    return label > 0 && s[len - 1] != '-';
}

bool
mime_address_valid(const char *address)
{
    const char *at = strrchr(address, '@');
    return at && local_part_ok(address, (size_t)(at - address)) && domain_ok(at + 1);
}

/* Length of the first entry of a list: up to a comma or semicolon outside quotes, comments and angle brackets. */
static size_t
entry_length(const char *s)
{
    int comment = 0;
    bool quoted = false, angle = false;
    size_t i = 0;
    for (; s[i]; i++) {
        if (s[i] == '\\' && s[i + 1] && (quoted || comment))
            i++;
        else if (s[i] == '"' && !comment)
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (s[i] == '(')
            comment++;
        else if (s[i] == ')' && comment)
            comment--;
        else if (s[i] == '<' || s[i] == '>')
            angle = s[i] == '<';
        else if ((s[i] == ',' || s[i] == ';' || s[i] == '\n') && !comment && !angle)
            break;
    }
    return i;
}

size_t
mime_address_entries(const char *text)
{
    size_t count = 0;
    while (*text) {
        size_t n = entry_length(text);
        count += strspn(text, " \t\r") < n;
        text += n + (text[n] != '\0');
    }
    return count;
}

struct entry {
    struct arena *arena;
    struct wr_mailbox box;
    size_t n;
};

static void
take(const struct value_mailbox *m, void *arg)
{
    struct entry *e = arg;
    if (e->n++)
        return;
    e->box.name = arena_strdup(e->arena, m->name);
    e->box.address = arena_strdup(e->arena, m->address);
    e->box.display = arena_strdup(e->arena, m->display);
}

enum sp_status
mime_addresses(struct mime_tools *tools, const char *text, struct arena *arena, struct wm_addresses *out)
{
    struct buf rest = BUF_INIT;
    enum sp_status st = SP_OK;

    *out = (struct wm_addresses){.valid = 1};
    out->mailboxes = arena_array(arena, MAX_ADDRESSES, sizeof *out->mailboxes);
    if (!out->mailboxes)
        return SP_NOMEM;
    while (*text && !st) {
        size_t n = entry_length(text), skip = strspn(text, " \t\r");
        if (skip < n) {
            struct entry e = {.arena = arena};
            (void)value_mailboxes(tools->options, text, n, 2, take, &e);
            bool group = memchr(text, ':', n) && e.n == 0;
            if (e.n == 1 && e.box.address && mime_address_valid(e.box.address) && out->mailboxes_n < MAX_ADDRESSES) {
                out->mailboxes[out->mailboxes_n++] = e.box;
            } else if (!group || strncasecmp(text + skip, "undisclosed", 11) != 0) {
                buf_adds(&rest, rest.len ? ", " : "");
                buf_add(&rest, text + skip, n - skip);
                out->valid = 0;
            }
        }
        text += n + (text[n] != '\0');
    }
    out->rest = arena_strdup(arena, buf_str(&rest));
    if (!out->rest || rest.failed)
        st = SP_NOMEM;
    buf_release(&rest);
    return st;
}
