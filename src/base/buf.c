/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing byte buffer. */
#include "buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
buf_init(struct buf *b)
{
    *b = (struct buf)BUF_INIT;
}

void
buf_release(struct buf *b)
{
    free(b->data);
    buf_init(b);
}

void
buf_release_wiped(struct buf *b)
{
    if (b->data)
        explicit_bzero(b->data, b->cap);
    buf_release(b);
}

void
buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

char *
buf_reserve(struct buf *b, size_t len)
{
    if (b->failed)
        return NULL;
    if (len > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) {
        b->failed = true;
        return NULL;
    }
    size_t need = b->len + len + 1;
    if (need > b->cap) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap < need)
            cap *= 2;
        char *data = realloc(b->data, cap);
        if (!data) {
            b->failed = true;
            return NULL;
        }
        b->data = data;
        b->cap = cap;
        b->data[b->len] = '\0'; /* also when nothing follows: an empty file leaves a buffer that was only reserved */
    }
    return b->data + b->len;
}

void
buf_grown(struct buf *b, size_t len)
{
    b->len += len;
    b->data[b->len] = '\0';
}

void
buf_add(struct buf *b, const void *bytes, size_t len)
{
    char *to = buf_reserve(b, len);
    if (!to)
        return;
    if (len)
        memcpy(to, bytes, len);
    buf_grown(b, len);
}

void
buf_addc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void
buf_adds(struct buf *b, const char *s)
{
    if (s)
        buf_add(b, s, strlen(s));
}

void
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0) {
        b->failed = true;
    } else {
        char *to = buf_reserve(b, (size_t)n);
        if (to) {
            (void)vsnprintf(to, (size_t)n + 1, fmt, again);
            buf_grown(b, (size_t)n);
        }
    }
    va_end(again);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vaddf(b, fmt, ap);
    va_end(ap);
}

void
buf_drop(struct buf *b, size_t n)
{
    if (n >= b->len) {
        buf_clear(b);
        return;
    }
    if (n == 0)
        return;
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
    b->data[b->len] = '\0';
}

void
buf_truncate(struct buf *b, size_t len)
{
    if (len < b->len) {
        b->len = len;
        b->data[len] = '\0';
    }
}

const char *
buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}

char *
buf_take(struct buf *b)
{
    if (!b->data)
        buf_add(b, "", 0);
    char *data = b->failed ? NULL : b->data;
    if (b->failed)
        free(b->data);
    buf_init(b);
    return data;
}

enum sp_status
buf_status(const struct buf *b)
{
    return b->failed ? SP_NOMEM : SP_OK;
}

enum sp_status
buf_read_fd(struct buf *b, int fd, size_t max)
{
    size_t got = 0;
    for (;;) {
        char *to = buf_reserve(b, 65536);
        if (!to)
            return SP_NOMEM;
        ssize_t n = read(fd, to, 65536);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return SP_IO;
        }
        if (n == 0)
            return SP_OK;
        got += (size_t)n;
        if (got > max) {
            *to = '\0'; /* what was read above the bound is not part of the text */
            return SP_TOO_LARGE;
        }
        buf_grown(b, (size_t)n);
    }
}
