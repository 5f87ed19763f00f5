/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A growing byte buffer. Running out of memory marks it failed; later calls do nothing, so callers test once at the end. */
#ifndef SP_BASE_BUF_H
#define SP_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct buf {
    char *data;   /* owned; NUL-terminated at len whenever it is not NULL */
    size_t len;   /* bytes without the NUL */
    size_t cap;
    bool failed;
};

#define BUF_INIT {0}

void buf_init(struct buf *b);
/* Frees the storage and leaves the buffer empty and usable. */
void buf_release(struct buf *b);
/* Like buf_release, but wipes the bytes first (S64). */
void buf_release_wiped(struct buf *b);
/* Length back to 0, storage and the failed mark kept. */
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_addc(struct buf *b, char c);
/* NULL counts as "". */
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Room for len more bytes; returns where to write them (call buf_grown after), or NULL when memory ran out. */
char *buf_reserve(struct buf *b, size_t len);
void buf_grown(struct buf *b, size_t len);
/* Removes the first n bytes (n <= len). */
void buf_drop(struct buf *b, size_t n);
/* Shortens to len. */
void buf_truncate(struct buf *b, size_t len);
/* The text, "" when empty. Borrowed until the next change. */
const char *buf_str(const struct buf *b);
/* Hands over the NUL-terminated bytes (caller frees with free); NULL when failed. The buffer is empty afterwards. */
char *buf_take(struct buf *b);
/* SP_OK or SP_NOMEM. */
enum sp_status buf_status(const struct buf *b) SP_MUST_USE;
/* Appends everything readable from fd until end of file, at most max bytes (SP_TOO_LARGE beyond). */
enum sp_status buf_read_fd(struct buf *b, int fd, size_t max) SP_MUST_USE;

#endif
