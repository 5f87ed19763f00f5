/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as a person types them. */
#include "unit.h"

#include <stdlib.h>
#include <time.h>

#include "ui/when.h"

#define NOW 1773309900 /* 2026-03-12 10:05 UTC, a Thursday */
#define TODAY (NOW - 10 * 3600 - 5 * 60)
#define DAY 86400

static void
understood(void **state)
{
    static const struct {
        const char *text;
        int64_t t;
    } cases[] = {
        {"18:30", TODAY + 18 * 3600 + 30 * 60}, {" 9:00 ", TODAY + DAY + 9 * 3600}, {"10:05", NOW + DAY}, {"tomorrow", TODAY + DAY + 8 * 3600},
        {"Tomorrow 9:15", TODAY + DAY + 9 * 3600 + 15 * 60}, {"明天 9:15", TODAY + DAY + 9 * 3600 + 15 * 60}, {"+2h", NOW + 7200},
        {"+30m", NOW + 1800}, {"+3 d", NOW + 3 * DAY}, {"2026-03-13 08:00", TODAY + DAY + 8 * 3600}, {"2026-03-13", TODAY + DAY + 8 * 3600},
        {"2026-03-12 10:06", NOW + 60},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (when_parse(cases[i].text, "明天", NOW) != cases[i].t)
            fail_msg("%s is %lld", cases[i].text, (long long)when_parse(cases[i].text, "明天", NOW));
}

static void
refused(void **state)
{
    static const char *const texts[] = {"", "  ", "soon", "25:00", "9:60", "9", "9:00x", "+", "+2", "+2y", "+0h", "+2hh", "tomorrowx", "tomorrow x",
                                        "2026-03-12 10:05", "2026-03-11", "2026-13-01", "2026-00-01", "2026-03-13x", "2026-03-13 25:00", "-2h",
                                        "99999999999:00", "+99999999999h"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (when_parse(texts[i], "明天", NOW))
            fail_msg("\"%s\" is %lld", texts[i], (long long)when_parse(texts[i], "明天", NOW));
    assert_int_equal(when_parse("9:00x", "", NOW), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(understood), cmocka_unit_test(refused)};
    (void)setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
