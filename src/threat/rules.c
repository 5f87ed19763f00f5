/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of rules, and how a finding becomes a warning. */
#include <string.h>
#include <strings.h>

#include "internal.h"

#define MAX_WARNINGS 200

static const struct rule {
    const char *id;
    enum sp_level level;
    const char *text;
} rules[] = {
#define RULE(id, level, text, source) {id, SP_LEVEL_##level, text},
#include "rules.def"
#undef RULE
};

static const struct rule *
find(const char *id)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].id, id) == 0)
            return &rules[i];
    return &rules[0];
}

static bool
is_there(const struct wr_verdict *v, const char *id, const char *part, const char *arg)
{
    for (uint32_t i = 0; i < v->warnings_n; i++) {
        const struct wr_warning *w = &v->warnings[i];
        if (strcmp(w->id, id) == 0 && strcmp(w->part, part) == 0 && strcmp(w->args_n ? w->args[0].text : "", arg) == 0)
            return true;
    }
    return false;
}

static const char *
sentence(struct threat *t, const char *text, const char *arg)
{
    const char *at = strstr(text, "%s");
    return at ? arena_printf(t->arena, "%.*s%s%s", (int)(at - text), text, arg, at + 2) : arena_strdup(t->arena, text);
}

void
threat_warn(struct threat *t, const char *id, const char *part, const char *arg)
{
    struct wr_verdict *v = t->v;
    const struct rule *r = find(id);

    if ((t->trusted && r->level == SP_LEVEL_CAUTION) || v->warnings_n >= MAX_WARNINGS || is_there(v, id, part, arg))
        return;
    struct wr_warning *list = arena_array(t->arena, (size_t)v->warnings_n + 1, sizeof *list);
    struct wr_text *args = *arg ? arena_array(t->arena, 1, sizeof *args) : NULL;
    const char *text = sentence(t, r->text, arg);
    if (!list || !text || (*arg && !args)) {
        t->nomem = true;
        return;
    }
    if (v->warnings_n)
        memcpy(list, v->warnings, v->warnings_n * sizeof *list);
    if (args)
        args->text = arg;
    list[v->warnings_n] = (struct wr_warning){.id = r->id, .level = (uint8_t)r->level, .part = part, .text = text, .args = args, .args_n = args != NULL};
    v->warnings = list;
    v->warnings_n++;
    if (r->level > v->risk)
        v->risk = (uint8_t)r->level;
}

const char *
threat_header(const struct wr_verdict *v, const char *name, unsigned nth)
{
    for (uint32_t i = 0; i < v->headers_n; i++)
        if (strcasecmp(v->headers[i].name, name) == 0 && nth-- == 0)
            return v->headers[i].value;
    return NULL;
}
