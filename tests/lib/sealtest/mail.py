# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes messages (RFC 5322, RFC 3156, RFC 8551) with gpg and openssl alone, and puts them into mailboxes.

An *entity* is a MIME part with its own header: bytes with CRLF line ends. A *message* is an entity with mail headers
on top. So layers nest: message(smime_enveloped(smime_signed(text_part("…"), …), …), …).
"""

import base64
import itertools
import os
import smtplib
import socket
import tempfile
import time
from email.utils import formatdate

from .util import DOMAIN, run, write

ALICE = "Alice Example <alice@%s>" % DOMAIN
BOB = "Bob Example <bob@%s>" % DOMAIN
CAROL = "Carol Example <carol@%s>" % DOMAIN
COUNTER = itertools.count(1)


def crlf(text):
    """Bytes with CRLF line ends, whatever they were."""
    data = text.encode() if isinstance(text, str) else text
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def lines64(data):
    """Base64 in lines of 76."""
    return crlf(base64.encodebytes(data))


# -- entities ----------------------------------------------------------------------------------------------------

def part(content_type, data, encoding="base64", extra=""):
    """Any leaf. encoding: base64, 7bit, 8bit, quoted-printable (data is encoded here)."""
    if encoding == "base64":
        body = lines64(data)
    elif encoding == "quoted-printable":
        import quopri
        body = crlf(quopri.encodestring(data.replace(b"\r\n", b"\n")))
    else:
        body = crlf(data)
    head = "Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n%s\r\n" % (content_type, encoding, extra)
    return head.encode() + body


def text_part(text, charset="utf-8", encoding=None, subtype="plain", params="", extra=""):
    """A text leaf in any charset that Python can write (gb18030, big5, iso-2022-jp, koi8-r, iso-8859-15 …)."""
    data = text.encode(charset)
    plain = all(byte < 128 for byte in data)
    encoding = encoding or ("7bit" if plain else "quoted-printable")
    return part("text/%s; charset=%s%s" % (subtype, charset, params), crlf(data), encoding, extra)


def html_part(html):
    return text_part(html, subtype="html")


def attachment(name, data, content_type="application/octet-stream", disposition="attachment", extra=""):
    """A file. Names that are not ASCII go out as RFC 2231 says."""
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        param = 'filename="%s"' % quoted
    else:
        param = "filename*=utf-8''" + "".join("%%%02X" % b for b in name.encode())
    return part(content_type, data, extra="Content-Disposition: %s; %s\r\n%s" % (disposition, param, extra))


def multipart(subtype, *parts, params="", preamble="", epilogue="", boundary=None):
    """Parts in a multipart. The bytes of each part stand untouched."""
    boundary = boundary or "=_sealtest_%d_%d" % (os.getpid(), next(COUNTER))
    head = 'Content-Type: multipart/%s; boundary="%s"%s\r\n\r\n%s' % (subtype, boundary, params, preamble)
    body = b"".join(b"\r\n--%s\r\n%s" % (boundary.encode(), p) for p in parts)
    if not preamble:
        body = body[2:]
    return head.encode() + body + ("\r\n--%s--\r\n%s" % (boundary, epilogue)).encode()


def attached_message(message):
    return b"Content-Type: message/rfc822\r\n\r\n" + message


# -- messages ----------------------------------------------------------------------------------------------------

def encoded_word(text):
    return text if text.isascii() else "=?utf-8?B?%s?=" % base64.b64encode(text.encode()).decode()


def message(entity, sender=BOB, to=ALICE, subject="A message", date=None, message_id=None, extra="", raw_from=None):
    """A whole message. extra: more header lines with CRLF. raw_from: the From line's value as bytes, nothing encoded."""
    number = next(COUNTER)
    message_id = message_id or "<%d.%d.%d@%s>" % (time.time(), os.getpid(), number, DOMAIN)
    head = ["To: %s" % to, "Subject: %s" % encoded_word(subject), "Date: %s" % (date or formatdate()),
            "Message-ID: %s" % message_id, "MIME-Version: 1.0"]
    first = b"From: " + (raw_from if raw_from is not None else sender.encode()) + b"\r\n"
    return first + "".join(line + "\r\n" for line in head).encode() + crlf(extra) + entity


