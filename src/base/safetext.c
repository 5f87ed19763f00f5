/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Safe text for terminals. What is shown, replaced and dropped stands in one table of code point ranges. */
#include "safetext.h"

#include <stdint.h>

#include "utf8.h"

#define MAX_MARKS 8
#define REPLACEMENT 0xFFFDu

enum fate { KEEP, DROP, REPLACE };

/* Ascending. Everything that is not here is kept. DROP is for what has no look of its own and no meaning without its
   neighbours; REPLACE for what could deceive, so that it is seen that something was there. */
static const struct {
    uint32_t first, last;
    enum fate fate;
} ranges[] = {
    {0x0000, 0x001F, REPLACE},   /* C0 (LF and TAB are treated before) */
    {0x007F, 0x009F, REPLACE},   /* DEL, C1 */
    {0x00AD, 0x00AD, DROP},      /* soft hyphen */
    {0x034F, 0x034F, DROP},      /* combining grapheme joiner */
    {0x061C, 0x061C, REPLACE},   /* Arabic letter mark */
    {0x115F, 0x1160, REPLACE},   /* Hangul fillers */
    {0x17B4, 0x17B5, DROP},      /* Khmer inherent vowels */
    {0x180B, 0x180F, DROP},      /* Mongolian selectors */
    {0x200B, 0x200B, REPLACE},   /* zero width space */
    {0x200C, 0x200D, DROP},      /* joiners */
    {0x200E, 0x200F, REPLACE},   /* directional marks */
    {0x2028, 0x202E, REPLACE},   /* line and paragraph separator, embeddings, overrides */
    {0x2060, 0x206F, REPLACE},   /* word joiner, invisible operators, isolates */
    {0x2800, 0x2800, REPLACE},   /* blank Braille pattern */
    {0x3164, 0x3164, REPLACE},   /* Hangul filler */
    {0xD800, 0xF8FF, REPLACE},   /* surrogates, private use */
    {0xFDD0, 0xFDEF, REPLACE},   /* noncharacters */
    {0xFE00, 0xFE0F, DROP},      /* variation selectors */
    {0xFEFF, 0xFEFF, REPLACE},   /* zero width no-break space */
    {0xFFA0, 0xFFA0, REPLACE},   /* halfwidth Hangul filler */
    {0xFFF0, 0xFFFB, REPLACE},   /* unassigned, interlinear annotations */
    {0xFFFE, 0xFFFF, REPLACE},
    {0x1BCA0, 0x1BCA3, DROP},    /* shorthand format controls */
    {0x1D173, 0x1D17A, DROP},    /* musical format controls */
    {0xE0000, 0x10FFFF, REPLACE}, /* tags, further selectors, private use planes */
};

static enum fate
fate_of(uint32_t cp)
{
    if (cp >= 0x20 && cp < 0x7F)
        return KEEP;
    size_t low = 0, high = sizeof ranges / sizeof *ranges;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (cp > ranges[mid].last)
            low = mid + 1;
        else if (cp < ranges[mid].first)
            high = mid;
        else
            return ranges[mid].fate;
    }
    /* the last two code points of every plane are noncharacters */
    return (cp & 0xFFFE) == 0xFFFE ? REPLACE : KEEP;
}

struct state {
    struct buf *out;
    int column, marks;
    bool replaced;
};

static void
put(struct state *s, uint32_t cp, int width)
{
    char bytes[4];
    buf_add(s->out, bytes, utf8_encode(cp, bytes));
    s->column += width;
}

/* One code point that is no line end and no tab. */
static void
put_safe(struct state *s, uint32_t cp, bool valid)
{
    enum fate fate = valid ? fate_of(cp) : REPLACE;
    int width = utf8_cp_width(cp);

    if (fate == KEEP && cp >= 0x80 && width == 0 && (s->column == 0 || s->marks >= MAX_MARKS))
        fate = s->column == 0 ? REPLACE : DROP; /* a mark without a base, or a tower of marks */
    if (fate == KEEP) {
        s->marks = width == 0 ? s->marks + 1 : 0;
        put(s, cp, width);
        return;
    }
    s->replaced = true;
    if (fate == REPLACE) {
        s->marks = 0;
        put(s, REPLACEMENT, 1);
    }
}

bool
safetext_add(struct buf *out, const char *text, size_t len, enum safetext_mode mode)
{
    struct state s = {.out = out};
    while (len) {
        uint32_t cp;
        size_t n = utf8_decode(text, len, &cp);
        bool valid = !(cp == REPLACEMENT && n == 1);
        bool line_end = cp == '\n' || (cp == '\r' && len > 1 && text[1] == '\n');

        if (cp == '\r' && line_end)
            n = 2;
        text += n;
        len -= n;
        if (line_end && mode == SAFETEXT_BLOCK) {
            buf_addc(out, '\n');
            s.column = s.marks = 0;
        } else if (line_end || (cp == '\t' && mode == SAFETEXT_LINE)) {
            put(&s, ' ', 1);
            s.marks = 0;
        } else if (cp == '\t') {
            do
                put(&s, ' ', 1);
            while (s.column % 8);
            s.marks = 0;
        } else {
            put_safe(&s, cp, valid);
        }
    }
    return s.replaced;
}
