/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File names of attachments. */
#include "filename.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* Extensions by what opening them does. Only used to choose between two names that a message gives for one part; judging them
   is the business of src/threat. */
static const struct {
    const char *extension;
    int danger;
} extensions[] = {
    {"exe", 3}, {"com", 3}, {"scr", 3}, {"pif", 3}, {"bat", 3}, {"cmd", 3}, {"ps1", 3}, {"vbs", 3}, {"vbe", 3}, {"js", 3}, {"jse", 3},
    {"wsf", 3}, {"wsh", 3}, {"hta", 3}, {"msi", 3}, {"msp", 3}, {"cpl", 3}, {"jar", 3}, {"lnk", 3}, {"url", 3}, {"desktop", 3},
    {"reg", 3}, {"sh", 3}, {"bash", 3}, {"py", 3}, {"pl", 3}, {"rb", 3}, {"run", 3}, {"bin", 3}, {"elf", 3}, {"appimage", 3},
    {"deb", 3}, {"rpm", 3}, {"dmg", 3}, {"pkg", 3}, {"app", 3}, {"apk", 3}, {"chm", 3}, {"dll", 3}, {"sct", 3}, {"xll", 3},
    {"iso", 2}, {"img", 2}, {"vhd", 2}, {"vhdx", 2}, {"docm", 2}, {"xlsm", 2}, {"pptm", 2}, {"dotm", 2}, {"xltm", 2}, {"xlam", 2},
    {"one", 2}, {"html", 2}, {"htm", 2}, {"shtml", 2}, {"xhtml", 2}, {"mht", 2}, {"mhtml", 2}, {"svg", 2}, {"xml", 2},
    {"zip", 1}, {"rar", 1}, {"7z", 1}, {"gz", 1}, {"xz", 1}, {"bz2", 1}, {"tar", 1}, {"cab", 1}, {"ace", 1}, {"arj", 1},
    {"doc", 1}, {"xls", 1}, {"ppt", 1}, {"rtf", 1}, {"pdf", 1},
};

const char *
filename_extension(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : "";
}

int
filename_danger(const char *name)
{
    const char *e = filename_extension(name);
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (strcasecmp(e, extensions[i].extension) == 0)
            return extensions[i].danger;
    return 0;
}

/* Characters that have no place in a file name: controls, separators and formatting that hide or reorder the rest. */
static bool
is_unsafe(uint32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xad || cp == 0x61c || cp == 0xfeff || cp == 0xfffd)
        return true;
    if ((cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f))
        return true;
    return (cp >= 0xfff0 && cp <= 0xffff) || (cp >= 0xe0000 && cp <= 0xe0fff) || (cp >= 0xfdd0 && cp <= 0xfdef) ||
           (cp >= 0x180b && cp <= 0x180e) || cp == 0x115f || cp == 0x1160 || cp == 0x3164 || cp == 0xffa0;
}

static void
shorten(struct buf *b)
{
    if (b->len <= FILENAME_MAX_BYTES)
        return;
    const char *dot = strrchr(b->data, '.');
    size_t tail = dot ? b->len - (size_t)(dot - b->data) : 0;
    if (tail > 20)
        tail = 0;
    size_t head = FILENAME_MAX_BYTES - tail;
    while (head && (b->data[head] & 0xc0) == 0x80)
        head--;
    memmove(b->data + head, b->data + b->len - tail, tail);
    buf_truncate(b, head + tail);
}

bool
filename_safe(struct buf *out, const char *name)
{
    struct buf b = BUF_INIT;
    const char *base = name;

    for (const char *p = name; *p; p++)
        if (*p == '/' || *p == '\\')
            base = p + 1;
    for (size_t i = 0, len = strlen(base); i < len;) {
        uint32_t cp;
        size_t n = utf8_decode(base + i, len - i, &cp);
        if (n == 1 && cp == 0xfffd)
            buf_addc(&b, '_');
        else if (!is_unsafe(cp))
            buf_addc(&b, strchr(":*?\"<>|", (int)(cp & 0x7f)) && cp < 0x80 ? '_' : base[i]);
        if (n > 1 && !is_unsafe(cp))
            buf_add(&b, base + i + 1, n - 1);
        i += n;
    }
    size_t skip = 0;
    while (skip < b.len && (b.data[skip] == '.' || b.data[skip] == ' ' || b.data[skip] == '-'))
        skip++;
    if (skip)
        buf_drop(&b, skip);
    while (b.len && (b.data[b.len - 1] == '.' || b.data[b.len - 1] == ' '))
        buf_truncate(&b, b.len - 1);
    shorten(&b);
    bool changed = strcmp(buf_str(&b), name) != 0;
    buf_adds(out, buf_str(&b));
    buf_release(&b);
    return changed;
}
