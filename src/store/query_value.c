/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates and sizes. */
#include "query_value.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MAX_DATE 40

/* A calendar day, its month counted from 0; anything beyond a month's end is normalised. */
static int64_t
day_begins(int year, int month, int day)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = day, .tm_isdst = -1};
    return (int64_t)mktime(&tm);
}

static bool
digits(const char *s, size_t n, int *value)
{
    *value = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *value = *value * 10 + (s[i] - '0');
    }
    return true;
}

static int
days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month] + (month == 1 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0));
}

/* YYYY, YYYY-MM, YYYY-MM-DD */
static bool
calendar(const char *s, int64_t *from, int64_t *until)
{
    size_t len = strlen(s);
    int year, month = 1, day = 1;
    bool good = (len == 4 || len == 7 || len == 10) && digits(s, 4, &year) && year >= 1970 && year <= 9998;
    if (good && len >= 7)
        good = s[4] == '-' && digits(s + 5, 2, &month) && month >= 1 && month <= 12;
    if (good && len == 10)
        good = s[7] == '-' && digits(s + 8, 2, &day) && day >= 1 && day <= days_of(year, month - 1);
    if (!good)
        return false;
    *from = day_begins(year, month - 1, day);
    *until = len == 4 ? day_begins(year + 1, 0, 1) : len == 7 ? day_begins(year, month, 1) : day_begins(year, month - 1, day + 1);
    return true;
}

/* today, yesterday, 7d, 2w, 3m, 1y */
static bool
relative(const char *s, int64_t now, int64_t *from, int64_t *until)
{
    time_t t = (time_t)now;
    struct tm tm;
    size_t len = strlen(s);
    int n = 0;
    if (!localtime_r(&t, &tm))
        return false;
    int year = tm.tm_year + 1900, month = tm.tm_mon, day = tm.tm_mday;
    *until = INT64_MAX;
    if (strcasecmp(s, "today") == 0) {
        *from = day_begins(year, month, day);
        *until = day_begins(year, month, day + 1);
        return true;
    }
    if (strcasecmp(s, "yesterday") == 0) {
        *from = day_begins(year, month, day - 1);
        *until = day_begins(year, month, day);
        return true;
    }
    if (len < 2 || len > 5 || !digits(s, len - 1, &n))
        return false;
    switch (s[len - 1] | 32) {
    case 'd':
        *from = day_begins(year, month, day - n);
        return true;
    case 'w':
        *from = day_begins(year, month, day - 7 * n);
        return true;
    case 'm':
        month -= n;
        break;
    case 'y':
        year -= n;
        break;
    default:
        return false;
    }
    /* A month ago on the 31st is the last day of a shorter month. */
    while (month < 0) {
        month += 12;
        year--;
    }
    *from = day_begins(year, month, day <= days_of(year, month) ? day : days_of(year, month));
    return true;
}

static bool
one(const char *s, int64_t now, int64_t *from, int64_t *until)
{
    return calendar(s, from, until) || relative(s, now, from, until);
}

bool
query_date(const char *text, int64_t now, int64_t *from, int64_t *until)
{
    char first[MAX_DATE];
    const char *dots = strstr(text, "..");
    int64_t ignored;
    if (strlen(text) >= sizeof first)
        return false;
    if (!dots)
        return one(text, now, from, until);
    snprintf(first, sizeof first, "%.*s", (int)(dots - text), text);
    *from = INT64_MIN;
    *until = INT64_MAX;
    if (*first && !one(first, now, from, &ignored))
        return false;
    if (dots[2] && !one(dots + 2, now, &ignored, until))
        return false;
    /* 2w..1w: a relative one at the end is that day, not everything since */
    if (dots[2] && *until == INT64_MAX) {
        time_t t = (time_t)ignored;
        struct tm tm;
        if (!localtime_r(&t, &tm))
            return false;
        *until = day_begins(tm.tm_year + 1900, tm.tm_mon, tm.tm_mday + 1);
    }
    return (*first || dots[2]) && *from < *until;
}

bool
query_size(const char *text, int64_t *bytes)
{
    int64_t n = 0;
    size_t at = 0;
    for (; text[at] >= '0' && text[at] <= '9'; at++) {
        if (at == 12)
            return false;
        n = n * 10 + (text[at] - '0');
    }
    if (at == 0)
        return false;
    unsigned shift = 0;
    switch (text[at] | 32) {
    case 'k':
        shift = 10;
        break;
    case 'm':
        shift = 20;
        break;
    case 'g':
        shift = 30;
        break;
    default:
        break;
    }
    at += shift != 0;
    if (shift && (text[at] | 32) == 'b') /* 10MB is written as well */
        at++;
    *bytes = n << shift;
    return text[at] == 0 && n < ((int64_t)1 << 32);
}
