/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document's validator (S76): what import makes passes, what was tampered with is refused or harmless to read. */
#include "mime_fixture.h"

#include <stdio.h>

#include "base/utf8.h"
#include "mime/document_build.h"

static const char message[] =
    "From: Ada <ada@example.test>\nTo: b@c.test, d@e.test\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
    "Content-Type: text/html\n\n<a href='https://x.test'>link</a><img src='https://y.test/z'><p style='display:none'>hid\n--b\n"
    "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=c\n\n--c\n\nsigned\n--c\n"
    "Content-Type: application/pgp-signature\n\nSIG\n--c--\n--b\nContent-Type: message/rfc822\n\nSubject: y\n\ninner\n--b\n\n"
    "-----BEGIN PGP MESSAGE-----\n\nAA\n-----END PGP MESSAGE-----\n--b--\n";

/* Reads everything that an accessor can reach; with sanitizers a wrong byte would show. */
static size_t
read_all(const struct document *d)
{
    size_t sum = 0;
    for (uint32_t i = 0; i < d->parts.count; i++) {
        const struct doc_part *p = doc_part(d, i);
        const struct doc_text texts[] = {p->path, p->type, p->charset, p->disposition, p->name, p->detected_type, p->encoding, p->content_id, p->text};
        for (size_t k = 0; k < COUNT(texts); k++)
            sum += strlen(doc_text(d, texts[k]));
        assert_true(p->raw_at + p->raw_len <= d->input_len);
        if (p->layer != DOC_NONE)
            sum += doc_layer(d, p->layer)->object.len;
        for (uint32_t c = p->first_child, steps = 0; c != DOC_NONE; c = doc_part(d, c)->next_sibling) {
            assert_int_equal(doc_part(d, c)->parent, i);
            assert_true(++steps <= d->parts.count);
        }
    }
    for (uint32_t i = 0; i < d->headers.count; i++)
        sum += strlen(doc_text(d, doc_header(d, i)->name)) + doc_header(d, i)->raw.len + strlen(doc_text(d, doc_header(d, i)->value));
    for (uint32_t i = 0; i < d->mailboxes.count; i++)
        sum += strlen(doc_text(d, doc_mailbox(d, i)->name)) + strlen(doc_text(d, doc_mailbox(d, i)->address));
    for (uint32_t i = 0; i < d->layers.count; i++) {
        const struct doc_layer *l = doc_layer(d, i);
        assert_true(l->kind < DOC_LAYER_KINDS && l->part < d->parts.count && l->signed_at + l->signed_len <= d->input_len);
        const char *text = doc_text(d, doc_part(d, l->part)->text);
        assert_true(utf8_valid(text + l->text_at, l->text_len));
    }
    for (uint32_t i = 0; i < d->links.count; i++)
        sum += strlen(doc_text(d, doc_link(d, i)->text)) + strlen(doc_text(d, doc_link(d, i)->target));
    for (uint32_t i = 0; i < d->refs.count; i++)
        sum += strlen(doc_text(d, doc_ref(d, i)->url));
    for (uint32_t i = 0; i < d->notes.count; i++)
        sum += strlen(doc_text(d, doc_note(d, i)->id)) + strlen(doc_text(d, doc_note(d, i)->detail));
    return sum;
}

static void
passes(void **state)
{
    struct parsed p;
    parse_text(*state, message, &p);
    assert_int_equal(p.d->parts.count, 8);
    assert_int_equal(p.d->layers.count, 2);
    assert_true(read_all(p.d) > 100);
    parsed_release(&p);
}

static void
short_forms(void **state)
{
    struct parsed p;
    const struct document *d;
    parse_text(*state, message, &p);
    for (size_t len = 0; len < p.block.len; len++) {
        char *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, p.block.data, len);
        assert_int_not_equal(document_check(copy, len, &d), SP_OK);
        assert_null(d);
        free(copy);
    }
    buf_addc(&p.block, 0);
    assert_int_equal(document_check(p.block.data, p.block.len, &d), SP_INVALID);
    parsed_release(&p);
}

static void
misaligned(void **state)
{
    struct parsed p;
    const struct document *d;
    parse_text(*state, message, &p);
    char *copy = malloc(p.block.len + 1);
    assert_non_null(copy);
    memcpy(copy + 1, p.block.data, p.block.len);
    assert_int_equal(document_check(copy + 1, p.block.len, &d), SP_INVALID);
    free(copy);
    parsed_release(&p);
}

