/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GPGME contexts: how they are set up, what gpg's status lines said, and what its errors mean here. */
#include "pgp_session.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"

#define MAX_ATTEMPTS 3 /* passphrases that the person may type for one operation */

/* ---- start */

/* What `gpgconf --list-dirs` says, gpgconf being where gpg is; nothing when it cannot be asked. */
static void
list_dirs(const char *gpg, struct buf *out)
{
    struct buf program = BUF_INIT;
    gpgme_ctx_t ctx = NULL;
    gpgme_data_t data = NULL;
    const char *argv[] = {"gpgconf", "--list-dirs", NULL};
    buf_add(&program, gpg, (size_t)(strrchr(gpg, '/') ? strrchr(gpg, '/') + 1 - gpg : 0));
    buf_adds(&program, "gpgconf");
    if (!gpgme_new(&ctx) && !gpgme_data_new(&data) && !gpgme_set_protocol(ctx, GPGME_PROTOCOL_SPAWN) &&
        !gpgme_op_spawn(ctx, buf_str(&program), argv, NULL, data, NULL, 0)) {
        size_t len;
        char *text = gpgme_data_release_and_get_mem(data, &len);
        data = NULL;
        buf_add(out, text, len);
        gpgme_free(text);
    }
    gpgme_data_release(data);
    gpgme_release(ctx);
    buf_release(&program);
}

/* The value of a line "NAME:VALUE" without its percent escapes. NULL: there is none. Owned by the caller. */
static char *
dir_of(const struct buf *dirs, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = buf_str(dirs); *at; at += strcspn(at, "\n"), at += *at == '\n') {
        if (strncmp(at, name, len) != 0 || at[len] != ':')
            continue;
        char *value = strndup(at + len + 1, strcspn(at + len + 1, "\n")), *to = value;
        for (const char *from = value; value && (*to = *from); to++, from++) {
            const char hex[3] = {from[0] == '%' ? from[1] : '\0', from[0] == '%' && from[1] ? from[2] : '\0', '\0'};
            char *end;
            unsigned long byte = strtoul(hex, &end, 16);
            if (byte && end == hex + 2) {
                *to = (char)byte;
                from += 2;
            }
        }
        return value;
    }
    return NULL;
}

enum sp_status
pgp_start(const char *home, struct pgp_paths *paths)
{
    gpgme_engine_info_t info;
    *paths = (struct pgp_paths){NULL, NULL, NULL};
    /* Asking gpgconf for everything and gpgsm for its version costs GPGME four programs at every start; one tells what is needed here. */
    (void)gpgme_set_global_flag("disable-gpgconf", "1");
    if (!gpgme_check_version("1.16.0"))
        return SP_UNAVAILABLE;
    /* gpgconf reads the home from the environment only. */
    if (*home && setenv("GNUPGHOME", home, 1) != 0)
        return SP_NOMEM;
    if (gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP) || gpgme_get_engine_info(&info))
        return SP_UNAVAILABLE;
    while (info && info->protocol != GPGME_PROTOCOL_OpenPGP)
        info = info->next;
    struct buf dirs = BUF_INIT;
    if (info && info->file_name)
        list_dirs(info->file_name, &dirs);
    paths->agent_socket = dir_of(&dirs, "agent-socket");
    paths->home = *home ? strdup(home) : dir_of(&dirs, "homedir");
    buf_release(&dirs);
    paths->gpg = info && info->file_name ? strdup(info->file_name) : NULL;
    return paths->gpg && paths->agent_socket && paths->home ? SP_OK : SP_UNAVAILABLE;
}

void
pgp_paths_release(struct pgp_paths *paths)
{
    free(paths->gpg);
    free(paths->agent_socket);
    free(paths->home);
    *paths = (struct pgp_paths){NULL, NULL, NULL};
}

/* ---- status lines */

/* The next number of a status line; 0 when there is none. */
static unsigned long
next_number(const char **at)
{
    char *end;
    unsigned long value = strtoul(*at, &end, 10);
    *at = end;
    return value;
}

/* "DECRYPTION_INFO MDC-METHOD CIPHER [AEAD]" */
static void
seen_decryption_info(struct pgp_seen *seen, const char *args)
{
    seen->mdc_method = (unsigned)next_number(&args);
    (void)next_number(&args);
    seen->aead = (unsigned)next_number(&args);
}

