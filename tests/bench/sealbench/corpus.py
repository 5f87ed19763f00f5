# SPDX-License-Identifier: GPL-3.0-or-later
"""Mailboxes of any size, the same at every run: realistic headers, threads, about 120 words, and three special messages at
the end. They are written straight into the files of Dovecot's mdbox, because a million deliveries would take an hour;
`doveadm force-resync` makes its index from them.

The subject of message i (from 1) begins with its number in seven digits, so that a screen tells which messages it shows.
"""

import base64
import os
import random
import time

STEP = 300                       # seconds between two messages
FILE_SIZE = 64 * 1024 * 1024     # of one of mdbox's files
SPECIAL = 3                      # the newest ones: see specials()
RARE = "heron"                   # word in the subject of one message of a thousand
RARE_BODY = "quagmire"           # and in the text of another one
TEXT_SIZE = 5 * 1000 * 1000

NAMES = ("Ada Berg", "Boris Lind", "Clara Weiss", "David Okoro", "Eva Novak", "Farid Haddad", "Greta Olsen", "Hugo Marchand",
         "Ines Costa", "Jan de Vries", "Kaori Tanaka", "Luis Romero", "Mina Kaya", "Nils Aalto", "Olga Petrova", "Petr Dvorak",
         "\u738b\u5c0f\u660e", "\u674e\u5a1c", "Ren\u00e9 M\u00fcller", "S\u00f8ren Dahl")
SYLLABLES = ("ba", "co", "di", "fe", "gu", "ha", "jo", "ka", "li", "mo", "ne", "or", "pa", "qui", "ro", "sta", "tu", "va", "we", "zo")


def words(count=3000):
    """Words that are pronounced easily and mean nothing."""
    r = random.Random(1)
    return ["".join(r.choice(SYLLABLES) for _ in range(r.randint(1, 4))) for _ in range(count)]


def newest(word, count):
    """Number of the newest message that has this rare word."""
    return (count - SPECIAL) // 1000 * 1000 + (7 if word == RARE else 13) - (1000 if (count - SPECIAL) % 1000 < 14 else 0)


def encoded(text):
    """A header's text; an encoded word when it is not ASCII."""
    return text if text.isascii() else "=?UTF-8?B?%s?=" % base64.b64encode(text.encode()).decode()


