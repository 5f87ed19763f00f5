/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mailto: addresses. The text comes from hostile pages and mails. */
#include "mailto.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

static int
hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes up to one of the ending characters. lines: line breaks may stay (as LF), else they become spaces. */
static enum sp_status
decode(const char **at, const char *ends, bool lines, struct buf *out)
{
    size_t from = out->len;
    const char *s = *at;
    for (; *s && !strchr(ends, *s); s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '%') {
            int high = hex(s[1]), low = high < 0 ? -1 : hex(s[2]);
            if (low < 0)
                return SP_INVALID;
            c = (unsigned char)(high * 16 + low);
            s += 2;
        }
        if (c == 0)
            return SP_INVALID;
        if (c == '\r')
            continue;
        if (c < ' ' || c == 0x7f)
            c = lines && (c == '\n' || c == '\t') ? c : ' ';
        buf_addc(out, (char)c);
    }
    *at = s;
    return utf8_valid(buf_str(out) + from, out->len - from) ? SP_OK : SP_INVALID;
}

static enum sp_status
field(const char **at, struct mailto *m)
{
    struct buf name = BUF_INIT, value = BUF_INIT;
    enum sp_status st = decode(at, "=&", false, &name);
    if (!st && **at == '=') {
        (*at)++;
        st = decode(at, "&", strcasecmp(buf_str(&name), "body") == 0, &value);
    }
    if (!st && value.len && strcasecmp(buf_str(&name), "to") == 0)
        buf_addf(&m->to, "%s%s", m->to.len ? ", " : "", buf_str(&value));
    else if (!st && !m->subject.len && strcasecmp(buf_str(&name), "subject") == 0)
        buf_adds(&m->subject, buf_str(&value));
    else if (!st && !m->body.len && strcasecmp(buf_str(&name), "body") == 0)
        buf_adds(&m->body, buf_str(&value));
    buf_release(&name);
    buf_release(&value);
    return st;
}

enum sp_status
mailto_parse(const char *url, struct mailto *out)
{
    *out = (struct mailto){0};
    if (strncasecmp(url, "mailto:", 7) != 0)
        return SP_INVALID;
    const char *at = url + 7;
    enum sp_status st = decode(&at, "?", false, &out->to);
    while (!st && *at) {
        at++;
        st = field(&at, out);
    }
    if (!st && (buf_status(&out->to) || buf_status(&out->subject) || buf_status(&out->body)))
        st = SP_NOMEM;
    return st;
}

void
mailto_release(struct mailto *m)
{
    buf_release(&m->to);
    buf_release(&m->subject);
    buf_release(&m->body);
}
