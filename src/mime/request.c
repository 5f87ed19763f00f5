/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests: decode what the message carries, call the room's functions, send the reply. */
#include "request.h"

#include <unistd.h>

#include "addresses.h"
#include "base/arena.h"
#include "base/memfd.h"
#include "build.h"
#include "extract.h"
#include "headers.h"
#include "import.h"

static const struct {
    uint16_t type, reply;
} requests[] = {
    {WM_TYPE_parse_message, WM_TYPE_parsed},        {WM_TYPE_parse_headers, WM_TYPE_parsed_headers},
    {WM_TYPE_extract_part, WM_TYPE_part_content},   {WM_TYPE_parse_addresses, WM_TYPE_addresses},
    {WM_TYPE_build_entity, WM_TYPE_built},          {WM_TYPE_wrap_signed, WM_TYPE_built},
    {WM_TYPE_wrap_encrypted, WM_TYPE_built},        {WM_TYPE_build_message, WM_TYPE_built},
};

bool
mime_is_request(uint16_t type, uint16_t *reply)
{
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        if (requests[i].type == type) {
            *reply = requests[i].reply;
            return true;
        }
    return false;
}

/* The range of a sealed memfd that a request is about; offset and length both 0 mean all of it. The map is for unmapping. */
static enum sp_status
map_range(int fd, uint64_t offset, uint64_t length, struct memfd_map *map, struct memfd_map *range)
{
    enum sp_status st = memfd_map(fd, PARSE_MAX_INPUT, map);
    if (st)
        return st;
    if (offset == 0 && length == 0)
        length = map->len;
    if (offset > map->len || length > map->len - offset)
        return SP_INVALID;
    *range = (struct memfd_map){map->data + offset, (size_t)length};
    return SP_OK;
}

static enum sp_status
serve_parse(struct mime_tools *tools, struct wire_conn *c, uint32_t id, const struct wm_parse_message *m)
{
    struct memfd_map map = {"", 0}, range = {"", 0};
    struct buf doc = BUF_INIT;
    int fd = -1;
    enum sp_status st = map_range(m->bytes, m->offset, m->length, &map, &range);
    if (!st)
        st = mime_import(tools, range.data, range.len, &doc);
    if (!st)
        st = memfd_from(buf_str(&doc), doc.len, &fd);
    if (!st) {
        st = wire_send_parsed(c, id, &(struct wm_parsed){.document = fd});
        (void)close(fd);
    }
    buf_release(&doc);
    memfd_unmap(&map);
    return st;
}

static enum sp_status
serve_headers(struct mime_tools *tools, struct wire_conn *c, uint32_t id, const struct wm_parse_headers *m)
{
    struct arena arena = ARENA_INIT;
    struct wm_parsed_headers reply = {.summaries_n = m->blocks_n};
    enum sp_status st = SP_OK;

    reply.summaries = arena_array(&arena, m->blocks_n, sizeof *reply.summaries);
    if (!reply.summaries)
        st = SP_NOMEM;
    for (uint32_t i = 0; i < m->blocks_n && !st; i++) {
        reply.summaries[i].tag = m->blocks[i].tag;
        st = mime_summary(tools, m->blocks[i].bytes.data, m->blocks[i].bytes.len, &arena, &reply.summaries[i]);
    }
    if (!st)
        st = wire_send_parsed_headers(c, id, &reply);
    arena_release(&arena);
    return st;
}

static enum sp_status
serve_extract(struct mime_tools *tools, struct wire_conn *c, uint32_t id, const struct wm_extract_part *m)
{
    struct memfd_map map = {"", 0}, range = {"", 0};
    struct mime_part part = {.content = BUF_INIT};
    int fd = -1;
    enum sp_status st = map_range(m->bytes, m->offset, m->length, &map, &range);
    if (!st)
        st = mime_extract(tools, range.data, range.len, m->path, &part);
    if (!st)
        st = memfd_from(buf_str(&part.content), part.content.len, &fd);
    if (!st) {
        st = wire_send_part_content(c, id, &(struct wm_part_content){.name = buf_str(&part.name), .type = buf_str(&part.type),
                                                                     .content = fd, .size = part.content.len});
        (void)close(fd);
    }
    mime_part_release(&part);
    memfd_unmap(&map);
    return st;
}

static enum sp_status
serve_addresses(struct mime_tools *tools, struct wire_conn *c, uint32_t id, const struct wm_parse_addresses *m)
{
    struct arena arena = ARENA_INIT;
    struct wm_addresses reply;
    enum sp_status st = mime_addresses(tools, m->text, &arena, &reply);
    if (!st)
        st = wire_send_addresses(c, id, &reply);
    arena_release(&arena);
    return st;
}

/* ---- building */

static enum sp_status
send_built(struct wire_conn *c, uint32_t id, const struct buf *out)
{
    int fd;
    enum sp_status st = memfd_from(buf_str(out), out->len, &fd);
    if (!st) {
        st = wire_send_built(c, id, &(struct wm_built){.bytes = fd});
        (void)close(fd);
    }
    return st;
}

