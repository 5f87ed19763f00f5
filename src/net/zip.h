/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two directions of COMPRESS=DEFLATE (RFC 4978) on one connection. What comes out of the inflater is read in pieces as large as the
   reader's buffer, so a small input that unpacks to much (S55) costs no memory here; the filter's bounds count what was unpacked. */
#ifndef SP_NET_ZIP_H
#define SP_NET_ZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct zip;
/* first: bytes that came already (copied; at most ZIP_INPUT). NULL when memory ran out. */
#define ZIP_INPUT ((size_t)16384)
struct zip *zip_new(const char *first, size_t len);
void zip_free(struct zip *z);
/* Where the next input goes, ZIP_INPUT bytes; only when zip_read gave nothing. */
char *zip_room(struct zip *z);
void zip_filled(struct zip *z, size_t len);
/* Unpacks: *n bytes, 0 = more input is needed. SP_PROTOCOL for what is no deflate stream, or its end. */
enum sp_status zip_read(struct zip *z, char *out, size_t room, size_t *n) SP_MUST_USE;
/* Whether zip_read may give something without further input. */
bool zip_pending(const struct zip *z);
/* Packs bytes so that the server can unpack all of them; the packed bytes go to put, in pieces. */
typedef enum sp_status zip_put_fn(void *arg, const char *bytes, size_t len);
enum sp_status zip_write(struct zip *z, const char *bytes, size_t len, zip_put_fn *put, void *arg) SP_MUST_USE;

#endif
