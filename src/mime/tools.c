/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading of what parsing needs. */
#include "tools.h"

#include <libxml/parser.h>
#include <magic.h>

#include "charset.h"

enum sp_status
mime_tools_init(struct mime_tools *t)
{
    *t = (struct mime_tools){.options = NULL};
    g_mime_init();
    xmlInitParser();
    t->options = value_options_new();
    t->charsets = charset_preload();
    if (!t->charsets)
        return SP_NOMEM;
    /* Regular files only, no decompression: both would open or start something. */
    t->magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_ENCODING);
    if (t->magic && magic_load(t->magic, NULL) != 0) {
        magic_close(t->magic);
        t->magic = NULL;
    }
    if (t->magic)
        (void)magic_buffer(t->magic, "warm\n", 5); /* what libmagic sets up at first use, it sets up now */
    return SP_OK;
}

void
mime_tools_release(struct mime_tools *t)
{
    if (t->magic)
        magic_close(t->magic);
    charset_unload(t->charsets);
    if (t->options)
        g_mime_parser_options_free(t->options);
    *t = (struct mime_tools){.options = NULL};
}

const char *
mime_tools_detect(struct mime_tools *t, const char *bytes, size_t len)
{
    const char *type = t->magic && len ? magic_buffer(t->magic, bytes, len) : NULL;
    return type ? type : "";
}
