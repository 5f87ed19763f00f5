/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Content type of a CMS object. */
#include "cms_type.h"

#include <string.h>

static const struct {
    const char *oid;
    size_t len;
    enum cms_type type;
} oids[] = {
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", 9, CMS_SIGNED},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", 9, CMS_ENVELOPED},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17", 11, CMS_AUTH_ENVELOPED},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09", 11, CMS_COMPRESSED},
};

enum cms_type
cms_type_of(const unsigned char *der, size_t len)
{
    /* SEQUENCE, its length in short, long or indefinite form, OBJECT IDENTIFIER */
    if (len < 4 || der[0] != 0x30)
        return CMS_UNKNOWN;
    size_t at = 2;
    if (der[1] > 0x80)
        at += der[1] & 0x7f;
    if (at > 10 || at + 2 > len || der[at] != 0x06)
        return CMS_UNKNOWN;
    size_t n = der[at + 1];
    at += 2;
    for (size_t i = 0; i < sizeof oids / sizeof oids[0]; i++)
        if (n == oids[i].len && n <= len - at && memcmp(der + at, oids[i].oid, n) == 0)
            return oids[i].type;
    return CMS_UNKNOWN;
}

enum cms_type
cms_type_named(const char *smime_type)
{
    if (strcmp(smime_type, "signed-data") == 0 || strcmp(smime_type, "signed-receipt") == 0)
        return CMS_SIGNED;
    if (strcmp(smime_type, "enveloped-data") == 0)
        return CMS_ENVELOPED;
    if (strcmp(smime_type, "authenveloped-data") == 0)
        return CMS_AUTH_ENVELOPED;
    if (strcmp(smime_type, "compressed-data") == 0)
        return CMS_COMPRESSED;
    return CMS_UNKNOWN;
}