static void
seen_plaintext(struct pgp_seen *seen)
{
    seen->plaintext++;
    if (!seen->open)
        seen->plaintext_outside++;
}

void
pgp_wants(struct pgp_session *s, const char *key_id)
{
    size_t len = strspn(key_id, "0123456789ABCDEFabcdef");
    if (len < 16 || len >= sizeof s->wanted[0] || strspn(key_id, "0") == len || s->wanted_n == PGP_WANTED)
        return; /* all zeros: a recipient who is not named */
    memcpy(s->wanted[s->wanted_n], key_id, len);
    s->wanted[s->wanted_n++][len] = '\0';
}

/* "ERROR pkdecrypt_failed CODE" with a libgpg-error code: in loopback mode the only word about a wrong passphrase. */
static bool
failed_with(const char *keyword, const char *args, gpgme_err_code_t code)
{
    static const char what[] = "pkdecrypt_failed ";
    if (strcmp(keyword, "ERROR") != 0 || !args || strncmp(args, what, sizeof what - 1) != 0)
        return false;
    args += sizeof what - 1;
    return gpgme_err_code((gpgme_error_t)next_number(&args)) == code;
}

static gpgme_error_t
on_status(void *arg, const char *keyword, const char *args)
{
    struct pgp_session *s = arg;
    struct pgp_seen *seen = &s->seen;
    const struct {
        const char *word;
        unsigned *count;
    } counters[] = {
        {"BEGIN_DECRYPTION", &seen->begin_decryption}, {"DECRYPTION_OKAY", &seen->decryption_okay},
        {"DECRYPTION_FAILED", &seen->decryption_failed}, {"GOODMDC", &seen->goodmdc}, {"NEWSIG", &seen->newsig},
        {"GOODSIG", &seen->goodsig}, {"NO_SECKEY", &seen->no_seckey},
    };

    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        if (strcmp(keyword, counters[i].word) == 0)
            ++*counters[i].count;
    if (strcmp(keyword, "BEGIN_DECRYPTION") == 0)
        seen->open = true;
    else if (strcmp(keyword, "END_DECRYPTION") == 0)
        seen->open = false;
    else if (strcmp(keyword, "DECRYPTION_INFO") == 0)
        seen_decryption_info(seen, args ? args : "");
    else if (strcmp(keyword, "PLAINTEXT") == 0)
        seen_plaintext(seen);
    else if (strcmp(keyword, "BAD_PASSPHRASE") == 0 || failed_with(keyword, args, GPG_ERR_BAD_PASSPHRASE))
        s->was_wrong = true;
    else if (failed_with(keyword, args, GPG_ERR_CANCELED))
        s->refused = true;
    else if (strcmp(keyword, "PINENTRY_LAUNCHED") == 0 && args && s->op->pinentry_runs)
        s->op->pinentry_runs(s->op->ask_arg, (uint32_t)next_number(&args));
    else if (strcmp(keyword, "ENC_TO") == 0 && args && !s->handed)
        pgp_wants(s, args);
    return 0;
}

/* ---- passphrases */

static enum sp_status
ask_person(struct pgp_session *s, const char *hint, bool was_wrong, struct secret *out)
{
    char key_id[64] = "";
    const char *user_id = hint ? hint : "";
    const char *space = strchr(user_id, ' ');
    if (!s->op->ask || !s->interactive)
        return SP_PASSPHRASE_NEEDED;
    if (space && (size_t)(space - user_id) < sizeof key_id) {
        memcpy(key_id, user_id, (size_t)(space - user_id));
        user_id = space + 1;
    }
    return s->op->ask(s->op->ask_arg, user_id, key_id, was_wrong, out);
}

/* GPGME's callback: hint is "KEYID user id". The passphrase goes from locked memory straight into gpg's pipe. */
static gpgme_error_t
on_passphrase(void *arg, const char *hint, const char *info, int was_bad, int fd)
{
    struct pgp_session *s = arg;
    struct secret asked = SECRET_INIT;
    const struct secret *use = s->fixed;
    gpgme_error_t err = 0;
    (void)info;

    if (use && was_bad)
        return gpgme_error(GPG_ERR_BAD_PASSPHRASE);
    if (!use) {
        s->ask_status = ask_person(s, hint, was_bad || s->was_wrong, &asked);
        if (s->ask_status)
            err = gpgme_error(GPG_ERR_CANCELED);
        use = &asked;
    }
    s->asked = true;
    s->was_wrong = false;
    if (!err && ((use->len && gpgme_io_writen(fd, use->data, use->len) != 0) || gpgme_io_writen(fd, "\n", 1) != 0))
        err = gpgme_error_from_syserror();
    secret_release(&asked);
    return err;
}

