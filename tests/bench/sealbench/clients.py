# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients that are measured: how each is configured for one inbox, newest first, and which keys do what.

A client is prepared once for a corpus (prepare), may lose what it cached (forget), and runs in a Terminal (run). Keys and
expressions are class attributes; what a client cannot do is None.
"""

import os
import shutil
import subprocess
import time

from sealtest import e2e, gnupg
from sealtest.util import wait_until, write

from . import corpus
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

    def leave_search(self, terminal):
        """Back to the whole list, where that is needed to quit."""

    def fetch_bodies(self):
        """Fetches all messages with their text. Returns (seconds until all were stored, until all were in the index); None: there is
        no such thing."""
        return None

    def find(self, terminal, pattern, word, count):
        """Seconds until what was searched is shown."""
        terminal.send(pattern(word))
        terminal.settle(0.1, 5)
        return terminal.until("\r", self.found(word, count), 60)

    def found(self, word, count):
        """The newest message that has the word; which that is follows from the corpus."""
        return "%07d" % corpus.newest(word, count)

    def run_local(self):
        """A Terminal for an empty local mailbox, not started yet; None when there is no such thing."""

    def stop_local(self):
        """Ends what that left running."""

    def leave(self, terminal):
        terminal.send(self.quit)
        return terminal.wait_end()

    def stop(self):
        """Ends what the client left running."""

    def close(self):
        """Ends all that belongs to it."""


class Sealpost(Client):
    name = program = "sealpost"
    states = ("running", "stopped")
    local_shown = "No messages here"

    def __init__(self, folder, server, driver):
        super().__init__(folder, server, driver)
        self.home = gnupg.Home()
        self.profile = e2e.Profile(USER, self.home)
        self.pristine = self.path("pristine")
        self.indexed = False

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

    def removed(self):
        shutil.rmtree(self.profile.path, ignore_errors=True)
        return not os.path.exists(self.profile.path)

    def forget(self):
        self.stop()
        self.configure()
        wait_until(self.removed, 10, "the end of who writes to the store")
        shutil.copytree(self.pristine, self.profile.path)
        os.chmod(self.profile.path, 0o700)
        self.configure()

    def family(self, terminal):
        master = self.profile.supervisor()
        return terminal.family() + ([master, *e2e.children(master)] if master else [])

    def synced(self, terminal, count):
        return terminal.wait("unread of %d" % count, 300)

    def fetch_bodies(self):
        began = time.monotonic()
        self.profile.run("sync", "--bodies", timeout=3600)
        fetched = time.monotonic() - began
        wait_until(lambda: "are not here" not in "".join(self.profile.run("search", "body:quagmire", check=False)[1:]), 3600, "the index", 1)
        self.indexed = True
        return fetched, time.monotonic() - began

    def quiet(self, terminal):
        """After a start the newest bodies are fetched and judged, and the index is made."""
        before = None
        for _ in range(1000):
            now = cpu_seconds(self.family(terminal))
            if now == before:
                return
            before = now
            terminal.settle(0.3, 0.5)

    def leave(self, terminal):
        """From the top: the next screen begins where this one ended, which it notes when nothing has changed for 0.4 s."""
        terminal.send(self.first)
        terminal.settle(0.8, 5)
        return super().leave(terminal)

    def search_subject(self, word):
        return "/subject:%s" % word

    def body_query(self, word):
        return "/body:%s" % word

    @property
    def search_body(self):
        """Before all texts are in the index it would find less than the others."""
        return self.body_query if self.indexed else None

    def leave_search(self, terminal):
        terminal.send(self.back)
        terminal.wait("%07d" % self.server.messages())

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


class Mutt(Client):
    name = program = "mutt"
    down, page_down, first, open, back, quit = "j", "z", "=", "\r", "i", "q"
    local_shown = "q:Quit"
    version_words = ("mutt", "-v")
    extra = ""

    def argv(self):
        return [self.program, "-n", "-F", self.path("rc")]

    def common(self):
        return ("set realname='%s' from=%s use_from=yes\nset sort=reverse-date-received quit=yes delete=no mark_old=no wait_key=no confirmappend=no\n"
                "set pager_index_lines=0 markers=no\n" % (NAME, ADDRESS))

    def configure(self):
        os.makedirs(self.path("headers"), exist_ok=True)
        write(self.path("rc"), self.common() + (
            "set imap_user=%s imap_pass='%s'\nset folder=imaps://127.0.0.1:%d/ spoolfile=+INBOX record='' postponed='' mbox=''\n"
            "set header_cache=%s message_cachedir=%s\nset %s=%s imap_idle=yes mail_check=5 timeout=10\n%s"
            % (USER, self.server.password(USER), self.port, self.path("headers"), self.path("bodies"), self.authority, self.server.ca, self.extra)), 0o600)

    authority = "certificate_file"

    def forget(self):
        shutil.rmtree(self.path("headers"), ignore_errors=True)
        shutil.rmtree(self.path("bodies"), ignore_errors=True)

    def synced(self, terminal, count):
        return terminal.wait("%07d" % (count - 30))  # it shows nothing before it has all

    def search_subject(self, word):
        return "l~s %s" % word

    def search_body(self, word):
        return "l=b %s" % word

    def run_local(self):
        write(self.path("empty"), "")
        write(self.path("rc.local"), self.common() + "set spoolfile=%s folder=%s record='' postponed='' mbox=''\n" % (self.path("empty"), self.dir))
        return Terminal([self.program, "-n", "-F", self.path("rc.local"), "-f", self.path("empty")], self.environment(), self.driver, cwd=self.dir)


class Neomutt(Mutt):
    name = program = "neomutt"
    version_words = ("neomutt", "-v")
    authority = "ssl_ca_certificates_file"


class Aerc(Client):
    name = program = "aerc"
    down, page_down, first, open, back, quit = "j", "\x06", "g", "\r", "q", "q"
    version_words = ("aerc", "-v")
    local_shown = "local"

    def environment(self):
        return {**super().environment(), "SSL_CERT_FILE": self.server.ca}

    def accounts(self, text):
        folder = self.path("config", "aerc")
        os.makedirs(folder, exist_ok=True)
        write(os.path.join(folder, "accounts.conf"), text, 0o600)

    def configure(self):
        self.accounts("[work]\nsource = imaps://%s:%s@127.0.0.1:%d\ndefault = INBOX\nfrom = %s <%s>\ncache-headers = true\n"
                      % (USER, self.server.password(USER), self.port, NAME, ADDRESS))

    def forget(self):
        shutil.rmtree(self.path("cache"), ignore_errors=True)

    def search_subject(self, word):
        return ":filter %s" % word

    def search_body(self, word):
        return ":filter -b %s" % word

    def run_local(self):
        for name in ("cur", "new", "tmp"):
            os.makedirs(self.path("mail", "INBOX", name), exist_ok=True)
        self.accounts("[local]\nsource = maildir://%s\ndefault = INBOX\nfrom = %s <%s>\n" % (self.path("mail"), NAME, ADDRESS))
        return Terminal(self.argv(), self.environment(), self.driver, cwd=self.dir)


class Alpine(Client):
    name = program = "alpine"
    down, page_down, first, open, back, quit = "n", " ", "w\x19", "\r", "<", "q"
    version_words = ("alpine", "-v")
    local_shown = "Main Menu|MAIN MENU|INDEX"

    def argv(self):
        return [self.program, "-i", "-p", self.path("pinerc")]

    def configuration(self, inbox):
        os.makedirs(self.path("mail"), exist_ok=True)  # else it says for seconds that it makes it
        write(self.path("pinerc"), "personal-name=%s\nuser-domain=example.test\ninbox-path=%s\nsort-key=Arrival/Reverse\nlast-version-used=6.26\n"
              "feature-list=quit-without-confirm,enable-aggregate-command-set,auto-zoom-after-select,disable-password-caching,disable-password-file-saving\nprune-date=400.12\nmail-check-interval=15\n" % (NAME, inbox), 0o600)

    def configure(self):
        self.configuration("{127.0.0.1:%d/ssl/novalidate-cert/user=%s}INBOX" % (self.port, USER))

    def search_subject(self, word):
        return ";ts" + word

    def search_body(self, word):
        return ";ta" + word

    def begin(self, terminal):
        terminal.wait("PASSWORD:|assword")
        terminal.send(self.server.password(USER) + "\r")

    def run_local(self):
        write(self.path("empty"), "")
        self.configuration(self.path("empty"))
        return Terminal(self.argv(), self.environment(), self.driver, cwd=self.dir)


ALL = (Sealpost, Mutt, Neomutt, Aerc, Alpine)
