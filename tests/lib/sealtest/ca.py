# SPDX-License-Identifier: GPL-3.0-or-later
"""Throwaway certification authorities, made with the openssl command.

Two separate worlds, because an anchor of one must not be believed in the other:

    DIR/root.pem, intermediate.pem          anchors of the servers
    DIR/server/NAME.{key,crt,chain}         good expired notyet selfsigned wronghost unknownca renewed
    DIR/smime/root.pem, intermediate.pem    anchors of S/MIME;  crl.pem: both authorities' lists
    DIR/smime/NAME.{key,crt,chain,p12}      see PERSONS; DIR/smime/passphrase opens the .p12 files

chain = the certificate followed by its issuer; NAME.issuer = the issuer alone (absent when self-signed).
"""

import os

from .util import run, write, read

P12_PASSPHRASE = "p12 passphrase"
PAST = ("20190101000000Z", "20200101000000Z")
FUTURE = ("20900101000000Z", "20910101000000Z")

# name: (issuer, key type, common name, alternative names, validity or None)
SERVERS = {
    "good": ("intermediate", "ec", "localhost", "DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.4,IP:::1", None),
    "renewed": ("intermediate", "ec", "localhost", "DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.4,IP:::1", None),
    "expired": ("intermediate", "ec", "localhost", "DNS:localhost,IP:127.0.0.1", PAST),
    "notyet": ("intermediate", "ec", "localhost", "DNS:localhost,IP:127.0.0.1", FUTURE),
    "wronghost": ("intermediate", "ec", "mail.elsewhere.test", "DNS:mail.elsewhere.test,IP:192.0.2.7", None),
    "unknownca": ("stranger", "ec", "localhost", "DNS:localhost,IP:127.0.0.1", None),
    "selfsigned": (None, "ec", "localhost", "DNS:localhost,IP:127.0.0.1", None),
}

# name: (issuer, key type, common name, address, validity or None, extension section)
PERSONS = {
    "alice-rsa": ("intermediate", "rsa", "Alice Example", "alice@example.test", None, "person"),
    "alice-ec": ("intermediate", "ec", "Alice Example", "alice@example.test", None, "person"),
    "bob-rsa": ("intermediate", "rsa", "Bob Example", "bob@example.test", None, "person"),
    "bob-ec": ("intermediate", "ec", "Bob Example", "bob@example.test", None, "person"),
    "alice-expired": ("intermediate", "ec", "Alice Example", "alice@example.test", PAST, "person"),
    "alice-revoked": ("intermediate", "ec", "Alice Example", "alice@example.test", None, "person"),
    "mallory": ("intermediate", "ec", "Mallory", "mallory@example.test", None, "person"),
    "alice-tlsonly": ("intermediate", "ec", "Alice Example", "alice@example.test", None, "machine"),
    "alice-unknownca": ("stranger", "ec", "Alice Example", "alice@example.test", None, "person"),
    "alice-selfsigned": (None, "ec", "Alice Example", "alice@example.test", None, "person"),
}

CONF = """\
[ca]
default_ca = this
[this]
dir = {dir}
database = $dir/index.txt
new_certs_dir = $dir/issued
serial = $dir/serial
crlnumber = $dir/crlnumber
certificate = $dir/ca.crt
private_key = $dir/ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
unique_subject = no
email_in_dn = no
rand_serial = no
[any]
commonName = supplied
organizationName = optional
[req]
distinguished_name = dn
prompt = no
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = {san}
[person]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation,{agree}
extendedKeyUsage = emailProtection
subjectKeyIdentifier = hash
subjectAltName = {san}
[machine]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = {san}
"""


def make_key(path, kind):
    spec = {"rsa": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            "ec": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]}[kind]
    run(["openssl", "genpkey", "-algorithm", *spec, "-out", path])
    os.chmod(path, 0o600)


class Authority:
    """One certification authority in a folder of its own."""

    def __init__(self, folder, name, section, parent=None):
        self.dir = os.path.join(folder, ".ca-" + name.replace(" ", "-"))
        self.parent = parent
        os.makedirs(os.path.join(self.dir, "issued"))
        for file, text in (("index.txt", ""), ("serial", "1000\n"), ("crlnumber", "01\n")):
            write(os.path.join(self.dir, file), text)
        self.crt = os.path.join(self.dir, "ca.crt")
        key = os.path.join(self.dir, "ca.key")
        make_key(key, "ec")
        subject = "/O=sealpost tests/CN=" + name
        if parent:
            parent.issue(key, subject, section, self.crt)
        else:
            run(["openssl", "req", "-x509", "-new", "-key", key, "-subj", subject, "-days", "60", "-sha256",
                 "-config", self.conf(), "-extensions", section, "-out", self.crt])

    def conf(self, san="email:nobody@example.test", kind="rsa"):
        text = CONF.format(dir=self.dir, san=san, agree="keyEncipherment" if kind == "rsa" else "keyAgreement")
        return write(os.path.join(self.dir, "openssl.cnf"), text)

    def issue(self, key, subject, section, out, san="email:nobody@example.test", kind="rsa", validity=None):
        """Sign a certificate for the key; validity is (from, to) as YYYYMMDDHHMMSSZ or None for 30 days."""
        conf = self.conf(san, kind)
        csr = os.path.join(self.dir, "request.csr")
        run(["openssl", "req", "-new", "-key", key, "-subj", subject, "-config", conf, "-out", csr])
        dates = ["-startdate", validity[0], "-enddate", validity[1]] if validity else []
        run(["openssl", "ca", "-batch", "-notext", "-config", conf, "-extensions", section, "-in", csr,
             "-out", out, *dates])

    def revoke(self, crt):
        run(["openssl", "ca", "-config", self.conf(), "-revoke", crt, "-crl_reason", "keyCompromise"])

    def crl(self):
        return run(["openssl", "ca", "-config", self.conf(), "-gencrl"])[1]


