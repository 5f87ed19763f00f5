/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words as a reader sees them, whatever letters they are made of (Unicode Technical Standard 39, the part that mail abuses). */
#include <string.h>

#include "base/utf8.h"
#include "internal.h"

/* Letters by what they look like; each string's first letter is the plain one. */
static const char *const alike[] = {
    "aàáâãäåāăąǎǟǻаαɑạảấầậắằặ", "bƀьвßḃ", "cçćĉċčсϲ", "dďđԁḍḋ", "eèéêëēĕėęěеєεẹẽếềệ", "fƒḟ", "gĝğġģǧɡ", "hĥħнһḥ", "iìíîïĩīĭįıіιϊḭịỉ", "jĵјʝ",
    "kķкκǩ", "lĺļľŀłӏℓḷ", "mмṃ", "nñńņňŋոпηṇ", "oòóôõöøōŏőοоσօọỏốồộớờợ", "pρрþṗ", "qԛ", "rŕŗřгṛ", "sśŝşšșѕṣ", "tţťŧțтτṭ",
    "uùúûüũūŭůűųυսụủứừự", "vνѵṽ", "wŵωԝшẁẃẅ", "xхχ", "yýŷÿуγүỳỵỹ", "zźżžʐẓ",
};

/* The plain letter, 0 when the code point is none of the list. */
static char
look_up(uint32_t cp)
{
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        const char *s = alike[i] + 1;
        size_t left = strlen(s);
        while (left) {
            uint32_t other;
            size_t n = utf8_decode(s, left, &other);
            if (other == cp)
                return alike[i][0];
            s += n;
            left -= n;
        }
    }
    return 0;
}

static uint32_t
small(uint32_t cp)
{
    if (cp >= 0x391 && cp <= 0x3a9)
        return cp + 0x20;
    if (cp >= 0x410 && cp <= 0x42f)
        return cp + 0x20;
    if (cp >= 0x400 && cp <= 0x40f)
        return cp + 0x50;
    if ((cp >= 0xc0 && cp <= 0xde && cp != 0xd7))
        return cp + 0x20;
    if ((cp >= 0x100 && cp <= 0x137) || (cp >= 0x14a && cp <= 0x177) || (cp >= 0x1e00 && cp <= 0x1eff))
        return cp | 1;
    if ((cp >= 0x139 && cp <= 0x148) || (cp >= 0x179 && cp <= 0x17e))
        return (cp & 1) ? cp + 1 : cp;
    return cp;
}

