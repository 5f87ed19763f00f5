/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Date and Message-ID of a new message. */
#include "msgdate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/secret.h"

void
msgdate_add(struct buf *out, int64_t when)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t t = (time_t)when;
    struct tm tm;
    if (!localtime_r(&t, &tm))
        return;
    long minutes = tm.tm_gmtoff / 60;
    buf_addf(out, "%.3s, %d %.3s %d %02d:%02d:%02d %c%02ld%02ld", days + tm.tm_wday * 3, tm.tm_mday, months + tm.tm_mon * 3, tm.tm_year + 1900,
             tm.tm_hour, tm.tm_min, tm.tm_sec, minutes < 0 ? '-' : '+', labs(minutes) / 60, labs(minutes) % 60);
}

enum sp_status
msgid_add(struct buf *out, const char *address)
{
    struct secret random = SECRET_INIT;
    enum sp_status st = secret_random(&random, 16);
    if (st)
        return st;
    buf_addc(out, '<');
    for (size_t i = 0; i < random.len; i++)
        buf_addf(out, "%02x", random.data[i]);
    secret_release(&random);
    const char *at = strrchr(address, '@');
    const char *domain = at ? at + 1 : "";
    size_t len = 0;
    while (isalnum((unsigned char)domain[len]) || domain[len] == '.' || domain[len] == '-')
        len++;
    if (!len || domain[len])
        domain = "localhost";
    buf_addf(out, "@%s>", domain);
    return buf_status(out);
}