/* Thousands of mutated blocks: each is refused, or is safe to read to the last text. */
static void
mutated(void **state)
{
    struct parsed p;
    uint32_t random = 99;
    size_t accepted = 0, refused = 0;
    parse_text(*state, message, &p);
    char *copy = malloc(p.block.len);
    assert_non_null(copy);
    for (int round = 0; round < 60000; round++) {
        const struct document *d;
        memcpy(copy, p.block.data, p.block.len);
        unsigned changes = 1 + round % 3;
        while (changes--) {
            random = random * 1664525u + 1013904223u;
            size_t at = (random >> 4) % p.block.len;
            random = random * 1664525u + 1013904223u;
            static const uint32_t words[] = {0, 1, 2, 0xffffffffu, 0xfffffffeu, 0x7fffffffu, 8, 64};
            if (random >> 31 || at + 4 > p.block.len)
                copy[at] = (char)(random >> 8);
            else
                memcpy(copy + (at & ~(size_t)3), &words[(random >> 8) % COUNT(words)], at + 4 <= p.block.len ? 4 : 1);
        }
        if (document_check(copy, p.block.len, &d) == SP_OK) {
            accepted++;
            (void)read_all(d);
        } else {
            refused++;
        }
    }
    assert_true(refused > 1000);
    assert_true(accepted > 1000); /* changes inside texts are harmless */
    free(copy);
    parsed_release(&p);
}

/* Chosen lies, each of which a reader would believe. */
static void
lies(void **state)
{
    struct parsed p;
    const struct document *d;
    parse_text(*state, message, &p);
    struct document *w = (struct document *)(void *)p.block.data;
    struct doc_part *parts = (struct doc_part *)(void *)(p.block.data + w->parts.at);
    struct doc_layer *layers = (struct doc_layer *)(void *)(p.block.data + w->layers.at);
    uint32_t *lies32[] = {&parts[1].parent, &parts[2].next_sibling, &parts[0].first_child, &parts[3].depth, &parts[0].next_sibling,
                          &parts[1].flags, &parts[1].text.len, &parts[1].text.at, &layers[0].kind, &layers[0].part, &layers[0].content_part,
                          &layers[0].malformed, &w->parts.count, &w->parts.at, &w->headers.count, &w->crlf, &w->version, &w->flags,
                          &w->reserved, &parts[2].layer};
    uint64_t *lies64[] = {&parts[1].raw_at, &parts[1].raw_len, &parts[1].body_at, &parts[1].body_len, &layers[0].signed_at,
                          &layers[0].signed_len, &layers[1].text_at, &layers[1].text_len};
    for (size_t i = 0; i < COUNT(lies32); i++) {
        uint32_t truth = *lies32[i];
        *lies32[i] = truth + 0x10000000u;
        assert_int_not_equal(document_check(p.block.data, p.block.len, &d), SP_OK);
        *lies32[i] = truth;
    }
    for (size_t i = 0; i < COUNT(lies64); i++) {
        uint64_t truth = *lies64[i];
        *lies64[i] = UINT64_MAX - 1;
        assert_int_not_equal(document_check(p.block.data, p.block.len, &d), SP_OK);
        *lies64[i] = truth;
    }
    parts[3].next_sibling = 3; /* a cycle */
    assert_int_not_equal(document_check(p.block.data, p.block.len, &d), SP_OK);
    parsed_release(&p);
}

/* Texts may not be shared: checking their UTF-8 would be quadratic. */
static void
shared_texts(void **state)
{
    struct parsed p;
    const struct document *d;
    parse_text(*state, message, &p);
    struct document *w = (struct document *)(void *)p.block.data;
    struct doc_header *headers = (struct doc_header *)(void *)(p.block.data + w->headers.at);
    struct doc_text big = {w->parts.at, w->size - 1 - w->parts.at};
    for (uint32_t i = 0; i < w->headers.count; i++)
        headers[i].raw = big;
    assert_int_equal(document_check(p.block.data, p.block.len, &d), SP_INVALID);
    parsed_release(&p);
}

static void
builder(void **state)
{
    struct doc_builder b;
    struct buf out = BUF_INIT;
    const struct document *d;
    (void)state;
    doc_build_init(&b);
    b.input_len = 10;
    struct doc_part *p = doc_build_part(&b, NULL);
    p->flags = DOC_PART_LEAF;
    p->raw_len = 10;
    p->text = doc_build_text(&b, "a\0b\xff", 4);
    for (int i = 0; i < 1000; i++)
        doc_build_note(&b, 0, "same", "detail");
    for (int i = 0; i < 1000; i++) {
        char detail[16];
        (void)snprintf(detail, sizeof detail, "%d", i);
        doc_build_note(&b, 0, "other", detail);
    }
    for (int i = 0; i < 6000; i++)
        (void)doc_build_link(&b);
    assert_int_equal(doc_build_finish(&b, &out), SP_OK);
    assert_int_equal(document_check(out.data, out.len, &d), SP_OK);
    assert_string_equal(doc_text(d, doc_part(d, 0)->text), "a\xef\xbf\xbd" "b\xef\xbf\xbd");
    assert_int_equal(d->notes.count, DOC_BOUND_NOTES);
    assert_int_equal(d->links.count, DOC_BOUND_LINKS);
    doc_build_release(&b);
    buf_release(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes), cmocka_unit_test(short_forms), cmocka_unit_test(misaligned), cmocka_unit_test(mutated),
        cmocka_unit_test(lies),   cmocka_unit_test(shared_texts), cmocka_unit_test(builder),
    };
    return cmocka_run_group_tests(tests, tools_setup, tools_teardown);
}