static bool
is_invisible(uint32_t cp)
{
    return cp == 0xad || cp == 0x34f || cp == 0x61c || (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) ||
           (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff || (cp >= 0xfe00 && cp <= 0xfe0f) || (cp >= 0xe0000 && cp <= 0xe0fff) || cp == 0x3164 ||
           cp == 0x115f || cp == 0x1160 || cp == 0x17b4 || cp == 0x17b5;
}

/* The ASCII letter or digit that a styled one stands for, 0 when it is none. */
static char
styled(uint32_t cp)
{
    if (cp >= 0xff21 && cp <= 0xff3a)
        return (char)('a' + (cp - 0xff21));
    if (cp >= 0xff41 && cp <= 0xff5a)
        return (char)('a' + (cp - 0xff41));
    if (cp >= 0xff10 && cp <= 0xff19)
        return (char)('0' + (cp - 0xff10));
    if (cp >= 0x1d400 && cp <= 0x1d6a3)
        return (char)('a' + (cp - 0x1d400) % 26);
    if (cp >= 0x1d7ce && cp <= 0x1d7ff)
        return (char)('0' + (cp - 0x1d7ce) % 10);
    if (cp >= 0x24b6 && cp <= 0x24e9)
        return (char)('a' + (cp - 0x24b6) % 26);
    if (cp >= 0x1f130 && cp <= 0x1f149)
        return (char)('a' + (cp - 0x1f130));
    return 0;
}

static bool
is_latin(uint32_t cp)
{
    return (cp < 0x80 && ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z')) || (cp >= 0xc0 && cp < 0x250 && cp != 0xd7 && cp != 0xf7) ||
           (cp >= 0x1e00 && cp <= 0x1eff);
}

static bool
is_other_script(uint32_t cp)
{
    return (cp >= 0x370 && cp <= 0x3ff) || (cp >= 0x400 && cp <= 0x52f) || (cp >= 0x531 && cp <= 0x58f);
}

static bool
is_space(uint32_t cp)
{
    bool word = (cp >= '0' && cp <= '9') || ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z') || cp == '%' || cp == '$';
    if (cp < 0x80)
        return !word;
    return cp == 0xa0 || (cp >= 0x2000 && cp <= 0x200a) || (cp >= 0x2010 && cp <= 0x2029) || (cp >= 0x2030 && cp <= 0x205f && cp != 0x20ac) ||
           cp == 0x3000 || (cp >= 0x3001 && cp <= 0x3003) || cp == 0xff0c || cp == 0xff01 || cp == 0xff1a || cp == 0xff1f || (cp >= 0x2190 && cp <= 0x2bff) ||
           (cp >= 0x1f000 && cp <= 0x1faff) || cp == 0xbf || cp == 0xa1 || cp == 0xab || cp == 0xbb || cp == 0xb7 || cp == 0xae || cp == 0xa9 || cp == 0x2120 || cp == 0x2122;
}

struct words {
    struct buf out;
    struct folding counts;
    bool latin, other; /* of the word so far */
};

static void
end_word(struct words *w)
{
    w->counts.mixed += w->latin && w->other;
    w->latin = w->other = false;
    if (!w->out.len || w->out.data[w->out.len - 1] != ' ')
        buf_addc(&w->out, ' ');
}

static void
add_letter(struct words *w, uint32_t cp)
{
    char plain = styled(cp), out[4];
    if (plain) {
        w->counts.styled++;
        w->latin = true;
        buf_addc(&w->out, plain);
        return;
    }
    w->latin |= is_latin(cp);
    w->other |= is_other_script(cp);
    cp = cp < 0x80 ? (cp >= 'A' && cp <= 'Z' ? cp + 32 : cp) : small(cp);
    if (cp < 0x80) {
        buf_addc(&w->out, (char)cp);
    } else if (cp == 0xdf) {
        buf_adds(&w->out, "ss");
    } else if ((plain = look_up(cp)) != 0) {
        buf_addc(&w->out, plain);
    } else {
        buf_add(&w->out, out, utf8_encode(cp, out));
    }
}

const char *
threat_fold(struct threat *t, const char *text, struct folding *f)
{
    struct words w = {.out = BUF_INIT};
    size_t left = strlen(text);

    end_word(&w);
    while (left) {
        uint32_t cp;
        size_t n = utf8_decode(text, left, &cp);
        text += n;
        left -= n;
        if (is_invisible(cp))
            w.counts.invisible += cp < 0xfe00 || cp > 0xfe0f; /* how an emoji is drawn is no disguise */
        else if (cp >= 0x300 && cp <= 0x36f)
            continue;
        else if (is_space(cp))
            end_word(&w);
        else
            add_letter(&w, cp);
    }
    end_word(&w);
    if (f)
        *f = w.counts;
    char *copy = w.out.failed ? NULL : arena_strndup(t->arena, w.out.data, w.out.len);
    t->nomem |= !copy;
    buf_release(&w.out);
    return copy ? copy : "";
}

const char *
threat_skeleton(struct threat *t, const char *text)
{
    char *s = arena_strdup(t->arena, threat_fold(t, text, NULL));
    size_t n = 0;

    if (!s) {
        t->nomem = true;
        return "";
    }
    for (const char *p = s; *p; p++) {
        char c = *p;
        if (c == ' ')
            continue;
        c = c == '0' ? 'o' : c == '1' || c == 'i' ? 'l' : c == '5' ? 's' : c == '3' ? 'e' : c == '4' ? 'a' : c;
        if (n && ((c == 'n' && s[n - 1] == 'r') || (c == 'v' && s[n - 1] == 'v')))
            s[n - 1] = c == 'n' ? 'm' : 'w';
        else
            s[n++] = c;
    }
    s[n] = '\0';
    return s;
}

bool
threat_has(const char *folded, const char *phrase)
{
    size_t n = strlen(phrase);
    bool whole = (unsigned char)phrase[0] < 0x80; /* languages without blanks have no borders of words */

    for (const char *at = strstr(folded, phrase); at; at = strstr(at + 1, phrase))
        if (!whole || ((at == folded || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0')))
            return true;
    return false;
}
