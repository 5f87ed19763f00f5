# SPDX-License-Identifier: GPL-3.0-or-later
"""The common base of tests of the real program.

    profile = e2e.Profile(home=ring.alice)         # a throwaway SEALPOST_HOME
    profile.account("work", servers)               # alice on these servers; more options by keyword
    profile.create()                               # makes the store (a key file, no passphrase)
    profile.run("inspect", "--json", FILE)         # (status, out, err)
    with profile.screens(80, 24) as s: ...         # sealtest.screens.Screens
    profile.close()                                # ends the supervisor and everything below it

SEALPOST_BUILD is the build folder (default: build/ of the source); without a program in it the test is skipped.
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import struct

from . import ca
from .util import DOMAIN, ROOT, Failed, alive, at_end, children, env_file, read, run, short_dir, skip, wait_until, write

BUILD = os.path.abspath(os.environ.get("SEALPOST_BUILD") or os.path.join(ROOT, "build"))
ROLES = ("supervisor", "ui", "engine", "parse", "keys", "net")
NAMES = {"alice": "Alice Example", "bob": "Bob Example", "carol": "Carol Example"}


def need_program(*roles):
    """Skip the test when the program is not built."""
    for path in ("sealpost", *("libexec/sealpost-" + r for r in roles or ROLES)):
        if not os.access(os.path.join(BUILD, path), os.X_OK):
            skip("%s is not built in %s" % (path, BUILD))


def adopt_orphans():
    """What daemonizes below this process becomes our child, so that it can be found and reaped."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


