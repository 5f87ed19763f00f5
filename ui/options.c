/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arguments of sealpost-ui. */
#include "options.h"

#include <string.h>

static const char *
value(const char *arg, const char *name)
{
    size_t len = strlen(name);
    return strncmp(arg, name, len) == 0 ? arg + len : NULL;
}

enum sp_status
options_parse(struct options *o, int argc, const char *const *argv, const char **bad)
{
    *o = (struct options){.theme = "default", .downloads = "", .folder = "", .argv = argv, .argc = argc};
    *bad = NULL;
    for (int i = 1; i < argc; i++) {
        const char *v;
        if (strcmp(argv[i], "--ascii") == 0)
            o->ascii = true;
        else if (strcmp(argv[i], "--editor") == 0)
            o->editor = true;
        else if ((v = value(argv[i], "--theme=")))
            o->theme = v;
        else if ((v = value(argv[i], "--downloads=")))
            o->downloads = v;
        else if ((v = value(argv[i], "--folder=")))
            o->folder = v;
        else if ((v = value(argv[i], "--compose=")))
            o->compose = v;
        else if (strncmp(argv[i], "mailto:", 7) == 0)
            o->compose = argv[i];
        else if (!value(argv[i], "--bind=")) {
            *bad = argv[i];
            return SP_INVALID;
        }
    }
    return SP_OK;
}

const char *
options_binding(const struct options *o, size_t i)
{
    for (int n = 1; n < o->argc; n++) {
        const char *v = value(o->argv[n], "--bind=");
        if (v && i-- == 0)
            return v;
    }
    return NULL;
}
