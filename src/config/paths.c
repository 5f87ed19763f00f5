/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where configuration, profile and run-time files are (XDG Base Directory Specification). */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

static const char *
absolute(const char *name)
{
    const char *v = getenv(name);
    return v && v[0] == '/' ? v : NULL; /* relative values are invalid by the specification */
}

/* A folder of ours alone, else it is no place for a socket. */
static bool
is_private_folder(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0 && S_ISDIR(s.st_mode) && s.st_uid == geteuid() && (s.st_mode & 022) == 0;
}

/* FNV-1a over the paths; repeated slashes and one at the end do not count. No secret depends on it. */
static uint32_t
hash_paths(const struct config_paths *p)
{
    const char *const paths[] = {p->config_file, p->home};
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < 2; i++) {
        for (const char *c = paths[i]; *c; c++)
            if (*c != '/' || (c[1] != '/' && c[1]))
                h = (h ^ (unsigned char)*c) * 16777619u;
        h *= 16777619u; /* the border between the two */
    }
    return h;
}

enum sp_status
config_find_paths(struct arena *arena, struct config_paths *out)
{
    const char *all = absolute("SEALPOST_HOME"), *home = absolute("HOME"), *run = absolute("XDG_RUNTIME_DIR");
    if (all) {
        out->config_file = arena_printf(arena, "%s/config", all);
        out->home = arena_printf(arena, "%s/data", all);
        out->runtime = arena_printf(arena, "%s/run", all);
    } else if (home) {
        const char *config = absolute("XDG_CONFIG_HOME"), *data = absolute("XDG_DATA_HOME");
        out->config_file = config ? arena_printf(arena, "%s/sealpost/config", config) : arena_printf(arena, "%s/.config/sealpost/config", home);
        out->home = data ? arena_printf(arena, "%s/sealpost", data) : arena_printf(arena, "%s/.local/share/sealpost", home);
        if (!out->config_file || !out->home)
            return SP_NOMEM;
        out->runtime = run && is_private_folder(run) ? arena_printf(arena, "%s/sealpost-%08x", run, hash_paths(out))
                                                     : arena_printf(arena, "/tmp/sealpost-%u-%08x", (unsigned)geteuid(), hash_paths(out));
    } else {
        return SP_NOT_FOUND;
    }
    return out->config_file && out->home && out->runtime ? SP_OK : SP_NOMEM;
}
