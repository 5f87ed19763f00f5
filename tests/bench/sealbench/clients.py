# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients that are measured: how each is configured for one inbox, newest first, and which keys do what.

A client is prepared once for a corpus (prepare), may lose what it cached (forget), and runs in a Terminal (run). Keys and
expressions are class attributes; what a client cannot do is None.
"""

import os
import shutil
import subprocess

from sealtest import e2e, gnupg
from sealtest.util import ROOT, write

from .terminal import Terminal, cpu_seconds

ADDRESS, NAME, USER = "alice@example.test", "Alice Example", "alice"


class Client:
    name = program = None
    down, page_down, first, open, back, quit = "j", "\x06", "<", "\r", "q", "q"
    search_subject = search_body = None  # function of a word -> keys that leave only what was found, or go to the first
    env = {}
    args = ()
    states = ("stopped",)
    message_shown = "list member"        # on the screen of a message of the corpus
    warm_cache = True                    # the first of several openings is not counted
    local_shown = "q:Quit"

    def __init__(self, folder, server, driver):
        self.dir, self.server, self.driver = os.path.join(folder, self.name), server, driver
        os.makedirs(self.dir, 0o700)
        self.port = server.imaps_port

    @classmethod
    def installed(cls):
        return shutil.which(cls.program) is not None

    def version(self):
        out = subprocess.run(self.version_words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10).stdout
        return next((line.strip() for line in out.splitlines() if line.strip()), "")[:60]

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def environment(self):
        keep = {k: v for k, v in os.environ.items() if k in ("PATH",)}
        return {**keep, "HOME": self.dir, "LC_ALL": "C.UTF-8", "TZ": "UTC", "XDG_CONFIG_HOME": self.path("config"), "XDG_CACHE_HOME": self.path("cache"),
                "XDG_DATA_HOME": self.path("data"), **self.env}

    def argv(self):
        return [self.program, *self.args]

    def configure(self):
        """Writes the configuration for the server's port self.port."""

    def forget(self):
        """Loses what was cached."""

    def run(self):
        """A Terminal with the program, not started yet."""
        self.configure()
        return Terminal(self.argv(), self.environment(), self.driver, cwd=self.dir)

    def begin(self, terminal):
        """What has to be typed after the start, if anything."""

    def family(self, terminal):
        return terminal.family()

    def ready(self, terminal):
        """Waits until keys are listened to."""
        terminal.settle(0.1, 10)

    def quiet(self, terminal):
        """Waits until no work goes on behind the screen."""
        terminal.settle(0.5, 10)

    def synced(self, terminal, count):
        """Waits for all headers. Returns when they were there; None when the client does not fetch them all."""
        return None

    def back_again(self, terminal):
        """After a message was left: puts the cursor on it again, where leaving moves it."""

    def find(self, terminal, pattern, word, count):
        """Seconds until what was searched is shown."""
        terminal.send(pattern(word))
        terminal.settle(0.1, 5)
        return terminal.until("\r", self.found(word, count), 60)

    def run_local(self):
        """A Terminal for an empty local mailbox, not started yet; None when there is no such thing."""

    def stop_local(self):
        """Ends what that left running."""

    def leave(self, terminal):
        terminal.send(self.quit)
        return terminal.wait_end()

    def stop(self):
        """Ends what the client left running."""


class Sealpost(Client):
    name = program = "sealpost"
    states = ("running", "stopped")
    local_shown = "No messages here"

    def __init__(self, folder, server, driver):
        super().__init__(folder, server, driver)
        self.home = gnupg.Home()
        self.profile = e2e.Profile(USER, self.home)
        self.pristine = self.path("pristine")

    @classmethod
    def installed(cls):
        return os.access(os.path.join(e2e.BUILD, "sealpost"), os.X_OK)

    @property
    def version_words(self):
        return [os.path.join(e2e.BUILD, "sealpost"), "--version"]

    def argv(self):
        return [os.path.join(e2e.BUILD, "sealpost")]

    def environment(self):
        return self.profile.env()

    def configure(self):
        if not os.path.exists(self.pristine):
            self.home.fingerprint = self.home.make_key("%s <%s>" % (NAME, ADDRESS))
            self.profile.account("work", self.server, imap="imaps://%s@127.0.0.1:9" % USER)  # nobody there: a store without mail
            self.profile.create()
            self.profile.stop()
            shutil.copytree(self.profile.path, self.pristine, ignore=shutil.ignore_patterns("run"))
        self.profile.account("work", self.server, imap="imaps://%s@127.0.0.1:%d" % (USER, self.port))
        self.profile.write_config()

    def forget(self):
        self.stop()
        self.configure()
        shutil.rmtree(self.profile.path)
        shutil.copytree(self.pristine, self.profile.path)
        os.chmod(self.profile.path, 0o700)

    def family(self, terminal):
        master = self.profile.supervisor()
        return terminal.family() + ([master, *e2e.children(master)] if master else [])

    def synced(self, terminal, count):
        return terminal.wait("unread of %d" % count, 300)

    def quiet(self, terminal):
        """The newest bodies are fetched and judged after a start."""
        before = None
        for _ in range(60):
            now = cpu_seconds(self.family(terminal))
            if now == before:
                return
            before = now
            terminal.settle(0.3, 0.5)

    def run_local(self):
        self.local = e2e.Profile(USER, self.home)
        self.local.create()
        self.local.stop()
        return Terminal(self.argv(), self.local.env(), self.driver)

    def stop_local(self):
        self.local.close()

    def stop(self):
        self.profile.stop()

    def close(self):
        self.profile.close()
        self.home.close()


ALL = (Sealpost,)
