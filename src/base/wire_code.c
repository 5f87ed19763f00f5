/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoding and decoding of wire structs by their descriptors. The decoder meets bytes that an attacker may have written. */
#include "wire_code.h"

#include <string.h>

#define MAX_DEPTH 8

/* ---- encoding */

static enum sp_status encode_struct(const struct wire_desc *desc, const char *record, struct wire_out *out, int depth);

static enum sp_status
encode_bytes(const void *bytes, size_t len, struct buf *out)
{
    if (len > WIRE_MAX_BODY)
        return SP_TOO_LARGE;
    uint32_t n = (uint32_t)len;
    buf_add(out, &n, sizeof n);
    buf_add(out, bytes, len);
    return SP_OK;
}

static enum sp_status
encode_fd(int fd, struct wire_out *out)
{
    uint8_t present = fd > 0;
    if (present && (!out->fds || out->n_fds == WIRE_MAX_FDS))
        return out->fds ? SP_TOO_LARGE : SP_INVALID;
    buf_add(out->body, &present, 1);
    if (present)
        out->fds[out->n_fds++] = fd;
    return SP_OK;
}

static enum sp_status
encode_list(const struct wire_field *f, const char *record, struct wire_out *out, int depth)
{
    uint32_t n;
    const char *items;
    memcpy(&n, record + f->count_offset, sizeof n);
    memcpy(&items, record + f->offset, sizeof items);
    if (n > WIRE_MAX_LIST)
        return SP_TOO_LARGE;
    buf_add(out->body, &n, sizeof n);
    for (uint32_t i = 0; i < n; i++) {
        enum sp_status st = encode_struct(f->rec, items + (size_t)i * f->rec->size, out, depth + 1);
        if (st)
            return st;
    }
    return SP_OK;
}

static enum sp_status
encode_field(const struct wire_field *f, const char *record, struct wire_out *out, int depth)
{
    const char *at = record + f->offset;
    const char *s;
    struct wire_blob blob;
    int fd;

    switch (f->kind) {
    case WIRE_U8: buf_add(out->body, at, 1); return SP_OK;
    case WIRE_U16: buf_add(out->body, at, 2); return SP_OK;
    case WIRE_U32: buf_add(out->body, at, 4); return SP_OK;
    case WIRE_U64:
    case WIRE_I64: buf_add(out->body, at, 8); return SP_OK;
    case WIRE_STR:
        memcpy(&s, at, sizeof s);
        return encode_bytes(s ? s : "", s ? strlen(s) : 0, out->body);
    case WIRE_BLOB:
        memcpy(&blob, at, sizeof blob);
        return encode_bytes(blob.data, blob.len, out->body);
    case WIRE_FD:
        memcpy(&fd, at, sizeof fd);
        return encode_fd(fd, out);
    case WIRE_STRUCT: return encode_struct(f->rec, at, out, depth + 1);
    case WIRE_LIST: return encode_list(f, record, out, depth);
    case WIRE_END: break;
    }
    return SP_INTERNAL;
}

static enum sp_status
encode_struct(const struct wire_desc *desc, const char *record, struct wire_out *out, int depth)
{
    if (depth > MAX_DEPTH)
        return SP_INTERNAL;
    for (const struct wire_field *f = desc->fields(); f->kind != WIRE_END; f++) {
        enum sp_status st = encode_field(f, record, out, depth);
        if (st)
            return st;
        if (out->body->len > WIRE_MAX_BODY)
            return SP_TOO_LARGE;
    }
    return buf_status(out->body);
}

enum sp_status
wire_code_encode(const struct wire_desc *desc, const void *record, struct wire_out *out)
{
    return encode_struct(desc, record, out, 0);
}

enum sp_status
wire_encode(const struct wire_desc *desc, const void *record, struct buf *out)
{
    struct wire_out o = {.body = out};
    return wire_code_encode(desc, record, &o);
}

/* ---- decoding */

static enum sp_status decode_struct(const struct wire_desc *desc, struct wire_source *in, char *record, int depth);

static enum sp_status
take(struct wire_source *in, void *to, size_t len)
{
    if (in->len < len)
        return SP_SHORT;
    memcpy(to, in->at, len);
    in->at += len;
    in->len -= len;
    return SP_OK;
}

/* The fewest bytes that an encoded record takes: every STR, BLOB and list as an empty one. */
static size_t
least_encoding(const struct wire_desc *desc, int depth)
{
    size_t n = 0;
    if (depth > MAX_DEPTH)
        return 1;
    for (const struct wire_field *f = desc->fields(); f->kind != WIRE_END; f++) {
        switch (f->kind) {
        case WIRE_U8:
        case WIRE_FD: n += 1; break;
        case WIRE_U16: n += 2; break;
        case WIRE_U32:
        case WIRE_STR:
        case WIRE_BLOB:
        case WIRE_LIST: n += 4; break;
        case WIRE_U64:
        case WIRE_I64: n += 8; break;
        case WIRE_STRUCT: n += least_encoding(f->rec, depth + 1); break;
        case WIRE_END: break;
        }
    }
    return n ? n : 1;
}

