/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Character sets: the table of labels and the conversion. */
#include "charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* Label in mail (compared without case, '-', '_' and ' '), converter of the C library. Where mail programs write the name of a
   subset and mean its superset (WHATWG Encoding Standard), the superset stands here. */
static const struct {
    const char *label, *converter;
} charsets[] = {
    {"utf8", "UTF-8"}, {"unicode11utf8", "UTF-8"}, {"utf7", "UTF-7"}, {"unicode11utf7", "UTF-7"}, {"csunicode11utf7", "UTF-7"},
    {"utf16", "UTF-16"}, {"utf16le", "UTF-16LE"}, {"utf16be", "UTF-16BE"}, {"ucs2", "UTF-16"}, {"iso10646ucs2", "UTF-16BE"},
    {"utf32", "UTF-32"}, {"utf32le", "UTF-32LE"}, {"utf32be", "UTF-32BE"},
    {"usascii", "ASCII"}, {"ascii", "ASCII"}, {"ansix3.4", "ASCII"}, {"ansix3.41968", "ASCII"}, {"iso646us", "ASCII"}, {"us", "ASCII"},
    {"iso88591", "CP1252"}, {"latin1", "CP1252"}, {"l1", "CP1252"}, {"cp819", "CP1252"}, {"windows1252", "CP1252"}, {"cp1252", "CP1252"},
    {"iso88592", "ISO-8859-2"}, {"latin2", "ISO-8859-2"}, {"iso88593", "ISO-8859-3"}, {"iso88594", "ISO-8859-4"},
    {"iso88595", "ISO-8859-5"}, {"iso88596", "ISO-8859-6"}, {"iso88597", "ISO-8859-7"}, {"greek", "ISO-8859-7"},
    {"iso88598", "ISO-8859-8"}, {"iso88598i", "ISO-8859-8"}, {"iso88598e", "ISO-8859-8"}, {"hebrew", "ISO-8859-8"},
    {"iso88599", "CP1254"}, {"latin5", "CP1254"}, {"iso885910", "ISO-8859-10"}, {"iso885911", "CP874"}, {"tis620", "CP874"},
    {"iso885913", "ISO-8859-13"}, {"iso885914", "ISO-8859-14"}, {"iso885915", "ISO-8859-15"}, {"latin9", "ISO-8859-15"},
    {"iso885916", "ISO-8859-16"},
    {"windows874", "CP874"}, {"cp874", "CP874"}, {"windows1250", "CP1250"}, {"cp1250", "CP1250"}, {"windows1251", "CP1251"},
    {"cp1251", "CP1251"}, {"windows1253", "CP1253"}, {"cp1253", "CP1253"}, {"windows1254", "CP1254"}, {"cp1254", "CP1254"},
    {"windows1255", "CP1255"}, {"cp1255", "CP1255"}, {"windows1256", "CP1256"}, {"cp1256", "CP1256"}, {"windows1257", "CP1257"},
    {"cp1257", "CP1257"}, {"windows1258", "CP1258"}, {"cp1258", "CP1258"},
    {"koi8r", "KOI8-R"}, {"koi8", "KOI8-R"}, {"koi8u", "KOI8-U"}, {"koi8ru", "KOI8-U"}, {"ibm866", "CP866"}, {"cp866", "CP866"},
    {"ibm437", "CP437"}, {"cp437", "CP437"}, {"ibm850", "CP850"}, {"cp850", "CP850"}, {"ibm852", "CP852"}, {"cp852", "CP852"},
    {"ibm855", "CP855"}, {"cp855", "CP855"}, {"ibm862", "CP862"}, {"cp862", "CP862"}, {"macintosh", "MACINTOSH"}, {"macroman", "MACINTOSH"},
    {"xmaccyrillic", "MAC-CYRILLIC"}, {"maccyrillic", "MAC-CYRILLIC"}, {"viscii", "VISCII"}, {"tcvn", "TCVN"},
    {"gb2312", "GB18030"}, {"gbk", "GB18030"}, {"gb18030", "GB18030"}, {"cp936", "GB18030"}, {"windows936", "GB18030"}, {"ms936", "GB18030"},
    {"xgbk", "GB18030"}, {"euccn", "GB18030"}, {"gb231280", "GB18030"}, {"csgb2312", "GB18030"}, {"chinese", "GB18030"},
    {"isoir58", "GB18030"}, {"iso2022cn", "ISO-2022-CN-EXT"}, {"iso2022cnext", "ISO-2022-CN-EXT"},
    {"big5", "BIG5-HKSCS"}, {"big5hkscs", "BIG5-HKSCS"}, {"cnbig5", "BIG5-HKSCS"}, {"xxbig5", "BIG5-HKSCS"}, {"csbig5", "BIG5-HKSCS"},
    {"cp950", "CP950"}, {"windows950", "CP950"}, {"euctw", "EUC-TW"},
    {"iso2022jp", "ISO-2022-JP-3"}, {"iso2022jp1", "ISO-2022-JP-3"}, {"iso2022jp2", "ISO-2022-JP-3"}, {"iso2022jpms", "ISO-2022-JP-3"},
    {"iso2022jp3", "ISO-2022-JP-3"}, {"csiso2022jp", "ISO-2022-JP-3"}, {"shiftjis", "CP932"}, {"sjis", "CP932"}, {"xsjis", "CP932"},
    {"cp932", "CP932"}, {"windows31j", "CP932"}, {"mskanji", "CP932"}, {"eucjp", "EUC-JP-MS"}, {"xeucjp", "EUC-JP-MS"},
    {"euckr", "CP949"}, {"ksc56011987", "CP949"}, {"ksc5601", "CP949"}, {"korean", "CP949"}, {"cp949", "CP949"}, {"uhc", "CP949"},
    {"windows949", "CP949"}, {"iso2022kr", "ISO-2022-KR"}, {"johab", "JOHAB"},
    {"armscii8", "ARMSCII-8"}, {"georgianps", "GEORGIAN-PS"}, {"pt154", "PT154"},
};