class Profile:
    """One user's sealpost: configuration, store, processes."""

    def __init__(self, user, home, **settings):
        """home: the user's sealtest.gnupg.Home. settings: the section [sealpost] (undo_seconds=0 …)."""
        self.user = user
        self.dir = short_dir("e2")
        os.chmod(self.dir, 0o700)
        self.path = os.path.join(self.dir, "h")
        os.mkdir(self.path, 0o700)
        self.home = home
        self.gnupg = home.path
        self.settings = {"undo-seconds": "0", "editor": "builtin", **{k.replace("_", "-"): v for k, v in settings.items()}}
        self.accounts = {}
        self.extra = ""
        at_end(self.close)

    # -- configuration ------------------------------------------------------------------------------------------

    @property
    def config_file(self):
        return os.path.join(self.path, "config")

    @property
    def log_file(self):
        return os.path.join(self.dir, "log")

    def log(self, lines=30):
        """The end of what the roles wrote about themselves."""
        text = read(self.log_file).decode(errors="replace") if os.path.exists(self.log_file) else ""
        return "\n".join(text.splitlines()[-lines:])

    def account(self, name, servers=None, **options):
        """Add an account of self.user on these servers (or what the options say). Options replace, None removes."""
        address = "%s@%s" % (self.user, DOMAIN)
        values = {"kind": "imap", "name": NAMES.get(self.user, self.user), "address": address}
        if servers:
            values.update(imap="imaps://%s@127.0.0.1:%d" % (self.user, servers.imaps_port), ca_file=servers.ca,
                          password_command="cat " + self.secret(servers.password(self.user)))
            if servers.postfix:
                values["smtp"] = "smtps://%s@127.0.0.1:%d" % (self.user, servers.smtps_port)
        values.update(options)
        self.accounts[name] = {k.replace("_", "-"): v for k, v in values.items() if v is not None}
        return self

    def secret(self, text):
        """A file with a password in it, for password-command."""
        return write(os.path.join(self.dir, "password.%d" % len(os.listdir(self.dir))), text + "\n", 0o600)

    def write_config(self):
        lines = ["[sealpost]"] + ["%s = %s" % pair for pair in self.settings.items()]
        for name, values in self.accounts.items():
            lines += ["", "[account %s]" % name] + ["%s = %s" % pair for pair in values.items()]
        write(self.config_file, "\n".join(lines) + "\n" + self.extra, 0o600)
        env_file(os.path.join(self.dir, "env"), self.own_env())

    def own_env(self):
        return {"SEALPOST_HOME": self.path, "GNUPGHOME": self.gnupg, "SEALPOST_LOG": self.log_file, "SEALPOST_LIBEXEC": os.path.join(BUILD, "libexec"),
                "SEALPOST_LOCALEDIR": os.path.join(BUILD, "locale")}

    def env(self):
        keep = {k: v for k, v in os.environ.items()
                if k in ("PATH", "HOME", "TMPDIR", "USER", "LD_PRELOAD", "WRONGCLOCK") or k.endswith("SAN_OPTIONS")}
        return {**keep, **self.own_env(), "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "tmux-256color"}

    # -- the program --------------------------------------------------------------------------------------------

    def run(self, *words, data=None, check=True, timeout=60):
        """One command of sealpost, without a terminal: (status, out, err) as text."""
        if not os.path.exists(self.config_file):
            self.write_config()
        status, out, err = run([os.path.join(BUILD, "sealpost"), *words], data=data, env=self.env(), check=check,
                               timeout=timeout)
        return status, out.decode(), err.decode(errors="replace")

    def create(self):
        """Make the store. Without a terminal its key lies in a file; what a person is asked is a test of its own."""
        self.write_config()
        key = write(os.path.join(self.dir, "own.asc"), self.home.export(self.home.fingerprint))
        self.run("keys", "import", key)
        return self

    def inspect(self, raw, *words):
        """The verdict on a message (bytes) as an object."""
        return json.loads(self.run("inspect", "--json", *words, "-", data=raw)[1])

    def give_smime(self, folder, name):
        """Import a person's key, and the S/MIME authority as an anchor. folder: of sealtest.ca."""
        smime = os.path.join(folder, "smime")
        self.run("keys", "import", "--anchor", os.path.join(smime, "root.pem"))
        self.run("keys", "import", "--passphrase-file", os.path.join(smime, "passphrase"),
                 os.path.join(smime, name + ".p12"))
        return self

    def give_certificate(self, folder, name):
        """Import the certificate of somebody else, with its issuer."""
        self.run("keys", "import", os.path.join(folder, "smime", name + ".chain"))
        return self

    def screens(self, width=80, height=24, term="tmux-256color", words=()):
        """The screens in a terminal."""
        from .screens import Screens
        return Screens(self, width, height, term, words)

    def supervisor(self):
        """Process id of the supervisor (it made the door), None when none runs."""
        door = os.path.join(self.path, "run", "engine.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            try:
                sock.settimeout(2)
                sock.connect(door)
                pid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            except OSError:
                return None
        return pid if pid > 0 else None

    def role(self, name):
        """Process ids of a role of this profile ("engine", "net" …)."""
        master = self.supervisor()
        found = []
        for pid in children(master) if master else []:
            try:
                if read("/proc/%d/comm" % pid).decode().strip() == ("sealpost-" + name)[:15]:
                    found.append(pid)
            except OSError:
                pass
        return found

    def stop(self, sig=signal.SIGTERM, seconds=10):
        """End the supervisor and wait until it and its roles are gone. AssertionError when they stay."""
        master = self.supervisor()
        if not master:
            return
        family = [master, *children(master)]
        os.kill(master, sig)
        try:
            wait_until(lambda: not any(map(alive, family)), seconds, "end of sealpost's processes")
        except Failed:
            left = [(pid, read("/proc/%d/comm" % pid).decode().strip()) for pid in family if alive(pid)]
            for pid, _ in left:
                os.kill(pid, signal.SIGKILL)
            raise AssertionError("still alive %g s after the supervisor was told to end: %s" % (seconds, left)) from None

    def close(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class World:
    """Certificates, key rings and servers for one test file; made once. Use as a context manager, or close()."""

    def __init__(self, strangers=False, servers=True, smtp=True, users=()):
        """users: (name, password) of further ones than alice, bob and carol."""
        from . import gnupg
        from .servers import Servers
        adopt_orphans()
        self.folder = short_dir("wo")
        self.ring = self.servers = None
        try:
            ca.make(self.folder)
            self.ring = gnupg.Ring(strangers=strangers)
            if servers:
                self.servers = Servers(tls=self.folder, users=users).start()
                if smtp and not self.servers.postfix:
                    skip("Postfix needs root: nothing can be sent")
        except BaseException:
            self.close()
            raise

    def person(self, name):
        """For sealtest.mail: the path of an S/MIME person."""
        return os.path.join(self.folder, "smime", name)

    def close(self):
        if self.servers:
            self.servers.__exit__()
        if self.ring:
            self.ring.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