static enum sp_status
decode_bytes(struct wire_source *in, bool text, struct wire_blob *blob)
{
    uint32_t n;
    enum sp_status st = take(in, &n, sizeof n);
    if (st)
        return st;
    if (n > in->len)
        return SP_SHORT;
    if (text && n && memchr(in->at, 0, n))
        return SP_INVALID;
    /* An empty one costs no memory: four bytes on the wire must not become a block of the arena. */
    const char *copy = n ? arena_strndup(in->arena, in->at, n) : "";
    if (!copy)
        return SP_NOMEM;
    in->at += n;
    in->len -= n;
    blob->data = copy;
    blob->len = n;
    return SP_OK;
}

static enum sp_status
decode_fd(struct wire_source *in, int *fd)
{
    uint8_t present;
    *fd = -1;
    enum sp_status st = take(in, &present, 1);
    if (st || !present)
        return st;
    if (present != 1 || in->next_fd >= in->n_fds)
        return SP_INVALID;
    *fd = in->fds[in->next_fd];
    in->fds[in->next_fd++] = -1;
    return SP_OK;
}

static enum sp_status
decode_list(const struct wire_field *f, struct wire_source *in, char *record, int depth)
{
    uint32_t n;
    enum sp_status st = take(in, &n, sizeof n);
    if (st)
        return st;
    if (n > WIRE_MAX_LIST)
        return SP_TOO_LARGE;
    /* A lying count is refused before memory is taken: what is left must hold that many of the shortest elements. So memory is
       bounded by a small multiple of what was sent (a pointer and a count for four bytes, and padding). */
    if (n > in->len / least_encoding(f->rec, depth))
        return SP_SHORT;
    char *items = arena_array(in->arena, n, f->rec->size);
    if (!items)
        return SP_NOMEM;
    memcpy(record + f->offset, &items, sizeof items);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t begun = i + 1; /* so that the descriptors of a half-read element can be found and closed */
        memcpy(record + f->count_offset, &begun, sizeof begun);
        st = decode_struct(f->rec, in, items + (size_t)i * f->rec->size, depth + 1);
        if (st)
            return st;
    }
    return SP_OK;
}

static enum sp_status
decode_field(const struct wire_field *f, struct wire_source *in, char *record, int depth)
{
    char *at = record + f->offset;
    struct wire_blob blob;
    enum sp_status st;
    int fd;

    switch (f->kind) {
    case WIRE_U8: return take(in, at, 1);
    case WIRE_U16: return take(in, at, 2);
    case WIRE_U32: return take(in, at, 4);
    case WIRE_U64:
    case WIRE_I64: return take(in, at, 8);
    case WIRE_STR:
        st = decode_bytes(in, true, &blob);
        if (!st)
            memcpy(at, &blob.data, sizeof blob.data);
        return st;
    case WIRE_BLOB:
        st = decode_bytes(in, false, &blob);
        if (!st)
            memcpy(at, &blob, sizeof blob);
        return st;
    case WIRE_FD:
        st = decode_fd(in, &fd);
        memcpy(at, &fd, sizeof fd);
        return st;
    case WIRE_STRUCT: return decode_struct(f->rec, in, at, depth + 1);
    case WIRE_LIST: return decode_list(f, in, record, depth);
    case WIRE_END: break;
    }
    return SP_INTERNAL;
}

static enum sp_status
decode_struct(const struct wire_desc *desc, struct wire_source *in, char *record, int depth)
{
    if (depth > MAX_DEPTH)
        return SP_INTERNAL;
    for (const struct wire_field *f = desc->fields(); f->kind != WIRE_END; f++) {
        enum sp_status st = decode_field(f, in, record, depth);
        if (st)
            return st;
    }
    return SP_OK;
}

enum sp_status
wire_code_decode(const struct wire_desc *desc, struct wire_source *in, void *record)
{
    memset(record, 0, desc->size);
    enum sp_status st = decode_struct(desc, in, record, 0);
    if (!st && (in->len || in->next_fd != in->n_fds))
        st = SP_LEFTOVER;
    return st;
}

enum sp_status
wire_decode(const struct wire_desc *desc, const void *bytes, size_t len, struct arena *arena, void *record)
{
    struct wire_source in = {.at = bytes, .len = len, .arena = arena};
    return wire_code_decode(desc, &in, record);
}

void
wire_code_each_fd(const struct wire_desc *desc, void *record, void (*fn)(int *fd))
{
    char *r = record;
    for (const struct wire_field *f = desc->fields(); f->kind != WIRE_END; f++) {
        if (f->kind == WIRE_FD) {
            fn((int *)(void *)(r + f->offset));
        } else if (f->kind == WIRE_STRUCT) {
            wire_code_each_fd(f->rec, r + f->offset, fn);
        } else if (f->kind == WIRE_LIST) {
            uint32_t n;
            char *items;
            memcpy(&n, r + f->count_offset, sizeof n);
            memcpy(&items, r + f->offset, sizeof items);
            for (uint32_t i = 0; i < n; i++)
                wire_code_each_fd(f->rec, items + (size_t)i * f->rec->size, fn);
        }
    }
}
