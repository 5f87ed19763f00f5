/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors of every record and message, made from the tables of messages.h. Each field list lives in a function of its
   own, because only there can `self` name the struct that offsetof needs. */
#include "messages.h"

#include <stddef.h>

#define FIELD_F(kind, name) {WIRE_##kind, offsetof(self, name), 0, NULL},
#define FIELD_S(rec, name) {WIRE_STRUCT, offsetof(self, name), 0, &wire_record_##rec},
#define FIELD_L(rec, name) {WIRE_LIST, offsetof(self, name), offsetof(self, name##_n), &wire_record_##rec},

#define R(n)                                                                                                   \
    static const struct wire_field *record_fields_##n(void)                                                    \
    {                                                                                                          \
        typedef struct wr_##n self;                                                                            \
        static const struct wire_field fields[] = {WR_##n(FIELD_F, FIELD_S, FIELD_L){WIRE_END, sizeof(self), 0, NULL}}; \
        return fields;                                                                                         \
    }                                                                                                          \
    const struct wire_desc wire_record_##n = {#n, sizeof(struct wr_##n), record_fields_##n, false, false};
WIRE_RECORDS(R)
#undef R

#define M(number, n, is_final, is_secret)                                                                      \
    static const struct wire_field *message_fields_##n(void)                                                   \
    {                                                                                                          \
        typedef struct wm_##n self;                                                                            \
        static const struct wire_field fields[] = {WM_##n(FIELD_F, FIELD_S, FIELD_L){WIRE_END, sizeof(self), 0, NULL}}; \
        return fields;                                                                                         \
    }                                                                                                          \
    static const struct wire_desc message_##n = {#n, sizeof(struct wm_##n), message_fields_##n, is_secret, is_final};
WIRE_MESSAGES(M)
#undef M

const struct wire_desc *
wire_message_desc(uint16_t type)
{
    switch (type) {
#define M(number, n, is_final, is_secret) \
    case number:                          \
        return &message_##n;
        WIRE_MESSAGES(M)
#undef M
    default:
        return NULL;
    }
}

enum sp_status
wire_error_status(const struct wm_reply_error *e)
{
    return e->status != SP_OK && e->status < SP_STATUS_COUNT ? (enum sp_status)e->status : SP_INTERNAL;
}

enum sp_status
wire_reply_done(struct wire_conn *c, uint32_t id)
{
    return wire_send_reply_done(c, id, &(struct wm_reply_done){});
}

enum sp_status
wire_reply_error(struct wire_conn *c, uint32_t id, enum sp_status status, const char *text)
{
    struct wm_reply_error e = {.status = (uint16_t)status, .text = text};
    return wire_send_reply_error(c, id, &e);
}