/* Names that the C library or GMime may ask for although the table has another one: loaded too. */
static const char *const extra[] = {"ISO-8859-1", "GBK", "GB2312", "EUC-CN", "BIG5", "EUC-JP", "EUC-KR", "ISO-2022-JP", "SHIFT_JIS",
                                    "SJIS", "ISO-8859-9", "ISO-8859-11", "TIS-620", "UHC", "ISO-2022-CN", "MS-ANSI", "WCHAR_T", "UCS-4LE"};

static bool
same_label(const char *table, const char *label)
{
    for (; *label; label++) {
        if (*label == '-' || *label == '_' || *label == ' ' || *label == ':')
            continue;
        if (!*table || strncasecmp(table, label, 1) != 0)
            return false;
        table++;
    }
    return *table == '\0';
}

const char *
charset_converter(const char *label)
{
    if (strncasecmp(label, "x-", 2) == 0 && strcasecmp(label, "x-mac-cyrillic") != 0)
        label += 2;
    for (size_t i = 0; i < sizeof charsets / sizeof charsets[0]; i++)
        if (same_label(charsets[i].label, label))
            return charsets[i].converter;
    return NULL;
}

struct charset_loaded {
    size_t n;
    iconv_t descriptors[2 * (sizeof charsets / sizeof charsets[0] + sizeof extra / sizeof extra[0])];
};

/* Both directions, as the encoding of headers may need the other one. */
static void
preload_one(struct charset_loaded *loaded, const char *name)
{
    iconv_t pair[] = {iconv_open("UTF-8", name), iconv_open(name, "UTF-8")};
    for (size_t i = 0; i < 2; i++)
        if (pair[i] != (iconv_t)-1)
            loaded->descriptors[loaded->n++] = pair[i];
}

struct charset_loaded *
charset_preload(void)
{
    struct charset_loaded *loaded = calloc(1, sizeof *loaded);
    if (!loaded)
        return NULL;
    for (size_t i = 0; i < sizeof charsets / sizeof charsets[0]; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = strcmp(charsets[k].converter, charsets[i].converter) == 0;
        if (!seen)
            preload_one(loaded, charsets[i].converter);
    }
    for (size_t i = 0; i < sizeof extra / sizeof extra[0]; i++)
        preload_one(loaded, extra[i]);
    return loaded;
}

