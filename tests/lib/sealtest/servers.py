# SPDX-License-Identifier: GPL-3.0-or-later
"""A throwaway Dovecot and Postfix on loopback, configured from the templates in conf/.

    with Servers() as s:            # or Servers(DIR); s.stop() by hand
        s.imaps_port, s.smtps_port, s.ca, s.password("alice"), s.doveadm("mailbox", "list", "-u", "alice")

Dovecot runs for everybody; Postfix only for root (s.postfix tells). Everything is in s.env too, and in DIR/env.
"""

import grp
import os
import pwd
import shutil
import signal
import ssl
import time

from . import ca
from .util import (DOMAIN, LIB, PASSWORDS, Failed, alive, at_end, env_file, free_ports, greets, launch, load_env, read, run,
                   short_dir, wait_until, write)

SIZE_LIMIT = 10 * 1024 * 1024
PORTS = ("IMAPS", "IMAP", "INSECURE", "TLS11", "SMTPS", "SUBMISSION")
# Dovecot takes a connection from 127.0.0.1 to 127.0.0.1 for secure as it stands; these addresses are "far away" for it.
HOSTS = {"IMAP": "127.0.0.2", "INSECURE": "127.0.0.3", "TLS11": "127.0.0.4"}
QUEUE_FOLDERS = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
                 "trace", "maildrop", "public", "pid")


def fill(name, values):
    """A template of conf/ with @KEY@ replaced."""
    text = read(os.path.join(LIB, "conf", name)).decode()
    for key, value in values.items():
        text = text.replace("@%s@" % key, str(value))
    return text


def user_exists(name):
    try:
        pwd.getpwnam(name)
        return True
    except KeyError:
        return False


def presented(port):
    """The certificate (DER) that a TLS port of loopback shows, or None."""
    try:
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port), timeout=5))
    except (OSError, ValueError):
        return None