def plain(text="Hello,\r\nthis is a plain message.\r\n", **headers):
    return message(text_part(text), **headers)


def protected(entity, mode, **fields):
    """Copies header fields into an entity (RFC 9788: mode "clear" or "cipher"; RFC 9788's forerunner: "v1")."""
    head, _, body = entity.partition(b"\r\n\r\n")
    first, *rest = head.split(b"\r\n")
    param = b'; protected-headers="v1"' if mode == "v1" else b'; hp="%s"' % mode.encode()
    if rest and first.lower().startswith(b"content-type:"):
        while rest and rest[0][:1] in b" \t":
            first += rest.pop(0)
    copies = [("%s: %s" % (k.replace("_", "-").title(), encoded_word(v))).encode() for k, v in fields.items()]
    return b"\r\n".join([*copies, first + param, *rest]) + b"\r\n\r\n" + body


# -- OpenPGP (RFC 3156); home is a sealtest.gnupg.Home -------------------------------------------------------------

def pgp_signed(entity, home, footer=None, **how):
    """multipart/signed. footer: a mailing list's addition, which turns it into a multipart/mixed around it."""
    signature = home.sign(entity, **how)
    sig = part('application/pgp-signature; name="signature.asc"', signature, "7bit")
    signed = multipart("signed", entity, sig, params='; micalg=pgp-sha512; protocol="application/pgp-signature"')
    return multipart("mixed", signed, text_part(footer)) if footer else signed


def pgp_encrypted(entity, home, to, sign=False, **how):
    """multipart/encrypted; sign=True: signed inside the same OpenPGP message."""
    return pgp_wrapped(home.encrypt(entity, to, sign=sign, **how))


def pgp_wrapped(armor):
    """multipart/encrypted around any armored data (what is inside may be a lie)."""
    control = part("application/pgp-encrypted", b"Version: 1\r\n", "7bit")
    data = part('application/octet-stream; name="encrypted.asc"', armor, "7bit",
                'Content-Disposition: inline; filename="encrypted.asc"\r\n')
    return multipart("encrypted", control, data, params='; protocol="application/pgp-encrypted"')


def pgp_inline(text, home, to=None, before="", after="", **how):
    """A text part with a clear-signed (to=None) or encrypted block in it, and text around it."""
    block = home.encrypt(crlf(text), to, sign=True, **how) if to else home.sign(text.encode(), clear=True, **how)
    return part("text/plain; charset=utf-8", before.encode() + block + after.encode(), "7bit")


# -- S/MIME (RFC 8551); a person is the path of DIR/smime/NAME without its ending ------------------------------------

def cms(command, data, *words):
    """One run of openssl cms over a file with exactly these bytes. Returns DER."""
    with tempfile.NamedTemporaryFile(prefix="sp-cms") as inp:
        inp.write(data)
        inp.flush()
        return run(["openssl", "cms", command, "-binary", "-in", inp.name, "-outform", "DER", *words])[1]


def signer(person):
    more = ["-certfile", person + ".issuer"] if os.path.exists(person + ".issuer") else []
    return ["-signer", person + ".crt", "-inkey", person + ".key", "-md", "sha256", *more]


def smime_signed(entity, person, extra=()):
    """multipart/signed with a detached signature; extra: more words for openssl cms -sign."""
    der = cms("-sign", entity, *signer(person), *extra)
    sig = part('application/pkcs7-signature; name="smime.p7s"', der, "base64",
               'Content-Disposition: attachment; filename="smime.p7s"\r\n')
    return multipart("signed", entity, sig, params='; protocol="application/pkcs7-signature"; micalg=sha-256')


def smime_opaque(entity, person, extra=()):
    """application/pkcs7-mime; smime-type=signed-data."""
    return smime_part(cms("-sign", entity, "-nodetach", *signer(person), *extra), "signed-data")


def smime_enveloped(entity, people, cipher="aes-256-gcm", extra=()):
    """Encrypted to these persons; a GCM cipher gives AuthEnvelopedData, CBC gives EnvelopedData."""
    der = cms("-encrypt", entity, "-" + cipher, *extra, *(p + ".crt" for p in people))
    return smime_part(der, "authEnveloped-data" if cipher.endswith("gcm") else "enveloped-data")