/* ---- pinentry */

/* A word that may go into gpg's environment or on its command line: nothing but these characters, and no option. */
static bool
plain_word(const char *s, const char *beside, size_t max)
{
    size_t len = strlen(s);
    if (len == 0 || len > max || *s == '-')
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr(beside, *s))
            return false;
    return true;
}

static enum sp_status
use_terminal(struct pgp_session *s, const struct keys_terminal *t)
{
    bool good = plain_word(t->tty, "/._-", 200) && strncmp(t->tty, "/dev/", 5) == 0 && !strstr(t->tty, "..") && plain_word(t->term, "._+-", 100);
    if (!good)
        return SP_INVALID;
    /* gpg tells both to the agent, and the agent to pinentry. This process ends with the operation. */
    if (setenv("GPG_TTY", t->tty, 1) != 0 || setenv("TERM", t->term, 1) != 0)
        return SP_NOMEM;
    if (plain_word(t->lc_ctype, "._@-", 100))
        (void)gpgme_set_locale(s->ctx, LC_CTYPE, t->lc_ctype);
    if (plain_word(t->lc_messages, "._@-", 100))
        (void)gpgme_set_locale(s->ctx, LC_MESSAGES, t->lc_messages);
    return gpgme_set_pinentry_mode(s->ctx, GPGME_PINENTRY_MODE_DEFAULT) ? SP_UNSUPPORTED : SP_OK;
}

/* The agent knows whether it has to ask; only then is the person's terminal wanted. */
static bool
hand_over(struct pgp_session *s)
{
    struct keys_terminal terminal = {"", "", "", ""};
    gpgme_key_t key = NULL;
    const char *id = "";
    s->handed = true; /* once: pinentry itself lets the person try again */
    for (unsigned i = 0; i < s->wanted_n && !key; i++) {
        id = s->wanted[i];
        if (gpgme_get_key(s->ctx, id, &key, 1))
            key = NULL;
    }
    size_t len = strlen(id);
    s->ask_status = s->op->hand_over(s->op->ask_arg, key && key->uids && key->uids->uid ? key->uids->uid : "",
                                     key && len > 16 ? id + len - 16 : key ? id : "", &terminal);
    if (key)
        gpgme_key_unref(key);
    if (!s->ask_status)
        s->ask_status = use_terminal(s, &terminal);
    return s->ask_status == SP_OK;
}

/* ---- the context */

static gpgme_error_t
set_up(struct pgp_session *s)
{
    const struct keys_op *op = s->op;
    bool prompt = s->interactive && !s->fixed;
    gpgme_pinentry_mode_t mode = GPGME_PINENTRY_MODE_CANCEL; /* no prompt, no card dialog, whatever the agent thinks */
    if (s->fixed || (prompt && !op->pinentry))
        mode = GPGME_PINENTRY_MODE_LOOPBACK;

    gpgme_error_t err = gpgme_set_protocol(s->ctx, GPGME_PROTOCOL_OpenPGP);
    /* Naming the home that the environment names already would only make GPGME run gpg once more. */
    const char *environment = getenv("GNUPGHOME");
    if (!err && *op->gnupg_home && (!environment || strcmp(environment, op->gnupg_home) != 0))
        err = gpgme_ctx_set_engine_info(s->ctx, GPGME_PROTOCOL_OpenPGP, NULL, op->gnupg_home);
    if (!err)
        err = gpgme_set_pinentry_mode(s->ctx, mode);
    if (!err)
        err = gpgme_set_ctx_flag(s->ctx, "full-status", "1");
    gpgme_set_offline(s->ctx, 1); /* S78: --disable-dirmngr, no auto-key-retrieve */
    gpgme_set_status_cb(s->ctx, on_status, s);
    if (mode == GPGME_PINENTRY_MODE_LOOPBACK)
        gpgme_set_passphrase_cb(s->ctx, on_passphrase, s);
    return err;
}