class World:
    """A root, an intermediate and a stranger (an authority that nobody trusts)."""

    def __init__(self, folder, label):
        os.makedirs(folder, exist_ok=True)
        self.dir = folder
        self.root = Authority(folder, label + " root", "root")
        self.by_name = {"intermediate": Authority(folder, label + " intermediate", "intermediate", self.root),
                        "stranger": Authority(folder, label + " stranger", "root"), None: None}
        write(os.path.join(folder, "root.pem"), read(self.root.crt))
        write(os.path.join(folder, "intermediate.pem"), read(self.by_name["intermediate"].crt))

    def leaf(self, where, name, issuer, kind, common_name, san, validity, section):
        """Make NAME.key, NAME.crt and NAME.chain below WHERE."""
        base = os.path.join(where, name)
        make_key(base + ".key", kind)
        subject = "/O=sealpost tests/CN=" + common_name
        authority = self.by_name[issuer]
        if authority:
            authority.issue(base + ".key", subject, section, base + ".crt", san, kind, validity)
            chain = read(base + ".crt") + read(authority.crt)
            write(base + ".issuer", read(authority.crt))
        else:
            run(["openssl", "req", "-x509", "-new", "-key", base + ".key", "-subj", subject, "-days", "30", "-sha256",
                 "-config", self.root.conf(san, kind), "-extensions", section, "-out", base + ".crt"])
            chain = read(base + ".crt")
        write(base + ".chain", chain)
        return base


def make_servers(folder):
    """The servers' half. Returns the folder."""
    world = World(folder, "TLS")
    where = os.path.join(folder, "server")
    os.makedirs(where)
    for name, (issuer, kind, cn, san, validity) in SERVERS.items():
        world.leaf(where, name, issuer, kind, cn, san, validity, "server")
    return folder


def make_smime(folder):
    """The S/MIME half, in DIR/smime. Returns that folder."""
    world = World(os.path.join(folder, "smime"), "SMIME")
    write(os.path.join(world.dir, "passphrase"), P12_PASSPHRASE + "\n", 0o600)
    for name, (issuer, kind, cn, address, validity, section) in PERSONS.items():
        base = world.leaf(world.dir, name, issuer, kind, cn, "email:" + address, validity, section)
        run(["openssl", "pkcs12", "-export", "-inkey", base + ".key", "-in", base + ".chain", "-name", cn,
             "-passout", "file:" + os.path.join(world.dir, "passphrase"), "-out", base + ".p12"])
        os.chmod(base + ".p12", 0o600)
    middle = world.by_name["intermediate"]
    middle.revoke(os.path.join(world.dir, "alice-revoked.crt"))
    write(os.path.join(world.dir, "crl.pem"), middle.crl() + world.root.crl())
    return world.dir


def make(folder):
    """Everything."""
    make_servers(folder)
    make_smime(folder)
    return folder


def verify_server(folder, name, host_ip="127.0.0.1"):
    """What openssl says of a server certificate: (accepted, words)."""
    base = os.path.join(folder, "server", name)
    status, out, err = run(["openssl", "verify", "-CAfile", os.path.join(folder, "root.pem"), "-untrusted",
                            base + ".chain", "-purpose", "sslserver", "-verify_ip", host_ip, base + ".crt"], check=False)
    return status == 0, (out + err).decode()


def verify_person(folder, name, crl=False):
    """What openssl says of an S/MIME certificate: (accepted, words)."""
    smime = os.path.join(folder, "smime")
    base = os.path.join(smime, name)
    lists = ["-crl_check_all", "-CRLfile", os.path.join(smime, "crl.pem")] if crl else []
    status, out, err = run(["openssl", "verify", "-CAfile", os.path.join(smime, "root.pem"), "-untrusted",
                            base + ".chain", "-purpose", "smimesign", *lists, base + ".crt"], check=False)
    return status == 0, (out + err).decode()
