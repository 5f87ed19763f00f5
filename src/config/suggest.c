/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Edit distance (Levenshtein, with swapped neighbours counted as one). */
#include "suggest.h"

#include <string.h>

#define MAX_WORD 40

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

static unsigned
distance(const char *a, size_t la, const char *b, size_t lb)
{
    unsigned d[MAX_WORD + 1][MAX_WORD + 1];
    for (size_t i = 0; i <= la; i++)
        d[i][0] = (unsigned)i;
    for (size_t j = 0; j <= lb; j++)
        d[0][j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        for (size_t j = 1; j <= lb; j++) {
            unsigned cost = a[i - 1] != b[j - 1];
            d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    return d[la][lb];
}

const char *
suggest(const char *word, const char *const *words, size_t n)
{
    size_t len = strlen(word);
    if (len > MAX_WORD)
        return "";
    unsigned best = (unsigned)(len < 3 ? 1 : len / 3) + 1;
    const char *found = "";
    for (size_t i = 0; i < n; i++) {
        size_t other = strlen(words[i]);
        if (other > MAX_WORD)
            continue;
        unsigned d = distance(word, len, words[i], other);
        if (d < best) {
            best = d;
            found = words[i];
        }
    }
    return found;
}