class Servers:
    """The pair of servers in one folder. Owns the folder only when it made it."""

    def __init__(self, folder=None, tls=None, size_limit=SIZE_LIMIT, users=()):
        """tls: a folder made by ca.make_servers (made when absent). users: (name, password) of further ones."""
        self.own_folder = folder is None
        self.dir = os.path.abspath(folder) if folder else short_dir("sv")
        if len(self.dir) > 60:
            raise Failed("too long for Unix sockets below it: " + self.dir)
        self.tls = tls
        self.size_limit = size_limit
        self.users = [*PASSWORDS.items(), *users]
        self.postfix = False
        self.env = {}

    def path(self, *names):
        return os.path.join(self.dir, *names)

    # -- starting -----------------------------------------------------------------------------------------------

    def start(self):
        """Start everything; a port that somebody took meanwhile is tried again with others."""
        os.makedirs(self.dir, exist_ok=True)
        os.chmod(self.dir, 0o755)
        if self.own_folder:
            at_end(self.stop)
        if not self.tls:
            self.tls = self.path("ca")
            if not os.path.exists(self.path("ca", "root.pem")):
                ca.make_servers(self.tls)
        os.makedirs(self.path("tls"), exist_ok=True)
        self.use_certificate("good", reload=False)
        for attempt in range(3):
            try:
                self.start_once()
                break
            except Failed:
                self.stop()
                if attempt == 2:
                    raise
        self.write_env()
        return self

    def start_once(self):
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.start_dovecot()
        if os.geteuid() == 0 and shutil.which("postfix") and user_exists("postfix"):
            self.start_postfix()
            self.postfix = True

    def identities(self):
        """The users of Dovecot's processes: Debian's own when root, else all of them the one who runs the tests."""
        if os.geteuid() == 0:
            mail = pwd.getpwnam("nobody")
            return {"INTERNAL_USER": "dovecot", "INTERNAL_GROUP": "dovecot", "LOGIN_USER": "dovenull",
                    "LOGIN_CHROOT": "login", "MAIL_UID": mail.pw_uid, "MAIL_GID": mail.pw_gid}
        me = pwd.getpwuid(os.geteuid()).pw_name
        group = grp.getgrgid(os.getegid()).gr_name
        return {"INTERNAL_USER": me, "INTERNAL_GROUP": group, "LOGIN_USER": me, "LOGIN_CHROOT": "",
                "MAIL_UID": os.geteuid(), "MAIL_GID": os.getegid()}

    def start_dovecot(self):
        who = self.identities()
        values = {"DIR": self.dir, **who, **{k + "_PORT": v for k, v in self.ports.items()}}
        for name in ("run", "state", "mail"):
            os.makedirs(self.path(name), exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.path("mail"), who["MAIL_UID"], who["MAIL_GID"])
        write(self.path("users"), "".join("%s:{PLAIN}%s::::::\n" % pair for pair in self.users))
        write(self.path("tls11.cnf"), fill("tls11.cnf.in", values))
        login = self.login_program()
        write(self.path("imap-login-tls11"),
              "#!/bin/sh\nOPENSSL_CONF=%s exec %s \"$@\"\n" % (self.path("tls11.cnf"), login), 0o755)
        conf = write(self.path("dovecot.conf"), fill("dovecot.conf.in", values))
        launch(["dovecot", "-c", conf], self.path("dovecot.out"))
        for port in ("IMAP", "INSECURE"):
            wait_until(lambda: greets(HOSTS[port], self.ports[port], b"* OK"), 10, "Dovecot's greeting")

    def login_program(self):
        """Where imap-login is: the setting is a name relative to Dovecot's libexec folder."""
        for folder in ("/usr/lib/dovecot", "/usr/libexec/dovecot", "/usr/local/libexec/dovecot"):
            if os.path.exists(os.path.join(folder, "imap-login")):
                return os.path.join(folder, "imap-login")
        raise Failed("imap-login not found")

    def start_postfix(self):
        """Run Postfix's master directly: the postfix command's checks walk through the whole system first."""
        libexec = run(["postconf", "-h", "-d", "daemon_directory"])[1].decode().strip()
        values = {"DIR": self.dir, "DAEMON_DIRECTORY": libexec, "SIZE_LIMIT": self.size_limit,
                  **{k + "_PORT": v for k, v in self.ports.items()}}
        owner = pwd.getpwnam("postfix")
        drop = grp.getgrnam("postdrop").gr_gid
        os.makedirs(self.path("postfix"), exist_ok=True)
        boxes = ["%s@%s x\n" % (n, DOMAIN) for n in (*PASSWORDS, "tempfail")]
        files = {"main.cf": fill("main.cf.in", values), "master.cf": fill("master.cf.in", values),
                 "mailboxes": "".join(boxes), "recipients": "tempfail@%s 451 4.7.1 try again later\n" % DOMAIN}
        old = time.time() - 60  # Postfix sleeps until a file that it reads is two seconds old
        for name, text in files.items():
            os.utime(write(self.path("postfix", name), text), (old, old))
        for name in ("queue", "data", *("queue/" + f for f in QUEUE_FOLDERS)):
            os.makedirs(self.path(name), exist_ok=True)
        os.chown(self.path("data"), owner.pw_uid, owner.pw_gid)
        for name in QUEUE_FOLDERS:
            where = self.path("queue", name)
            os.chown(where, 0 if name == "pid" else owner.pw_uid, drop if name in ("maildrop", "public") else 0)
            os.chmod(where, {"maildrop": 0o1730, "public": 0o2710, "pid": 0o755}.get(name, 0o700))
        write(self.path("postfix.log"), "")
        launch([os.path.join(libexec, "master"), "-c", self.path("postfix"), "-w"], self.path("postfix.out"))
        wait_until(lambda: greets("127.0.0.1", self.ports["SUBMISSION"], b"220"), 10, "Postfix's greeting")

    def write_env(self):
        self.env = {
            "SP_DIR": self.dir, "SP_DOVECOT_CONF": self.path("dovecot.conf"), "SP_LMTP": self.path("lmtp"),
            "SP_CA": os.path.join(self.tls, "root.pem"), "SP_TLS": self.tls, "SP_HOST": "127.0.0.1",
            **{"SP_%s_HOST" % k: v for k, v in HOSTS.items()},
            "SP_IMAPS_PORT": self.ports["IMAPS"], "SP_IMAP_PORT": self.ports["IMAP"],
            "SP_TLS11_PORT": self.ports["TLS11"],
            "SP_INSECURE_PORT": self.ports["INSECURE"], "SP_SIZE_LIMIT": self.size_limit,
            "SP_POSTFIX": "yes" if self.postfix else "no",
        }
        if self.postfix:
            self.env.update(SP_SMTPS_PORT=self.ports["SMTPS"], SP_SUBMISSION_PORT=self.ports["SUBMISSION"])
        for name, password in PASSWORDS.items():
            self.env["SP_PASSWORD_" + name] = write(self.path("password." + name), password + "\n", 0o600)
        env_file(self.path("env"), self.env)

    # -- using --------------------------------------------------------------------------------------------------

    def __getattr__(self, name):
        """s.imaps_port and the like."""
        if name.endswith("_port") and "ports" in self.__dict__:
            return self.ports[name[:-5].upper()]
        raise AttributeError(name)

    @property
    def ca(self):
        return os.path.join(self.tls, "root.pem")

    @property
    def lmtp(self):
        return self.path("lmtp")

    def password(self, user):
        return PASSWORDS[user]

    def doveadm(self, *words, data=None, check=True):
        """Run doveadm on this server. Returns its output as bytes."""
        return run(["doveadm", "-c", self.path("dovecot.conf"), *words], data=data, check=check)[1]

    def log(self, which):
        """The text of dovecot.log or postfix.log so far."""
        try:
            return read(self.path(which + ".log")).decode(errors="replace")
        except FileNotFoundError:
            return ""

    def client_context(self):
        """A TLS context that believes this server's authority only."""
        return ssl.create_default_context(cafile=self.ca)

    def use_certificate(self, name, reload=True):
        """Present another certificate of the authority's folder from now on (a changed certificate, an expired one …)."""
        for end in ("chain", "key"):
            new = self.path("tls", "new")
            shutil.copy(os.path.join(self.tls, "server", "%s.%s" % (name, end)), new)
            os.chmod(new, 0o600)
            os.replace(new, self.path("tls", "server." + end))
        if not reload:
            return
        self.doveadm("reload")
        ports = [self.ports["IMAPS"]]
        if self.postfix:
            os.kill(self.master_pid("postfix"), signal.SIGHUP)
            ports.append(self.ports["SMTPS"])
        want = ssl.PEM_cert_to_DER_cert(read(os.path.join(self.tls, "server", name + ".crt")).decode())
        for port in ports:
            wait_until(lambda: presented(port) == want, 5, "the new certificate on port %d" % port)

    # -- stopping -----------------------------------------------------------------------------------------------

    def master_pid(self, which):
        """Process id of a master that runs, else None."""
        file = {"dovecot": self.path("run", "master.pid"), "postfix": self.path("queue", "pid", "master.pid")}[which]
        try:
            pid = int(read(file).split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if alive(pid) else None

    def family(self):
        """Ids of both masters and of all their children, for a look at who survives."""
        masters = {p for p in map(self.master_pid, ("postfix", "dovecot")) if p}
        found = set(masters)
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open("/proc/%s/stat" % name) as inp:
                        if int(inp.read().rpartition(")")[2].split()[1]) in masters:
                            found.add(int(name))
                except OSError:
                    pass
        return found

    def stop(self):
        """Stop both by process id; not back before they and their children are gone."""
        family = self.family()
        for sig, seconds in ((signal.SIGTERM, 2), (signal.SIGKILL, 5)):
            for pid in filter(alive, sorted(family)):
                try:
                    os.kill(pid, sig)
                except ProcessLookupError:
                    pass
            end = time.monotonic() + seconds
            while any(map(alive, family)) and time.monotonic() < end:
                time.sleep(0.01)
        self.postfix = False

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        if self.own_folder:
            shutil.rmtree(self.dir, ignore_errors=True)


def attach(folder):
    """The Servers object of a folder that `servers start` filled."""
    s = Servers(folder)
    s.env = load_env(s.path("env"))
    s.tls = s.env["SP_TLS"]
    s.postfix = s.env["SP_POSTFIX"] == "yes"
    s.ports = {k[3:-5]: int(v) for k, v in s.env.items() if k.endswith("_PORT")}
    return s
