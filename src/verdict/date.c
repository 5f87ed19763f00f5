/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Date field to seconds (RFC 5322 section 3.3, with the obsolete zones): for protected and forwarded headers, whose dates the
   document does not carry. Days and times out of range give 0, as does anything that is no date. */
#include "date.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char *
skip(const char *s)
{
    int comment = 0;
    for (; *s; s++) {
        if (*s == '(')
            comment++;
        else if (*s == ')' && comment)
            comment--;
        else if (!comment && !strchr(" \t\r\n,", *s))
            break;
    }
    return s;
}

/* At most 4 digits. */
static bool
number(const char **s, int *value)
{
    int digits = 0;
    *value = 0;
    for (*s = skip(*s); **s >= '0' && **s <= '9' && digits < 4; digits++)
        *value = *value * 10 + (*(*s)++ - '0');
    return digits > 0;
}

static bool
month(const char **s, int *value)
{
    static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    *s = skip(*s);
    for (*value = 0; *value < 12; ++*value) {
        if (strncasecmp(*s, names[*value], 3) == 0) {
            while ((**s >= 'a' && **s <= 'z') || (**s >= 'A' && **s <= 'Z') || **s == '.')
                ++*s;
            return true;
        }
    }
    return false;
}

static int
zone_seconds(const char *s)
{
    static const struct {
        const char *name;
        int hours;
    } names[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
    s = skip(s);
    if (*s == '+' || *s == '-') {
        int sign = *s++ == '-' ? -1 : 1, hhmm;
        return number(&s, &hhmm) ? sign * (hhmm / 100 * 3600 + hhmm % 100 * 60) : 0;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncasecmp(s, names[i].name, 3) == 0)
            return names[i].hours * 3600;
    return 0;
}

int64_t
date_parse(const char *s)
{
    struct tm tm = {.tm_isdst = 0};
    const char *at = skip(s);
    while ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '.') /* day of the week */
        at++;
    if (!number(&at, &tm.tm_mday) || !month(&at, &tm.tm_mon) || !number(&at, &tm.tm_year) || !number(&at, &tm.tm_hour))
        return 0;
    if (*(at = skip(at)) != ':')
        return 0;
    at++;
    if (!number(&at, &tm.tm_min))
        return 0;
    if (*(at = skip(at)) == ':') {
        at++;
        if (!number(&at, &tm.tm_sec))
            return 0;
    }
    if (tm.tm_year < 50)
        tm.tm_year += 2000;
    else if (tm.tm_year < 1000)
        tm.tm_year += 1900;
    if (tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return 0;
    tm.tm_year -= 1900;
    return (int64_t)timegm(&tm) - zone_seconds(at);
}
