# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads mail as an independent witness: imaplib, gpg alone, openssl cms alone.

    raw = newest(servers, "bob")
    facts = open_message(raw, home=ring.bob, smime=Smime(tls_folder, "bob-rsa"))
    facts["layers"]    # outside in: [{"kind": "pgp-encrypted", "good": True, "signer": FPR, …}, …]
    facts["entity"]    # what was inside, bytes; facts["text"]: its first text part, decoded
"""

import base64
import email
import email.policy
import imaplib
import os
import tempfile

from .util import DOMAIN, Failed, read, run, wait_until


# -- fetching ------------------------------------------------------------------------------------------------------

def imap(servers, user):
    """A logged-in imaplib connection over TLS."""
    client = imaplib.IMAP4_SSL("127.0.0.1", servers.imaps_port, ssl_context=servers.client_context(), timeout=20)
    password = servers.password(user)
    if password.isascii():
        client.login("%s@%s" % (user, DOMAIN), password)
    else:
        client.authenticate("PLAIN", lambda _: ("\0%s\0%s" % (user, password)).encode())
    return client


def every(servers, user, mailbox="INBOX"):
    """All messages of a mailbox as (UID, flags text, bytes), oldest first; [] when there is no such mailbox."""
    with imap(servers, user) as client:
        if client.select('"%s"' % mailbox, readonly=True)[0] != "OK":
            return []
        found = []
        uids = client.uid("SEARCH", None, "ALL")[1][0].split()
        for uid in uids:
            data = client.uid("FETCH", uid.decode(), "(FLAGS BODY.PEEK[])")[1]
            head, body = next(item for item in data if isinstance(item, tuple))
            flags = head.decode() + "".join(x.decode() for x in data if isinstance(x, bytes))
            found.append((int(uid), flags[flags.index("FLAGS"):].split(")")[0] + ")", body))
        return found


def newest(servers, user, mailbox="INBOX", count=1, seconds=15):
    """The newest message once there are at least count of them. Waits."""
    def look():
        found = every(servers, user, mailbox)
        return found[-1][2] if len(found) >= count else None
    return wait_until(look, seconds, "%d messages in %s of %s" % (count, mailbox, user), step=0.1)


def find(servers, user, needle, mailbox="INBOX", seconds=15):
    """The first message that has these bytes in it. Waits."""
    return wait_until(lambda: next((m for _, _, m in every(servers, user, mailbox) if needle in m), None), seconds,
                      "a message with %r in %s of %s" % (needle, mailbox, user), step=0.1)


# -- taking apart --------------------------------------------------------------------------------------------------

def head_of(entity):
    """The header of an entity as an email.message.Message."""
    return email.message_from_bytes(entity.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", policy=email.policy.compat32)


def body_of(entity):
    """The decoded body of a leaf."""
    head = head_of(entity)
    raw = entity.partition(b"\r\n\r\n")[2]
    encoding = (head.get("Content-Transfer-Encoding") or "7bit").strip().lower()
    if encoding == "base64":
        return base64.b64decode(raw)
    if encoding == "quoted-printable":
        import quopri
        return quopri.decodestring(raw)
    return raw


def parts_of(entity):
    """The exact bytes of the children of a multipart (RFC 2046: the line end before a delimiter belongs to it)."""
    boundary = head_of(entity).get_param("boundary")
    body = b"\r\n" + entity.partition(b"\r\n\r\n")[2]
    pieces = []
    for piece in body.split(b"\r\n--" + boundary.encode())[1:]:
        if piece.startswith(b"--"):
            return pieces
        pieces.append(piece.partition(b"\r\n")[2])
    raise Failed("multipart without an end")


class Smime:
    """Whose certificate and key to use, and which anchors to believe. folder: one of sealtest.ca; name: like bob-rsa."""

    def __init__(self, folder, name=None, crl=False):
        self.folder = os.path.join(folder, "smime")
        self.base = os.path.join(self.folder, name) if name else None
        self.crl = crl

    def run(self, command, der, *words):
        with tempfile.TemporaryDirectory(prefix="sp-cms") as box:
            source, out = os.path.join(box, "in"), os.path.join(box, "out")
            signer = os.path.join(box, "signer")
            with open(source, "wb") as file:
                file.write(der)
            more = ["-signer", signer] if command == "-verify" else []
            status, _, said = run(["openssl", "cms", command, "-binary", "-inform", "DER", "-in", source, "-out", out, *more,
                                   *words], check=False)
            text = read(out) if os.path.exists(out) else b""
            who = ""
            if status == 0 and os.path.exists(signer):
                who = run(["openssl", "x509", "-in", signer, "-noout", "-email"])[1].decode().split("\n")[0]
            return status, text, said.decode(errors="replace"), who

    def verify(self, der, content=None):
        """Facts about a signature; content: the bytes that a detached one covers."""
        words = ["-CAfile", os.path.join(self.folder, "root.pem"), "-purpose", "smimesign"]
        if self.crl:
            words += ["-crl_check_all", "-CRLfile", os.path.join(self.folder, "crl.pem")]
        with tempfile.NamedTemporaryFile(prefix="sp-cms") as box:
            if content is not None:
                box.write(content)
                box.flush()
                words += ["-content", box.name]
            status, text, said, who = self.run("-verify", der, *words)
        return {"good": status == 0, "signer": who, "said": said, "text": text if status == 0 else b""}

    def decrypt(self, der):
        status, text, said, _ = self.run("-decrypt", der, "-recip", self.base + ".crt", "-inkey", self.base + ".key")
        return {"decrypted": status == 0, "text": text if status == 0 else b"", "said": said}

    @staticmethod
    def kind(der):
        """The content type and the cipher, as openssl prints them."""
        out = run(["openssl", "cms", "-cmsout", "-print", "-noout", "-inform", "DER"], data=der)[1].decode(errors="replace")
        first = next((line for line in out.splitlines() if "contentType" in line), "")
        cipher = next((line.split(":")[1].split()[0] for line in out.splitlines()
                       if "algorithm: aes" in line and "wrap" not in line), "")
        return first.split(":")[1].split()[0] if first else "", cipher


def open_layer(entity, home, smime, passphrase):
    """One crypto layer off: (facts, the entity inside), or None when the root is no crypto layer."""
    head = head_of(entity)
    kind = head.get_content_type()
    protocol = str(head.get_param("protocol") or "").lower()
    if kind == "multipart/signed" and protocol == "application/pgp-signature":
        covered, signature = parts_of(entity)
        return {"kind": "pgp-signed", **home.verify(covered, body_of(signature))}, covered
    if kind == "multipart/encrypted":
        got = home.decrypt(body_of(parts_of(entity)[1]), passphrase=passphrase)
        text = got.pop("text")
        return {"kind": "pgp-encrypted", **got}, text if got["decrypted"] else None
    if kind == "multipart/signed" and "pkcs7-signature" in protocol:
        covered, signature = parts_of(entity)
        got = smime.verify(body_of(signature), covered)
        got.pop("text")
        return {"kind": "smime-signed", **got}, covered
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        der = body_of(entity)
        form, cipher = smime.kind(der)
        got = smime.verify(der) if form == "pkcs7-signedData" else smime.decrypt(der)
        text = got.pop("text")
        name = "smime-opaque" if form == "pkcs7-signedData" else "smime-encrypted"
        return {"kind": name, "form": form, "cipher": cipher, **got}, text or None
    return None


def open_message(raw, home=None, smime=None, passphrase=None):
    """Take off every crypto layer from the root inward. Returns the facts; see the top of the file."""
    layers, entity = [], raw
    while entity is not None:
        found = open_layer(entity, home, smime, passphrase)
        if not found:
            break
        layers.append(found[0])
        entity = found[1]
    facts = {"layers": layers, "kinds": [layer["kind"] for layer in layers], "entity": entity, "text": "",
             "headers": head_of(raw), "inner": head_of(entity) if entity else None}
    if entity:
        for leaf in email.message_from_bytes(entity, policy=email.policy.default).walk():
            if leaf.get_content_maintype() == "text":
                facts["text"] = leaf.get_content()
                break
    return facts
