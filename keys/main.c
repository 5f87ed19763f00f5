/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost-keys: the role that holds keys. Started by the supervisor: sealpost-keys --home PROFILE --gnupg-home FOLDER
   (both needed before confinement, so they cannot come in a message; "" = none, GnuPG's own). */
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/role.h"
#include "base/sandbox.h"
#include "service.h"

struct keys_main {
    struct service *service;
    const char *home, *gnupg_home;
    char store_dir[4096];
    struct pgp_paths gpg;
};

static void
on_peer(struct role *r, enum sp_role peer, unsigned index, int fd, void *arg)
{
    struct keys_main *m = arg;
    (void)r;
    (void)index;
    if (peer == SP_ROLE_ENGINE && m->service)
        service_engine(m->service, fd);
    else
        (void)close(fd);
}

static void
on_control(struct role *r, struct wire_in *in, struct arena *arena, void *arg)
{
    struct keys_main *m = arg;
    (void)r;
    if (m->service)
        service_control(m->service, in, arena);
}

static bool
read_arguments(struct keys_main *m, int argc, char **argv)
{
    m->home = m->gnupg_home = "";
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return false;
        if (strcmp(argv[i], "--home") == 0)
            m->home = argv[i + 1];
        else if (strcmp(argv[i], "--gnupg-home") == 0)
            m->gnupg_home = argv[i + 1];
        else
            return false;
    }
    return true;
}

/* Folders must exist before confinement: rules are made for what is there. GnuPG makes its own only as the default one. */
static void
make_folders(struct keys_main *m)
{
    if (*m->home) {
        int n = snprintf(m->store_dir, sizeof m->store_dir, "%s/keys", m->home);
        if (n < 0 || (size_t)n >= sizeof m->store_dir)
            m->store_dir[0] = '\0';
        if (mkdir(m->home, 0700) != 0 && errno != EEXIST)
            log_line("no profile folder");
        if (*m->store_dir && mkdir(m->store_dir, 0700) != 0 && errno != EEXIST)
            log_line("no folder for certificates");
    }
    if (m->gpg.home && mkdir(m->gpg.home, 0700) != 0 && errno != EEXIST)
        log_line("no GnuPG folder");
}

/* The dynamic loader that starts gpg: the same as ours. */
static int
note_loader(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_INTERP)
            *(const char **)arg = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    return 1; /* the program itself comes first */
}

static enum sp_status
confine(const struct keys_main *m)
{
    const char *loader = NULL;
    (void)dl_iterate_phdr(note_loader, (void *)&loader);
    /* What gpg and its libraries read; no program, no home, no other user's file is among it. */
    const char *const read_only[] = {"/usr", "/lib", "/lib64", "/etc/gnupg", "/etc/gcrypt", "/etc/ld.so.cache", "/etc/ld.so.conf",
                                     "/etc/ld.so.conf.d", "/etc/passwd", "/etc/nsswitch.conf", "/etc/localtime", "/etc/ssl/openssl.cnf",
                                     "/dev/urandom", "/dev/random", "/proc/sys/crypto", "/proc/self/fd", NULL};
    const char *const read_write[] = {"/dev/null", *m->store_dir ? m->store_dir : "/dev/null", m->gpg.home ? m->gpg.home : "/dev/null", NULL};
    const char *const execute[] = {m->gpg.gpg ? m->gpg.gpg : "/dev/null", loader ? loader : "/dev/null", NULL};
    return sandbox_enter(SP_ROLE_KEYS, &(struct sandbox_paths){.read_only = read_only, .read_write = read_write, .execute = execute});
}

static int
run(struct keys_main *m, struct role *role)
{
    if (pgp_start(m->gnupg_home, &m->gpg) != SP_OK)
        log_line("no usable gpg: OpenPGP is not available");
    smime_start();
    make_folders(m);
    enum sp_status st = confine(m);
    if (st) {
        log_line("cannot confine: %s", sp_status_name(st));
        return 70;
    }
    m->service = service_new(&(struct service_config){
        .loop = role_loop(role), .control = role_control(role), .home = m->home, .store_dir = m->store_dir,
        .gnupg_home = m->gnupg_home, .agent_socket = m->gpg.agent_socket ? m->gpg.agent_socket : "",
    });
    return m->service ? role_run(role) : 70;
}

int
main(int argc, char **argv)
{
    struct keys_main m = {.service = NULL};
    if (!read_arguments(&m, argc, argv)) {
        (void)fprintf(stderr, "usage: sealpost-keys --home FOLDER --gnupg-home FOLDER\n");
        return 64;
    }
    struct role *role = role_new(SP_ROLE_KEYS, on_peer, on_control, &m);
    if (!role)
        return 70;
    int code = run(&m, role);
    service_free(m.service);
    pgp_paths_release(&m.gpg);
    role_free(role);
    return code;
}
