/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Date field to seconds (RFC 5322 section 3.3, with the obsolete zones): for protected and forwarded headers, whose dates the
   document does not carry. Days and times out of range give 0, as does anything that is no date. */
#include "date.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* Days from 1970-01-01 in the Gregorian calendar; month 0..11. Years begin in March, so that the leap day is the last. */
static int64_t
days_of(int year, int mon, int mday)
{
    int64_t y = mon < 2 ? year - 1 : year, m = (mon + 10) % 12;
    int64_t era = y >= 0 ? y / 400 : (y - 399) / 400, in_era = y - era * 400;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + (m * 153 + 2) / 5 + mday - 1 - 719468;
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
    int day, mon, year, hour, minute, second = 0;
    const char *at = skip(s);
    while ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '.') /* day of the week */
        at++;
    if (!number(&at, &day) || !month(&at, &mon) || !number(&at, &year) || !number(&at, &hour))
        return 0;
    if (*(at = skip(at)) != ':')
        return 0;
    at++;
    if (!number(&at, &minute))
        return 0;
    if (*(at = skip(at)) == ':') {
        at++;
        if (!number(&at, &second))
            return 0;
    }
    if (year < 50)
        year += 2000;
    else if (year < 1000)
        year += 1900;
    if (day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return 0;
    return days_of(year, mon, day) * 86400 + hour * 3600 + minute * 60 + second - zone_seconds(at);
}