class Corpus:
    def __init__(self, count, end=None):
        """count: messages. end: the time of the newest, default the full hour before now."""
        self.count = count
        self.end = end if end else int(time.time()) // 3600 * 3600
        self.words = words()
        self.people = [("%s <%s@%s.example>" % (encoded(n), "p%02d" % i, ("berg", "unseen", "certa", "list")[i % 4])) for i, n in enumerate(NAMES)]

    def when(self, i):
        return self.end - (self.count - i) * STEP

    def subject(self, i, r, parent):
        topic = "Re: " + parent[1] if parent else " ".join(r.choices(self.words, k=r.randint(2, 6)))
        return "%07d %s%s" % (i, RARE + " " if i % 1000 == 7 else "", topic)

    def messages(self):
        """(time, bytes) of each message, oldest first."""
        r = random.Random(2)
        recent = []  # (message-id, topic, references) of the last ones, to be answered
        for i in range(1, self.count + 1):
            special = self.count - i if self.count - i < SPECIAL else None
            parent = r.choice(recent) if recent and special is None and r.random() < 0.55 else None
            subject = self.subject(i, r, parent)
            ident = "<%07d.%08x@mail.example>" % (i, r.getrandbits(32))
            references = (parent[2] + [parent[0]])[-8:] if parent else []
            if special is None:
                kind, body = "text/plain; charset=utf-8", self.text(r, 100 + r.randrange(40), i)
            else:
                subject = "%07d special" % i
                kind, body = self.special(special, r)
            yield self.when(i), self.head(i, r, subject, ident, references, kind) + body
            recent.append((ident, subject[8:].replace("Re: ", "").replace(RARE + " ", ""), references))
            if len(recent) > 200:
                recent.pop(0)

    def head(self, i, r, subject, ident, references, kind):
        date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(self.when(i)))
        lines = ["Return-Path: <bounce-%d@list.example>" % i, "Delivered-To: alice@example.test"]
        for hop in ("mx.example.test", "relay.list.example", "desk.list.example"):
            lines.append("Received: from %s (%s [192.0.2.%d])\n\tby mx.example.test with ESMTPS id %08X%04X\n\tfor <alice@example.test>; %s"
                         % (hop, hop, r.randrange(1, 255), r.getrandbits(32), i & 0xffff, date))
        lines.append("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=list.example; s=a1;\n\th=from:to:subject:date:message-id;\n\tbh=%044x;\n\tb=%0172x"
                     % (r.getrandbits(170), r.getrandbits(680)))
        lines += ["Date: " + date, "From: " + r.choice(self.people), "To: Alice Example <alice@example.test>", "Subject: " + subject,
                  "Message-ID: " + ident]
        if r.random() < 0.3:
            lines += ["List-Id: talk <talk.list.example>", "List-Unsubscribe: <mailto:leave@list.example>", "Precedence: list"]
        if references:
            lines += ["In-Reply-To: " + references[-1], "References: " + "\n\t".join(references)]
        lines += ["MIME-Version: 1.0", "Content-Type: " + kind, "User-Agent: Corpus 1.0", "X-Spam-Status: No, score=-%d.1" % r.randrange(5)]
        return ("\n".join(lines) + "\n\n").encode()

    def text(self, r, count, i):
        out = r.choices(self.words, k=count)
        if i % 1000 == 13:
            out[count // 2] = RARE_BODY
        lines = [" ".join(out[at:at + 11]) for at in range(0, len(out), 11)]
        return ("\n".join(lines) + "\n\n-- \nlist member %d\n" % i).encode()

    def special(self, which, r):
        """(content type, body). 0: 5 MB in an attachment, 1: 5 MB of text, 2: 6 KB of text."""
        if which == 2:
            return "text/plain; charset=utf-8", b"small-first-line\n" + self.text(r, 850, 1)
        if which == 1:
            page = self.text(r, 20000, 1)
            return "text/plain; charset=utf-8", b"large-first-line\n" + (page * (TEXT_SIZE // len(page) + 1))[:TEXT_SIZE] + b"\n"
        data = base64.encodebytes(r.randbytes(TEXT_SIZE))
        return 'multipart/mixed; boundary="bound"', (
            b"--bound\nContent-Type: text/plain\n\nattached-first-line\n" + self.text(r, 100, 1)
            + b'--bound\nContent-Type: application/octet-stream; name="data.bin"\nContent-Transfer-Encoding: base64\n'
            + b'Content-Disposition: attachment; filename="data.bin"\n\n' + data + b"--bound--\n")

    # -- mdbox --------------------------------------------------------------------------------------------------

    def write_mdbox(self, folder):
        """Fill folder/storage. The caller gives the files to Dovecot's user and resyncs."""
        storage = os.path.join(folder, "storage")
        os.makedirs(storage, exist_ok=True)
        number, out, left = 0, None, 0
        for when, raw in self.messages():
            if left <= 0:
                if out:
                    out.close()
                number += 1
                out = open(os.path.join(storage, "m.%d" % number), "wb", buffering=1 << 20)
                out.write(b"2 M1e C%x\n" % self.end)
                left = FILE_SIZE
            lines = raw.count(b"\n")
            entry = b"\1\2N          %016X\n%s\n\1\3\nR%x\nV%x\nG%032x\nBINBOX\n\n" % (
                len(raw), raw, when, len(raw) + lines, number << 64 | out.tell())
            out.write(entry)
            left -= len(entry)
        if out:
            out.close()
