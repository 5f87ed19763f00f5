/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading times. */
#include "when.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MORNING 8
#define NUMBER_MOST 100000 /* minutes, hours or days: no wish is larger */

/* The clock's time behind a day; nothing means the morning. False when it is no time. */
static bool
clock_time(const char *text, struct tm *tm)
{
    unsigned hour = MORNING, minute = 0;
    int end = 0;
    text += strspn(text, " ");
    if (*text && (sscanf(text, "%2u:%2u%n", &hour, &minute, &end) != 2 || text[end] || hour > 23 || minute > 59))
        return false;
    tm->tm_hour = (int)hour;
    tm->tm_min = (int)minute;
    tm->tm_sec = 0;
    tm->tm_isdst = -1;
    return true;
}

static int64_t
relative(const char *text, int64_t now)
{
    unsigned n = 0;
    char unit = 0;
    int end = 0;
    if (sscanf(text, "+%6u %c%n", &n, &unit, &end) != 2 || text[end] || n > NUMBER_MOST)
        return 0;
    int64_t each = unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 86400 : 0;
    return each && n ? now + n * each : 0;
}

static const char *
behind_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    return len && strncasecmp(text, word, len) == 0 && (text[len] == ' ' || !text[len]) ? text + len : NULL;
}

int64_t
when_parse(const char *text, const char *tomorrow, int64_t now)
{
    struct tm tm;
    time_t at = (time_t)now;
    int year, month, day, end = 0;
    char plain[64];
    text += strspn(text, " ");
    size_t len = strlen(text);
    while (len && text[len - 1] == ' ')
        len--;
    if (len == 0 || len >= sizeof plain || !localtime_r(&at, &tm))
        return 0;
    memcpy(plain, text, len);
    plain[len] = '\0';
    if (*plain == '+')
        return relative(plain, now);
    const char *rest = behind_word(plain, "tomorrow");
    rest = rest ? rest : behind_word(plain, tomorrow);
    if (rest) {
        tm.tm_mday++;
    } else if (sscanf(plain, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3) {
        if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || (plain[end] && plain[end] != ' '))
            return 0;
        tm.tm_year = year - 1900;
        tm.tm_mon = month - 1;
        tm.tm_mday = day;
        rest = plain + end;
    }
    if (!clock_time(rest ? rest : plain, &tm))
        return 0;
    int64_t t = (int64_t)mktime(&tm);
    if (t <= now && !rest) { /* that hour is over today */
        tm.tm_mday++;
        tm.tm_isdst = -1;
        t = (int64_t)mktime(&tm);
    }
    return t > now ? t : 0;
}
