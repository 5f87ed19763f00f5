/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What attachments are, by name and by content; the more dangerous of the two decides (S60, S61). */
#include <string.h>
#include <strings.h>

#include "internal.h"

struct extension {
    const char *name, *warning;
};
static const struct extension extensions[] = {
    {"ade", "dangerous-attachment"}, {"adp", "dangerous-attachment"}, {"apk", "dangerous-attachment"}, {"app", "dangerous-attachment"},
    {"application", "dangerous-attachment"}, {"appimage", "dangerous-attachment"}, {"appref-ms", "dangerous-attachment"},
    {"appx", "dangerous-attachment"}, {"bat", "dangerous-attachment"}, {"chm", "dangerous-attachment"}, {"cmd", "dangerous-attachment"},
    {"com", "dangerous-attachment"}, {"cpl", "dangerous-attachment"}, {"deb", "dangerous-attachment"}, {"desktop", "dangerous-attachment"},
    {"dll", "dangerous-attachment"}, {"elf", "dangerous-attachment"}, {"exe", "dangerous-attachment"}, {"flatpakref", "dangerous-attachment"},
    {"hta", "dangerous-attachment"}, {"inf", "dangerous-attachment"}, {"iqy", "dangerous-attachment"}, {"jar", "dangerous-attachment"},
    {"js", "dangerous-attachment"}, {"jse", "dangerous-attachment"}, {"jnlp", "dangerous-attachment"}, {"library-ms", "dangerous-attachment"},
    {"lnk", "dangerous-attachment"}, {"msc", "dangerous-attachment"}, {"msi", "dangerous-attachment"}, {"msix", "dangerous-attachment"},
    {"msp", "dangerous-attachment"}, {"mst", "dangerous-attachment"}, {"one", "dangerous-attachment"}, {"pif", "dangerous-attachment"},
    {"pkg", "dangerous-attachment"}, {"ps1", "dangerous-attachment"}, {"psm1", "dangerous-attachment"}, {"py", "dangerous-attachment"},
    {"rdp", "dangerous-attachment"}, {"reg", "dangerous-attachment"}, {"rpm", "dangerous-attachment"}, {"run", "dangerous-attachment"},
    {"scf", "dangerous-attachment"}, {"scr", "dangerous-attachment"}, {"sct", "dangerous-attachment"}, {"search-ms", "dangerous-attachment"},
    {"settingcontent-ms", "dangerous-attachment"}, {"sh", "dangerous-attachment"}, {"slk", "dangerous-attachment"}, {"url", "dangerous-attachment"},
    {"vb", "dangerous-attachment"}, {"vbe", "dangerous-attachment"}, {"vbs", "dangerous-attachment"}, {"website", "dangerous-attachment"},
    {"wsf", "dangerous-attachment"}, {"wsh", "dangerous-attachment"}, {"xll", "dangerous-attachment"},
    {"dmg", "disk-image"}, {"img", "disk-image"}, {"iso", "disk-image"}, {"vhd", "disk-image"}, {"vhdx", "disk-image"}, {"udf", "disk-image"},
    {"docm", "macro-attachment"}, {"dotm", "macro-attachment"}, {"potm", "macro-attachment"}, {"ppam", "macro-attachment"},
    {"ppsm", "macro-attachment"}, {"pptm", "macro-attachment"}, {"sldm", "macro-attachment"}, {"xla", "macro-attachment"},
    {"xlam", "macro-attachment"}, {"xlsb", "macro-attachment"}, {"xlsm", "macro-attachment"}, {"xltm", "macro-attachment"},
    {"htm", "html-attachment"}, {"html", "html-attachment"}, {"mht", "html-attachment"}, {"mhtml", "html-attachment"}, {"shtml", "html-attachment"},
    {"svg", "html-attachment"}, {"svgz", "html-attachment"}, {"xhtml", "html-attachment"}, {"xht", "html-attachment"},
    {"7z", "archive-attachment"}, {"ace", "archive-attachment"}, {"arj", "archive-attachment"}, {"bz2", "archive-attachment"},
    {"cab", "archive-attachment"}, {"gz", "archive-attachment"}, {"lzh", "archive-attachment"}, {"r00", "archive-attachment"},
    {"rar", "archive-attachment"}, {"tar", "archive-attachment"}, {"tgz", "archive-attachment"}, {"xz", "archive-attachment"},
    {"z", "archive-attachment"}, {"zip", "archive-attachment"}, {"zst", "archive-attachment"},
};
static const char *const harmless[] = {"pdf", "doc", "docx", "xls", "xlsx", "txt", "jpg", "jpeg", "png", "gif", "zip", "mp3", "mp4",
                                       "odt", "ods", "rtf", "csv"};