static struct build_field *
fields_of(struct arena *arena, const struct wr_header_field *from, uint32_t n)
{
    struct build_field *fields = arena_array(arena, n, sizeof *fields);
    for (uint32_t i = 0; fields && i < n; i++)
        fields[i] = (struct build_field){from[i].name, from[i].value};
    return fields;
}

static enum sp_status
serve_build_entity(struct mime_tools *tools, struct wire_conn *c, uint32_t id, const struct wm_build_entity *m)
{
    struct arena arena = ARENA_INIT;
    struct buf out = BUF_INIT;
    struct build_field *fields = fields_of(&arena, m->protect, m->protect_n);
    struct build_file *files = arena_array(&arena, m->attachments_n, sizeof *files);
    struct memfd_map *maps = arena_array(&arena, m->attachments_n, sizeof *maps);
    enum sp_status st = fields && files && maps ? SP_OK : SP_NOMEM;
    uint32_t n = 0;

    for (; n < m->attachments_n && !st; n++) {
        const struct wr_build_attachment *a = &m->attachments[n];
        st = memfd_map(a->content, PARSE_MAX_INPUT, &maps[n]);
        files[n] = (struct build_file){a->name, a->type, a->disposition, maps[n].data, maps[n].len};
    }
    if (!st)
        st = build_entity(tools, &out, m->body, files, n, fields, m->protect_n, m->encrypted);
    if (!st)
        st = send_built(c, id, &out);
    for (uint32_t i = 0; maps && i < n; i++)
        memfd_unmap(&maps[i]);
    buf_release(&out);
    arena_release(&arena);
    return st;
}

static enum sp_status
serve_wrap_signed(struct wire_conn *c, uint32_t id, const struct wm_wrap_signed *m)
{
    struct memfd_map entity = {"", 0}, signature = {"", 0};
    struct buf out = BUF_INIT;
    enum sp_status st = memfd_map(m->entity, 2 * PARSE_MAX_INPUT, &entity);
    if (!st)
        st = memfd_map(m->signature, PARSE_MAX_INPUT, &signature);
    if (!st)
        st = wrap_signed(&out, m->protocol, entity.data, entity.len, signature.data, signature.len, m->micalg);
    if (!st)
        st = send_built(c, id, &out);
    buf_release(&out);
    memfd_unmap(&entity);
    memfd_unmap(&signature);
    return st;
}

static enum sp_status
serve_wrap_encrypted(struct wire_conn *c, uint32_t id, const struct wm_wrap_encrypted *m)
{
    struct memfd_map ciphertext = {"", 0};
    struct buf out = BUF_INIT;
    enum sp_status st = memfd_map(m->ciphertext, 2 * PARSE_MAX_INPUT, &ciphertext);
    if (!st)
        st = wrap_encrypted(&out, m->protocol, ciphertext.data, ciphertext.len, m->smime_type);
    if (!st)
        st = send_built(c, id, &out);
    buf_release(&out);
    memfd_unmap(&ciphertext);
    return st;
}

static enum sp_status
serve_build_message(struct mime_tools *tools, struct wire_conn *c, uint32_t id, const struct wm_build_message *m)
{
    struct arena arena = ARENA_INIT;
    struct memfd_map entity = {"", 0};
    struct buf out = BUF_INIT;
    struct build_field *fields = fields_of(&arena, m->headers, m->headers_n);
    enum sp_status st = fields ? memfd_map(m->entity, 4 * PARSE_MAX_INPUT, &entity) : SP_NOMEM;
    if (!st)
        st = build_message(tools, &out, fields, m->headers_n, entity.data, entity.len);
    if (!st)
        st = send_built(c, id, &out);
    buf_release(&out);
    memfd_unmap(&entity);
    arena_release(&arena);
    return st;
}

void
mime_serve(struct mime_tools *tools, struct wire_conn *c, const struct wire_in *in)
{
    enum sp_status st = SP_UNSUPPORTED;

    switch (in->type) {
    case WM_TYPE_parse_message: st = serve_parse(tools, c, in->id, in->msg); break;
    case WM_TYPE_parse_headers: st = serve_headers(tools, c, in->id, in->msg); break;
    case WM_TYPE_extract_part: st = serve_extract(tools, c, in->id, in->msg); break;
    case WM_TYPE_parse_addresses: st = serve_addresses(tools, c, in->id, in->msg); break;
    case WM_TYPE_build_entity: st = serve_build_entity(tools, c, in->id, in->msg); break;
    case WM_TYPE_wrap_signed: st = serve_wrap_signed(c, in->id, in->msg); break;
    case WM_TYPE_wrap_encrypted: st = serve_wrap_encrypted(c, in->id, in->msg); break;
    case WM_TYPE_build_message: st = serve_build_message(tools, c, in->id, in->msg); break;
    default: break;
    }
    if (st)
        (void)wire_reply_error(c, in->id, st, NULL);
}