enum sp_status
pgp_open(struct pgp_session *s, const struct keys_op *op, bool interactive, const struct secret *fixed)
{
    *s = (struct pgp_session){.op = op, .interactive = interactive, .fixed = fixed};
    if (gpgme_new(&s->ctx))
        return SP_UNAVAILABLE;
    gpgme_error_t err = set_up(s);
    return err ? pgp_status(s, err) : SP_OK;
}

enum sp_status
pgp_need_agent(const struct pgp_session *s)
{
    return s->op->agent ? s->op->agent(s->op->ask_arg) : SP_OK;
}

void
pgp_close(struct pgp_session *s)
{
    if (s->ctx)
        gpgme_release(s->ctx);
    s->ctx = NULL;
}

void
pgp_again(struct pgp_session *s)
{
    s->seen = (struct pgp_seen){0};
    s->ask_status = SP_OK;
    s->refused = false;
}

bool
pgp_may_retry(struct pgp_session *s, gpgme_error_t err, int attempt)
{
    gpgme_err_code_t code = gpgme_err_code(err);
    bool refused = s->refused || code == GPG_ERR_CANCELED || code == GPG_ERR_FULLY_CANCELED;
    if (err && refused && s->op->pinentry && s->op->hand_over && s->interactive && !s->fixed && !s->handed)
        return hand_over(s);
    s->was_wrong |= code == GPG_ERR_BAD_PASSPHRASE;
    return err && !s->fixed && s->asked && s->was_wrong && !s->ask_status && attempt + 1 < MAX_ATTEMPTS;
}

static enum sp_status
cancelled_status(const struct pgp_session *s)
{
    if (s->was_wrong)
        return SP_PASSPHRASE_WRONG;
    if (s->ask_status)
        return s->ask_status;
    return s->interactive ? SP_CANCELLED : SP_PASSPHRASE_NEEDED;
}

enum sp_status
pgp_status(const struct pgp_session *s, gpgme_error_t err)
{
    if (!err)
        return SP_OK;
    log_line("gpg: %s", gpgme_strerror(err));
    switch (gpgme_err_code(err)) {
    case GPG_ERR_BAD_PASSPHRASE: return SP_PASSPHRASE_WRONG;
    case GPG_ERR_NO_PASSPHRASE:
    case GPG_ERR_CANCELED:
    case GPG_ERR_FULLY_CANCELED: return cancelled_status(s);
    case GPG_ERR_NO_SECKEY:
    case GPG_ERR_UNUSABLE_SECKEY: return s->ask_status ? s->ask_status : SP_NO_SECRET_KEY;
    case GPG_ERR_NO_PUBKEY:
    case GPG_ERR_UNUSABLE_PUBKEY:
    case GPG_ERR_EOF: /* a key listing without a match */
    case GPG_ERR_AMBIGUOUS_NAME: return SP_NO_KEY;
    case GPG_ERR_ENOMEM: return SP_NOMEM;
    case GPG_ERR_EFBIG: return SP_TOO_LARGE;
    case GPG_ERR_AGENT:
    case GPG_ERR_NO_AGENT:
    case GPG_ERR_INV_ENGINE:
    case GPG_ERR_ASS_CONNECT_FAILED: return SP_UNAVAILABLE;
    case GPG_ERR_NOT_SUPPORTED:
    case GPG_ERR_UNSUPPORTED_ALGORITHM: return SP_UNSUPPORTED;
    default: return s->ask_status ? s->ask_status : SP_CRYPTO;
    }
}

/* ---- data */

enum sp_status
pgp_data_in(gpgme_data_t *data, const void *bytes, size_t len)
{
    return gpgme_data_new_from_mem(data, len ? bytes : "", len, 0) ? SP_NOMEM : SP_OK;
}

static ssize_t
sink_write(void *handle, const void *bytes, size_t len)
{
    struct keys_sink *sink = handle;
    if (keys_sink_write(sink, bytes, len) == SP_OK)
        return (ssize_t)len;
    errno = sink->status == SP_TOO_LARGE ? EFBIG : EIO;
    return -1;
}

enum sp_status
pgp_data_out(struct pgp_session *s, gpgme_data_t *data, struct keys_sink *sink)
{
    s->out.write = sink_write;
    return gpgme_data_new_from_cbs(data, &s->out, sink) ? SP_NOMEM : SP_OK;
}
