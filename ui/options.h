/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the stub tells the screen at its start. ui reads no configuration: it opens no file. */
#ifndef UI_OPTIONS_H
#define UI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* sealpost-ui [--theme=NAME] [--ascii] [--editor] [--downloads=FOLDER] [--bind=KEY=ACTION]... [--folder=NAME] [--compose=MAILTO]
   [mailto:ADDRESS] */
struct options {
    const char *theme;      /* "default", "light", "mono" */
    bool ascii;
    bool editor;            /* an external editor is configured: `edit` asks the stub for it */
    const char *downloads;  /* where `save` proposes to save; "" = the current folder */
    const char *folder;     /* opened first; "" = the last one, else the inbox */
    const char *compose;    /* a mailto: address, or "mailto:" alone; NULL = none */
    const char *const *argv; /* for the bindings; borrowed */
    int argc;
};

/* Texts are borrowed from argv. SP_INVALID: *bad is the argument that is not understood. */
enum sp_status options_parse(struct options *o, int argc, const char *const *argv, const char **bad) SP_MUST_USE;
/* The value of the i-th --bind argument, NULL beyond the last. */
const char *options_binding(const struct options *o, size_t i);

#endif