/* Types by content. */
static const struct {
    const char *type, *warning;
} contents[] = {
    {"application/x-dosexec", "dangerous-attachment"}, {"application/x-executable", "dangerous-attachment"},
    {"application/x-pie-executable", "dangerous-attachment"}, {"application/x-sharedlib", "dangerous-attachment"},
    {"application/x-mach-binary", "dangerous-attachment"}, {"application/vnd.microsoft.portable-executable", "dangerous-attachment"},
    {"application/x-ms-shortcut", "dangerous-attachment"}, {"text/x-shellscript", "dangerous-attachment"},
    {"text/x-msdos-batch", "dangerous-attachment"}, {"application/java-archive", "dangerous-attachment"}, {"application/x-msi", "dangerous-attachment"},
    {"application/x-ms-installer", "dangerous-attachment"}, {"application/vnd.ms-htmlhelp", "dangerous-attachment"},
    {"application/x-iso9660-image", "disk-image"}, {"application/x-apple-diskimage", "disk-image"}, {"application/x-virtualbox-vhd", "disk-image"},
};

/* What a name promises, by the beginning of the type that its content must have. */
static const struct {
    const char *extension, *types; /* separated by blanks */
} promises[] = {
    {"pdf", "application/pdf"}, {"jpg", "image/"}, {"jpeg", "image/"}, {"png", "image/"}, {"gif", "image/"},
    {"docx", "application/vnd.openxmlformats application/zip application/octet-stream"},
    {"xlsx", "application/vnd.openxmlformats application/zip application/octet-stream"},
    {"pptx", "application/vnd.openxmlformats application/zip application/octet-stream"},
    {"mp3", "audio/ application/octet-stream"}, {"mp4", "video/ audio/"},
};

static const struct extension *
find_extension(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        if (strlen(extensions[i].name) == len && strncasecmp(extensions[i].name, name, len) == 0)
            return &extensions[i];
    return NULL;
}

static bool
is_harmless(const char *s, size_t len)
{
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strlen(harmless[i]) == len && strncasecmp(harmless[i], s, len) == 0)
            return true;
    return false;
}

static bool
fits(const char *types, const char *type)
{
    for (const char *at = types; *at;) {
        size_t n = strcspn(at, " ");
        if (strncmp(type, at, n) == 0)
            return true;
        at += n;
        at += strspn(at, " ");
    }
    return false;
}

/* Only what is worse than its name: a program called a picture. Text called a document is somebody's mistake. */
static void
check_promise(struct threat *t, const struct wr_part *p, const char *extension, size_t len, const char *shown)
{
    if (strncmp(p->detected_type, "text/html", 9) != 0 && strncmp(p->detected_type, "application/zip", 15) != 0 &&
        strncmp(p->detected_type, "application/x-", 14) != 0)
        return;
    for (size_t i = 0; i < sizeof promises / sizeof *promises; i++)
        if (strlen(promises[i].extension) == len && strncasecmp(promises[i].extension, extension, len) == 0 && !fits(promises[i].types, p->detected_type))
            threat_warn(t, "attachment-type-differs", p->path, shown);
}

static void
check_attachment(struct threat *t, const struct wr_part *p)
{
    const char *dot = strrchr(p->name, '.'), *extension = dot ? dot + 1 : "", *shown = *p->name ? p->name : p->path;
    size_t len = strcspn(extension, " \t");
    const struct extension *e = find_extension(extension, len);

    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++)
        if (strcmp(contents[i].type, p->detected_type) == 0)
            threat_warn(t, contents[i].warning, p->path, shown);
    if (!dot)
        return;
    check_promise(t, p, extension, len, shown);
    if (!e)
        return;
    threat_warn(t, e->warning, p->path, shown);
    const char *before = dot;
    while (before > p->name && before[-1] != '.')
        before--;
    size_t n = strcspn(before, ". \t");
    if (before > p->name && (strcmp(e->warning, "dangerous-attachment") == 0 || strcmp(e->warning, "html-attachment") == 0) && is_harmless(before, n))
        threat_warn(t, "double-extension", p->path, shown);
}

void
threat_attachments(struct threat *t)
{
    for (uint32_t i = 0; i < t->v->parts_n; i++)
        if (t->v->parts[i].attachment)
            check_attachment(t, &t->v->parts[i]);
}
