/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading times. */
#include "when.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MORNING 8
#define NUMBER_MOST 100000 /* minutes, hours or days: no wish is larger */

/* Some digits, at most that many; false when there are none. */
static bool
number(const char **at, size_t most, unsigned *out)
{
    size_t n = 0;
    *out = 0;
    for (; n < most && **at >= '0' && **at <= '9'; n++)
        *out = *out * 10 + (unsigned)(*(*at)++ - '0');
    return n > 0;
}

static bool
sign(const char **at, char c)
{
    bool there = **at == c;
    *at += there;
    return there;
}

/* The clock's time behind a day; nothing means the morning. False when it is no time. */
static bool
clock_time(const char *text, struct tm *tm)
{
    unsigned hour = MORNING, minute = 0;
    text += strspn(text, " ");
    if (*text && (!number(&text, 2, &hour) || !sign(&text, ':') || !number(&text, 2, &minute) || *text || hour > 23 || minute > 59))
        return false;
    tm->tm_hour = (int)hour;
    tm->tm_min = (int)minute;
    tm->tm_sec = 0;
    tm->tm_isdst = -1;
    return true;
}

/* Behind the plus. */
static int64_t
relative(const char *text, int64_t now)
{
    unsigned n;
    if (!number(&text, 6, &n))
        return 0;
    text += strspn(text, " ");
    int64_t each = *text == 'm' ? 60 : *text == 'h' ? 3600 : *text == 'd' ? 86400 : 0;
    return each && n && n <= NUMBER_MOST && !text[1] ? now + n * each : 0;
}

/* What stands behind a day; NULL when it is none. */
static const char *
day(const char *text, struct tm *tm)
{
    unsigned y, m, d;
    if (!number(&text, 4, &y) || !sign(&text, '-') || !number(&text, 2, &m) || !sign(&text, '-') || !number(&text, 2, &d))
        return NULL;
    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > 31 || (*text && *text != ' '))
        return NULL;
    tm->tm_year = (int)y - 1900;
    tm->tm_mon = (int)m - 1;
    tm->tm_mday = (int)d;
    return text;
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
        return relative(plain + 1, now);
    const char *rest = behind_word(plain, "tomorrow");
    rest = rest ? rest : behind_word(plain, tomorrow);
    if (rest)
        tm.tm_mday++;
    else
        rest = day(plain, &tm);
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
