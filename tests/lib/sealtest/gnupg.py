# SPDX-License-Identifier: GPL-3.0-or-later
"""Throwaway GnuPG homes with keys for the persons of the tests.

    ring = Ring()                   # alice, bob, carol: a home each, everybody's public keys in it
    ring.alice.sign(b"...")         # bytes; ring.alice.path is the GNUPGHOME
    ring.close()                    # ends the agents, removes the folders

Folders have short paths, because gpg-agent's socket is inside.
"""

import os
import re
import shutil

from .util import DOMAIN, Failed, at_end, end_process, processes_below, read, run, short_dir, write

PASSPHRASE = "correct horse battery staple"

# name of the home: keys as (user ID, algorithm, passphrase or "", fate)
PERSONS = {
    "alice": [("Alice Example <alice@%s>" % DOMAIN, "ed25519", "", "valid")],
    "bob": [("Bob Example <bob@%s>" % DOMAIN, "ed25519", "", "valid")],
    "carol": [("Carol Example <carol@%s>" % DOMAIN, "rsa2048", PASSPHRASE, "valid")],
}
STRANGERS = {
    "dave": [("Dave Expired <dave@%s>" % DOMAIN, "ed25519", "", "expired")],
    "erin": [("Erin Revoked <erin@%s>" % DOMAIN, "ed25519", "", "revoked")],
    "mallory": [("Mallory <mallory@%s>" % DOMAIN, "ed25519", "", "valid")],
}
EXPIRED_MADE = "20200101T120000"  # the key lives for one day from here


class Home:
    """One GNUPGHOME."""

    def __init__(self, path=None):
        self.own = path is None
        self.path = path or short_dir("gh")
        os.makedirs(self.path, exist_ok=True)
        os.chmod(self.path, 0o700)
        if self.own:
            at_end(self.close)
        self.fingerprint = ""  # of the first secret key
        write(os.path.join(self.path, "gpg.conf"), "no-greeting\nno-auto-key-retrieve\nkeyserver hkp://127.0.0.1:9\n")
        write(os.path.join(self.path, "gpg-agent.conf"), "allow-loopback-pinentry\ndisable-scdaemon\ns2k-count 65536\n")

    def env(self):
        env = {k: v for k, v in os.environ.items() if k not in ("GPG_AGENT_INFO", "GPG_TTY")}
        return {**env, "GNUPGHOME": self.path, "LC_ALL": "C.UTF-8"}

    def gpg(self, *words, data=None, check=True, passphrase=None):
        """Run gpg here. Returns (status, out, status lines as one text)."""
        extra = ["--pinentry-mode", "loopback", "--passphrase", passphrase or ""]
        status, out, err = run(["gpg", "--batch", "--yes", "--no-tty", "--status-fd", "2", *extra, *words], data=data,
                               env=self.env(), check=check)
        return status, out, err.decode(errors="replace")

    def make_key(self, uid, algorithm="ed25519", passphrase="", fate="valid"):
        """A primary key that signs and a subkey that decrypts. Returns the fingerprint. A "revoked" key still works in
        its own home; what its revocation() makes of it is for the others."""
        past = ["--faked-system-time", EXPIRED_MADE + "!"] if fate == "expired" else []
        expire = "1d" if fate == "expired" else "never"
        sub = "cv25519" if algorithm == "ed25519" else algorithm
        said = self.gpg(*past, "--quick-gen-key", uid, algorithm, "sign,cert", expire, passphrase=passphrase)[2]
        fpr = re.search(r"KEY_CREATED P ([0-9A-F]{40})", said).group(1)
        self.gpg(*past, "--quick-add-key", fpr, sub, "encr", expire, passphrase=passphrase)
        self.fingerprint = self.fingerprint or fpr
        return fpr

    def revocation(self, fpr):
        """The revocation certificate that gpg prepared when it made the key."""
        return read(os.path.join(self.path, "openpgp-revocs.d", fpr + ".rev")).replace(b":-----BEGIN", b"-----BEGIN")

    def export(self, fpr):
        return self.gpg("--armor", "--export", fpr)[1]

    def export_secret(self, fpr, passphrase=None):
        return self.gpg("--armor", "--export-secret-keys", fpr, passphrase=passphrase)[1]

    def take(self, key, accept=False):
        """Import a key; accept: ownertrust ultimate, as for an own key, which makes its user IDs valid. Returns the fingerprint."""
        said = self.gpg("--import", data=key, check=False)[2]
        found = re.search(r"IMPORT_OK \d+ ([0-9A-F]{40})", said)
        if not found:
            raise Failed("gpg did not import: " + said)
        if accept:
            self.accept(found.group(1))
        return found.group(1)

    def accept(self, fpr, level=6):
        self.gpg("--import-ownertrust", data="%s:%d:\n" % (fpr, level))

    def certify(self, fpr, passphrase=None):
        """Accept somebody else's key as its owner's: a local signature by our own key."""
        self.gpg("--local-user", self.fingerprint, "--quick-lsign-key", fpr, passphrase=passphrase)

    def sign(self, data, detached=True, key=None, passphrase=None, clear=False, when=None):
        """An armored signature (detached), a clear-signed text, or a signed message."""
        how = "--clearsign" if clear else "--detach-sign" if detached else "--sign"
        past = ["--faked-system-time", when + "!"] if when else []
        return self.gpg(*past, "--armor", "--local-user", key or self.fingerprint, how, data=data,
                        passphrase=passphrase)[1]

    def encrypt(self, data, to, sign=False, key=None, passphrase=None, extra=()):
        """An armored encrypted message to these fingerprints or addresses."""
        words = [w for r in to for w in ("--recipient", r)]
        signing = ["--sign", "--local-user", key or self.fingerprint] if sign else []
        return self.gpg("--armor", "--trust-model", "always", *extra, *words, *signing, "--encrypt", data=data,
                        passphrase=passphrase)[1]

    def verify(self, data, signature):
        """Check a detached signature with gpg alone. Returns the facts."""
        name = os.path.join(self.path, "to-verify.sig")
        write(name, signature)
        try:
            status, _, said = self.gpg("--verify", name, "-", data=data, check=False)
        finally:
            os.unlink(name)
        return facts(status, said)

    def decrypt(self, data, passphrase=None):
        """Decrypt (and verify) with gpg alone. Returns the facts with "text" (bytes)."""
        status, out, said = self.gpg("--decrypt", data=data, check=False, passphrase=passphrase)
        return {**facts(status, said), "text": out}

    def agent_running(self):
        return bool(processes_below(self.path))

    def close(self):
        """End the agent; a home that we made is removed."""
        if not os.path.isdir(self.path):
            return
        run(["gpgconf", "--kill", "all"], env=self.env(), check=False)
        for pid in processes_below(self.path):
            end_process(pid, 2)
        if self.own:
            shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def facts(status, said):
    """What gpg's status lines say, as a dictionary."""
    lines = [line[9:].split() for line in said.splitlines() if line.startswith("[GNUPG:] ")]
    words = [line[0] for line in lines if line]

    def field(word, number):
        return next((line[number] for line in lines if line[0] == word and len(line) > number), "")

    return {
        "status": status,
        "good": status == 0 and "GOODSIG" in words and "VALIDSIG" in words and "BADSIG" not in words,
        "bad": "BADSIG" in words, "unknown-key": "NO_PUBKEY" in words and "GOODSIG" not in words,
        "expired": "EXPKEYSIG" in words, "revoked": "REVKEYSIG" in words,
        "signer": field("VALIDSIG", 10) or field("VALIDSIG", 1),
        "trusted": bool({"TRUST_FULLY", "TRUST_ULTIMATE"} & set(words)),
        "decrypted": "DECRYPTION_OKAY" in words, "mdc": "GOODMDC" in words,
        "recipients": [line[1] for line in lines if line[0] == "ENC_TO"], "said": said,
    }


