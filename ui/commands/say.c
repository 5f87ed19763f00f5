/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of the commands: errors, statuses, exit codes. */
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#include "command.h"

const char *
say_safe(struct arena *a, const char *text)
{
    struct buf safe = BUF_INIT;
    (void)safetext_add(&safe, text, strlen(text), SAFETEXT_LINE);
    const char *copy = arena_strdup(a, buf_str(&safe));
    buf_release(&safe);
    return copy ? copy : "";
}

void
say_error(const char *fmt, ...)
{
    struct buf raw = BUF_INIT, safe = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vaddf(&raw, fmt, ap);
    va_end(ap);
    (void)safetext_add(&safe, buf_str(&raw), raw.len, SAFETEXT_BLOCK);
    fprintf(stderr, "sealpost: %s\n", buf_str(&safe));
    buf_release(&raw);
    buf_release(&safe);
}

/* Statuses that a command can meet, in a person's words, with the exit status of sysexits.h. */
static const struct {
    enum sp_status status;
    int exit;
    const char *text;
} table[] = {
    {SP_OK, EX_OK, N_("done")},
    {SP_NOMEM, EX_OSERR, N_("there is not enough memory")},
    {SP_IO, EX_IOERR, N_("reading or writing failed")},
    {SP_INVALID, EX_DATAERR, N_("the data is not valid")},
    {SP_TOO_LARGE, EX_DATAERR, N_("this is too large (or the path of a socket is longer than the system allows: use a shorter folder)")},
    {SP_NOT_FOUND, EX_NOINPUT, N_("it does not exist")},
    {SP_EXISTS, EX_CANTCREAT, N_("it exists already")},
    {SP_CANCELLED, EX_TEMPFAIL, N_("cancelled")},
    {SP_TIMEOUT, EX_TEMPFAIL, N_("it took too long")},
    {SP_CRASHED, EX_SOFTWARE, N_("a part of sealpost ended unexpectedly; it is started again by itself, so try once more")},
    {SP_UNAVAILABLE, EX_UNAVAILABLE, N_("it is not available now")},
    {SP_UNSUPPORTED, EX_UNAVAILABLE, N_("this system or another running version of sealpost does not support it")},
    {SP_DENIED, EX_NOPERM, N_("permission denied")},
    {SP_LOCKED, EX_NOPERM, N_("the store is locked: start sealpost and give the passphrase")},
    {SP_BUSY, EX_TEMPFAIL, N_("another sealpost is starting or ending; try again in a moment")},
    {SP_CORRUPT, EX_DATAERR, N_("the data is damaged or was changed by somebody else")},
    {SP_FULL, EX_CANTCREAT, N_("there is no space left on the disk")},
    {SP_READ_ONLY, EX_CANTCREAT, N_("the folder is read-only")},
    {SP_CONFIG, EX_CONFIG, N_("the configuration has mistakes")},
    {SP_PASSPHRASE_NEEDED, EX_NOPERM, N_("a passphrase is needed")},
    {SP_PASSPHRASE_WRONG, EX_NOPERM, N_("the passphrase is wrong")},
    {SP_NO_KEY, EX_DATAERR, N_("there is no usable key or certificate")},
    {SP_NO_SECRET_KEY, EX_DATAERR, N_("there is no secret key for it")},
    {SP_CRYPTO, EX_DATAERR, N_("the cryptographic operation failed")},
    {SP_NOT_A_MESSAGE, EX_DATAERR, N_("this is not a mail message")},
    {SP_SERVER_NO, EX_UNAVAILABLE, N_("the server refused")},
    {SP_SERVER_TEMPORARY, EX_TEMPFAIL, N_("the server refused for now")},
    {SP_DNS, EX_NOHOST, N_("the server's name is not known")},
    {SP_CONNECT, EX_TEMPFAIL, N_("the server cannot be reached")},
    {SP_DISCONNECTED, EX_TEMPFAIL, N_("the connection was lost")},
    {SP_TLS, EX_PROTOCOL, N_("no secure connection could be made")},
    {SP_TLS_UNTRUSTED, EX_NOPERM, N_("the server's certificate is not trusted: start sealpost to look at it")},
    {SP_TLS_PIN_CHANGED, EX_NOPERM, N_("the server's certificate is another than the one you trusted: start sealpost to look at it")},
    {SP_AUTH_FAILED, EX_NOPERM, N_("the server refused the user name or password")},
};

const char *
say_status(enum sp_status st)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].status == st)
            return _(table[i].text);
    return sp_status_text(st);
}

int
exit_status(enum sp_status st)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].status == st)
            return table[i].exit;
    return EX_SOFTWARE;
}

int
say_failure(enum sp_status st, const char *text)
{
    if (*text)
        say_error("%s (%s)", say_status(st), text);
    else
        say_error("%s", say_status(st));
    return exit_status(st);
}