def smime_part(der, kind):
    return part('application/pkcs7-mime; smime-type=%s; name="smime.p7m"' % kind, der, "base64",
                'Content-Disposition: attachment; filename="smime.p7m"\r\n')


# -- hostile headers -----------------------------------------------------------------------------------------------

HOSTILE_FROM = {
    "escape": b'"\x1b[2J\x1b]0;owned\x07Alice" <mallory@evil.test>',
    "c1": '"Alice\u009b31m" <mallory@evil.test>'.encode(),
    "address-in-name": b'"alice@example.test" <mallory@evil.test>',
    "bidi": "=?utf-8?B?%s?= <mallory@evil.test>".encode() % base64.b64encode("Alice \u202etset.elpmaxe@".encode()),
    "newline": b"=?utf-8?B?%s?= <mallory@evil.test>" % base64.b64encode(b"Alice\r\nFrom: alice@example.test"),
    "long-name": b'"%s" <mallory@evil.test>' % (b"alice@example.test " * 40),
    "two-mailboxes": b"Alice <alice@example.test>, Mallory <mallory@evil.test>",
    "empty": b"", "name-only": b"Alice Example",
    "confusable": "Alice <alice@ex\u0430mple.test>".encode(),
    "zero-width": '"Al\u200bice\u2060 Example" <mallory@evil.test>'.encode(),
    "nul": b'"Alice\x00" <mallory@evil.test>',
}

CHARSETS = {  # charset: a text that it can write
    "gb18030": "\u60a8\u597d\uff0c\u8fd9\u662f\u4e00\u5c01\u6d4b\u8bd5\u90ae\u4ef6\u3002",
    "big5": "\u60a8\u597d\uff0c\u9019\u662f\u4e00\u5c01\u6e2c\u8a66\u90f5\u4ef6\u3002",
    "iso-2022-jp": "\u3053\u308c\u306f\u30c6\u30b9\u30c8\u3067\u3059\u3002",
    "euc-kr": "\uc548\ub155\ud558\uc138\uc694",
    "koi8-r": "\u041f\u0440\u0438\u0432\u0435\u0442, \u044d\u0442\u043e \u043f\u0440\u043e\u0432\u0435\u0440\u043a\u0430.",
    "windows-1251": "\u041f\u0440\u0438\u0432\u0435\u0442 \u2116 5",
    "iso-8859-1": "Gr\u00fc\u00dfe aus K\u00f6ln", "iso-8859-2": "Za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105",
    "iso-8859-15": "5 \u20ac", "windows-1252": "\u201cquoted\u201d \u2013 \u20ac",
    "utf-8": "\U0001f44d \u4f60\u597d \u00e9",
}


# -- delivery ------------------------------------------------------------------------------------------------------

class UnixLMTP(smtplib.LMTP):
    """LMTP over a Unix socket, with a bound on waiting."""

    def __init__(self, path):
        super().__init__(path, timeout=20)

    def connect(self, host="localhost", port=0, source_address=None):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(host)
        return self.getreply()


def deliver(servers, user, raw, sender="bob@" + DOMAIN):
    """Hand a message to Dovecot by LMTP, as a mail server would. 8-bit and odd bytes arrive as they are."""
    with UnixLMTP(servers.lmtp) as lmtp:
        lmtp.sendmail(sender, ["%s@%s" % (user, DOMAIN)], raw, ["BODY=8BITMIME"])


def append(servers, user, raw, mailbox="INBOX"):
    """Put a message into a mailbox exactly as it is."""
    servers.doveadm("save", "-u", user, "-m", mailbox, data=raw)


def submit(servers, user, raw, to):
    """Send through Postfix as that user: implicit TLS and AUTH. to: addresses."""
    with smtplib.SMTP_SSL("127.0.0.1", servers.smtps_port, context=servers.client_context(), timeout=20) as smtp:
        smtp.login(user, servers.password(user))
        smtp.sendmail("%s@%s" % (user, DOMAIN), to, raw)


def save(path, raw):
    """Keep a message as a file (for sealpost inspect)."""
    return write(path, raw)
