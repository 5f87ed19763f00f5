/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What both protocols share: addresses, growing lists, mapped inputs, bounded outputs. */
#include "keys.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

void *
keys_grow(struct arena *arena, void *list, uint32_t n, size_t size)
{
    if (n & (n - 1) || (n == 0 && list))
        return list; /* room is made at powers of two only */
    void *bigger = arena_array(arena, n ? (size_t)n * 2 : 1, size);
    if (bigger && n)
        memcpy(bigger, list, n * size);
    return bigger;
}

bool
keys_add_text(struct arena *arena, struct wr_text **list, uint32_t *n, const char *text)
{
    for (uint32_t i = 0; i < *n; i++)
        if (strcmp((*list)[i].text, text) == 0)
            return true;
    struct wr_text *grown = keys_grow(arena, *list, *n, sizeof *grown);
    const char *copy = arena_strdup(arena, text);
    if (!grown || !copy)
        return false;
    *list = grown;
    grown[(*n)++].text = copy;
    return true;
}

/* RFC 5321 section 4.1.2 without quoted strings and address literals: what a key can reasonably bind. UTF-8 is let through. */
static bool
is_addr_spec(const char *s, size_t len)
{
    const char *at = memchr(s, '@', len);
    if (!at || at == s || at == s + len - 1 || len > 320)
        return false;
    size_t local = (size_t)(at - s);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c <= ' ' || c == 0x7f || strchr("()<>[]:;,\\\"", c))
            return false;
        if (c == '@' && i != local)
            return false;
        if (c == '.' && (i + 1 == len || s[i + 1] == '.' || i == local + 1))
            return false;
    }
    return true;
}

char *
keys_address(struct arena *arena, const char *text, size_t len)
{
    if (!is_addr_spec(text, len))
        return arena_strdup(arena, "");
    char *out = arena_strndup(arena, text, len);
    for (char *p = out ? strchr(out, '@') : NULL; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + 'a' - 'A');
    return out;
}

char *
keys_user_id_address(struct arena *arena, const char *user_id)
{
    const char *open = strchr(user_id, '<');
    if (!open)
        return strchr(user_id, '>') ? arena_strdup(arena, "") : keys_address(arena, user_id, strlen(user_id));
    const char *close = strchr(open, '>');
    /* Two pairs of brackets, or text behind the address: whoever certified it may have read it differently. */
    if (!close || close[1] != '\0' || strchr(open + 1, '<'))
        return arena_strdup(arena, "");
    return keys_address(arena, open + 1, (size_t)(close - open - 1));
}

bool
keys_same_address(const char *a, const char *b)
{
    return *a && strcasecmp(a, b) == 0;
}

char *
keys_hex(struct arena *arena, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    char *out = arena_array(arena, len * 2 + 1, 1);
    for (size_t i = 0; out && i < len; i++) {
        out[i * 2] = "0123456789ABCDEF"[b[i] >> 4];
        out[i * 2 + 1] = "0123456789ABCDEF"[b[i] & 15];
    }
    return out;
}

enum sp_status
keys_read_passphrase(int fd, struct secret *out)
{
    if (fd <= 0)
        return SP_PASSPHRASE_NEEDED;
    enum sp_status st = secret_read_fd(out, fd, KEYS_MAX_PASSPHRASE);
    if (st)
        return st;
    if (out->len && out->data[out->len - 1] == '\n')
        out->data[--out->len] = 0;
    if (out->len && out->data[out->len - 1] == '\r')
        out->data[--out->len] = 0;
    return SP_OK;
}

int64_t
keys_now(int64_t asked)
{
    return asked ? asked : (int64_t)time(NULL);
}

/* ---- inputs */

enum sp_status
keys_input_open(struct keys_input *in, int fd)
{
    enum sp_status st = memfd_map(fd, KEYS_MAX_DATA, &in->map);
    in->data = in->map.data;
    in->len = in->map.len;
    return st;
}

static void
canonical_lines(struct buf *out, const char *s, size_t len)
{
    size_t from = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] != '\n' || (i > 0 && s[i - 1] == '\r'))
            continue;
        buf_add(out, s + from, i - from);
        buf_adds(out, "\r\n");
        from = i + 1;
    }
    buf_add(out, s + from, len - from);
}

enum sp_status
keys_input_range(struct keys_input *in, int fd, uint64_t offset, uint64_t length, bool canonical)
{
    enum sp_status st = keys_input_open(in, fd);
    if (st)
        return st;
    if (offset > in->map.len || length > in->map.len - offset)
        return SP_INVALID;
    in->data = in->map.data + offset;
    in->len = (size_t)length;
    if (!canonical)
        return SP_OK;
    canonical_lines(&in->canon, in->data, in->len);
    in->data = buf_str(&in->canon);
    in->len = in->canon.len;
    return buf_status(&in->canon);
}

void
keys_input_release(struct keys_input *in)
{
    memfd_unmap(&in->map);
    buf_release(&in->canon);
    in->data = "";
    in->len = 0;
}

enum sp_status
keys_read_any(int fd, size_t max, struct buf *out)
{
    struct memfd_map map;
    enum sp_status st = memfd_map(fd, max, &map);
    if (st == SP_INVALID) { /* an ordinary file, or a pipe that cannot seek */
        (void)lseek(fd, 0, SEEK_SET);
        return buf_read_fd(out, fd, max);
    }
    if (st)
        return st;
    buf_add(out, map.data, map.len);
    memfd_unmap(&map);
    return buf_status(out);
}

/* ---- outputs */

enum sp_status
keys_sink_open(struct keys_sink *s)
{
    *s = (struct keys_sink){.fd = -1, .max = KEYS_MAX_DATA};
    s->status = memfd_open(&s->fd);
    return s->status;
}

enum sp_status
keys_sink_write(struct keys_sink *s, const void *bytes, size_t len)
{
    const char *at = bytes;
    if (!s->status && len > s->max - s->len)
        s->status = SP_TOO_LARGE;
    while (!s->status && len) {
        ssize_t n = write(s->fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            s->status = SP_IO;
            break;
        }
        at += n;
        len -= (size_t)n;
        s->len += (size_t)n;
    }
    return s->status;
}

enum sp_status
keys_sink_take(struct keys_sink *s, int *fd)
{
    if (!s->status)
        s->status = memfd_seal(s->fd);
    if (s->status)
        return s->status;
    *fd = s->fd;
    s->fd = -1;
    return SP_OK;
}

void
keys_sink_drop(struct keys_sink *s)
{
    if (s->fd > 0)
        (void)close(s->fd);
    s->fd = -1;
}