class Ring:
    """Homes of all persons who trust each other, and keys of strangers who are known but not trusted."""

    def __init__(self, folder=None, strangers=True, persons=tuple(PERSONS)):
        self.homes = {}
        self.base = folder
        self.stranger_keys = {}
        try:
            for name in persons:
                self.homes[name] = self.make_home(name, PERSONS[name])
            for name in persons:
                for other in persons:
                    if other != name:
                        self.homes[name].take(self.homes[other].export(self.homes[other].fingerprint))
                        self.homes[name].certify(self.homes[other].fingerprint, PERSONS[name][0][2])
            if strangers:
                self.make_strangers()
        except BaseException:
            self.close()
            raise

    def make_home(self, name, keys):
        home = Home(os.path.join(self.base, name) if self.base else None)
        for key in keys:
            home.make_key(*key)
        return home

    def make_strangers(self):
        """Keep strangers' homes too (they sign in tests); everybody has their public keys, without trust."""
        for name, keys in STRANGERS.items():
            home = self.homes[name] = self.make_home(name, keys)
            self.stranger_keys[name] = home.export(home.fingerprint)
            if keys[0][3] == "revoked":
                self.stranger_keys[name] += home.revocation(home.fingerprint)
        for name in PERSONS:
            if name in self.homes:
                self.homes[name].take(b"".join(self.stranger_keys[s] for s in STRANGERS))

    def __getattr__(self, name):
        homes = self.__dict__.get("homes", {})
        if name in homes:
            return homes[name]
        raise AttributeError(name)

    def close(self):
        for home in self.homes.values():
            home.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
