/* SPDX-License-Identifier: GPL-3.0-or-later */
/* COMPRESS=DEFLATE by zlib: raw deflate in both directions. */
#include "zip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define OUTPUT ((size_t)16384)

struct zip {
    z_stream in, out;
    bool in_open, out_open, more; /* more: the last piece filled the reader's buffer */
    char input[ZIP_INPUT];
};

struct zip *
zip_new(const char *first, size_t len)
{
    struct zip *z = len <= ZIP_INPUT ? calloc(1, sizeof *z) : NULL;
    if (!z)
        return NULL;
    z->in_open = inflateInit2(&z->in, -MAX_WBITS) == Z_OK;
    z->out_open = deflateInit2(&z->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    if (!z->in_open || !z->out_open) {
        zip_free(z);
        return NULL;
    }
    if (len)
        memcpy(z->input, first, len);
    zip_filled(z, len);
    return z;
}

void
zip_free(struct zip *z)
{
    if (!z)
        return;
    if (z->in_open)
        (void)inflateEnd(&z->in);
    if (z->out_open)
        (void)deflateEnd(&z->out);
    free(z);
}

char *
zip_room(struct zip *z)
{
    return z->input;
}

void
zip_filled(struct zip *z, size_t len)
{
    z->in.next_in = (unsigned char *)z->input;
    z->in.avail_in = (unsigned)len;
}

bool
zip_pending(const struct zip *z)
{
    return z->more || z->in.avail_in > 0;
}

enum sp_status
zip_read(struct zip *z, char *out, size_t room, size_t *n)
{
    *n = 0;
    if (!zip_pending(z))
        return SP_OK;
    z->in.next_out = (unsigned char *)out;
    z->in.avail_out = (unsigned)room;
    int rc = inflate(&z->in, Z_SYNC_FLUSH);
    *n = room - z->in.avail_out;
    z->more = z->in.avail_out == 0;
    if (rc == Z_MEM_ERROR)
        return SP_NOMEM;
    return rc == Z_OK || rc == Z_BUF_ERROR ? SP_OK : SP_PROTOCOL; /* Z_STREAM_END: nobody ends the stream before the connection */
}

enum sp_status
zip_write(struct zip *z, const char *bytes, size_t len, zip_put_fn *put, void *arg)
{
    char packed[OUTPUT];
    z->out.next_in = (unsigned char *)(uintptr_t)bytes;
    z->out.avail_in = (unsigned)len;
    do {
        z->out.next_out = (unsigned char *)packed;
        z->out.avail_out = sizeof packed;
        int rc = deflate(&z->out, Z_SYNC_FLUSH);
        if (rc != Z_OK && rc != Z_BUF_ERROR)
            return SP_INTERNAL;
        size_t n = sizeof packed - z->out.avail_out;
        enum sp_status st = n ? put(arg, packed, n) : SP_OK;
        if (st)
            return st;
    } while (z->out.avail_out == 0);
    return SP_OK;
}