void
charset_unload(struct charset_loaded *loaded)
{
    for (size_t i = 0; loaded && i < loaded->n; i++)
        (void)iconv_close(loaded->descriptors[i]);
    free(loaded);
}

const char *
charset_guess(const char *bytes, size_t len)
{
    return utf8_valid(bytes, len) ? "UTF-8" : "CP1252";
}

/* Space for n more bytes below max. */
static bool
fits(const struct buf *out, size_t start, size_t n, size_t max)
{
    return out->len - start + n <= max;
}

static void
add_replacement(struct buf *out)
{
    buf_add(out, "\xef\xbf\xbd", 3);
}

static bool
copy_utf8(struct buf *out, const char *bytes, size_t len, size_t max, struct charset_result *result)
{
    size_t start = out->len;
    for (size_t i = 0; i < len;) {
        size_t plain = 0;
        while (i + plain < len && (signed char)bytes[i + plain] > 0)
            plain++;
        size_t left = max - (out->len - start);
        buf_add(out, bytes + i, plain < left ? plain : left);
        if (plain > left)
            return false;
        i += plain;
        if (i == len)
            break;
        uint32_t cp;
        size_t n = utf8_decode(bytes + i, len - i, &cp);
        if (!fits(out, start, 4, max))
            return false;
        if (cp == 0 || (n == 1 && cp == 0xfffd)) {
            add_replacement(out);
            result->damaged = true;
        } else if (!(i == 0 && cp == 0xfeff)) {
            buf_add(out, bytes + i, n);
        }
        i += n;
    }
    return true;
}

/* Converted text of one step: NUL must not get into texts. */
static void
add_converted(struct buf *out, const char *s, size_t len, struct charset_result *result)
{
    while (len) {
        const char *nul = memchr(s, 0, len);
        size_t n = nul ? (size_t)(nul - s) : len;
        buf_add(out, s, n);
        if (nul) {
            add_replacement(out);
            result->damaged = true;
            n++;
        }
        s += n;
        len -= n;
    }
}

static bool
convert(struct buf *out, iconv_t cd, const char *bytes, size_t len, size_t max, struct charset_result *result)
{
    char block[8192], *in = (char *)(uintptr_t)bytes;
    size_t start = out->len;
    bool whole = true, flushing = false;

    while (len || !flushing) {
        char *o = block;
        size_t room = sizeof block;
        flushing = len == 0;
        size_t r = iconv(cd, flushing ? NULL : &in, flushing ? NULL : &len, &o, &room);
        int error = r == (size_t)-1 ? errno : 0;
        if (!fits(out, start, (size_t)(o - block) * 3 + 3, max)) {
            whole = false;
            break;
        }
        add_converted(out, block, (size_t)(o - block), result);
        if (error == EILSEQ || error == EINVAL) {
            add_replacement(out);
            result->damaged = true;
            in++;
            len--;
        }
    }
    return whole;
}

bool
charset_to_utf8(struct buf *out, const char *label, const char *bytes, size_t len, size_t max, struct charset_result *result)
{
    const char *name = *label ? charset_converter(label) : charset_guess(bytes, len);

    *result = (struct charset_result){.unknown = !name};
    if (!name)
        name = charset_guess(bytes, len);
    if (strcmp(name, "ASCII") == 0) {
        /* 8-bit bytes under this label are common; what they are is a guess */
        name = charset_guess(bytes, len);
        for (size_t i = 0; i < len && !result->damaged; i++)
            result->damaged = (unsigned char)bytes[i] > 127;
    }
    result->used = name;
    if (strcmp(name, "UTF-8") == 0)
        return copy_utf8(out, bytes, len, max, result);
    iconv_t cd = iconv_open("UTF-8", name);
    if (cd == (iconv_t)-1) {
        result->unknown = true;
        result->used = "UTF-8";
        return copy_utf8(out, bytes, len, max, result);
    }
    bool whole = convert(out, cd, bytes, len, max, result);
    (void)iconv_close(cd);
    return whole;
}
