# SPDX-License-Identifier: GPL-3.0-or-later
"""`sealpost demo` in a terminal, in the home of somebody who has mail, keys and a configuration already.

    user = demo.User()                       # a throwaway HOME with marker files
    with user.screens(80, 24) as s: ...      # sealtest.screens.Screens of the demonstration
    user.changes()                           # what is not as it was; [] is right
    user.leftovers()                         # processes and folders of the demonstration that are still there
"""

import hashlib
import os
import shutil
import signal
import stat

from .e2e import BUILD, adopt_orphans, children
from .util import Failed, alive, at_end, read, short_dir, wait_until, write



OURS = ("sealpost", "gpg", "keyboxd", "dirmngr", "scdaemon")


def comm(pid):
    """A process's name; "" when it is gone."""
    try:
        return read("/proc/%d/comm" % pid).decode(errors="replace").strip()
    except OSError:
        return ""


class User:
    """Somebody's HOME. named: SEALPOST_HOME and GNUPGHOME stand in the environment too."""

    def __init__(self, named=False, **more):
        adopt_orphans()
        self.home = short_dir("us")
        self.log_file = os.path.join(short_dir("ul"), "log")  # not in HOME, where nothing may appear
        self.more = more
        self.named = named
        for path, text in ((".config/sealpost/config", "[account own]\nkind = local\naddress = me@own.example\n"),
                           (".local/share/sealpost/marker", "store"), (".gnupg/gpg.conf", "# mine\n"), (".gnupg/marker", "keys"),
                           ("own/config", "[account named]\nkind = local\naddress = me@own.example\n"), ("gnupg/marker", "keys"),
                           ("Downloads/marker", "files"), ("work/marker", "here")):
            os.makedirs(os.path.dirname(os.path.join(self.home, path)), mode=0o700, exist_ok=True)
            write(os.path.join(self.home, path), text, 0o600)
        self.runtime = os.path.join(self.home, "run")
        os.mkdir(self.runtime, 0o700)
        self.seen = ""  # the demonstration's folder
        self.before = self.snapshot()
        at_end(self.close)

    @property
    def work(self):
        """The folder in which the demonstration is started."""
        return os.path.join(self.home, "work")

    def env(self):
        keep = {k: v for k, v in os.environ.items() if k in ("PATH", "USER") or k.endswith("SAN_OPTIONS")}
        own = {"SEALPOST_HOME": os.path.join(self.home, "own"), "GNUPGHOME": os.path.join(self.home, "gnupg")} if self.named else {}
        return {**keep, **own, "HOME": self.home, "XDG_RUNTIME_DIR": self.runtime, "SEALPOST_LOG": self.log_file, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                "SEALPOST_LOCALEDIR": os.path.join(BUILD, "locale"), **self.more}

    def screens(self, width=80, height=24, term="tmux-256color"):
        from .screens import Screens
        return Screens(self, width, height, term, ["demo"], cwd=self.work)

    def log(self, lines=30):
        """The end of what the roles wrote about themselves."""
        text = read(self.log_file).decode(errors="replace") if os.path.exists(self.log_file) else ""
        return "\n".join(text.splitlines()[-lines:])

    # -- what there is -----------------------------------------------------------------------------------------------

    def snapshot(self):
        """path -> everything that could be changed, below HOME."""
        found = {}
        for top, folders, files in os.walk(self.home):
            for name in [*folders, *files]:
                path = os.path.join(top, name)
                s = os.lstat(path)
                text = hashlib.sha256(read(path)).hexdigest() if stat.S_ISREG(s.st_mode) else ""
                found[os.path.relpath(path, self.home)] = (s.st_mode, s.st_mtime_ns, s.st_ino, text)
        return found

    def changes(self):
        now = self.snapshot()
        return sorted(p for p in {*now, *self.before} if now.get(p) != self.before.get(p))

    def folder(self, seconds=10):
        """The demonstration's own SEALPOST_HOME: the keys role is told where it is. Remembered for leftovers()."""
        def named():
            for pid in self.role("keys"):
                words = read("/proc/%d/cmdline" % pid).decode().split("\0")
                if "--home" in words:
                    return os.path.dirname(words[words.index("--home") + 1])
            return None
        if not self.seen:
            self.seen = wait_until(named, seconds, "the demonstration's folder")
        return self.seen

    @staticmethod
    def processes():
        """Ids of everything that runs for a demonstration of this test: what daemonizes is our child."""
        return [pid for pid in children(os.getpid()) if comm(pid).startswith(OURS) and alive(pid)]

    def role(self, name):
        """Process ids of a role, the template before its children."""
        wanted = ("sealpost-" + name)[:15]
        found = [pid for pid in self.processes() if comm(pid) == wanted]
        below = {c for pid in found for c in children(pid)}
        return [p for p in found if p not in below] + [p for p in found if p in below]

    def leftovers(self, seconds=5):
        """What is left of it after its end: waits a little for it to go. [] is right."""
        def left():
            return [*map(comm, self.processes()), *filter(os.path.exists, [self.seen])]
        try:
            wait_until(lambda: not left(), seconds, "end of everything")
        except Failed:
            pass
        return left()

    def close(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        for folder in (self.home, os.path.dirname(self.log_file)):
            shutil.rmtree(folder, ignore_errors=True)
