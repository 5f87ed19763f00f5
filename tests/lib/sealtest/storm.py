# SPDX-License-Identifier: GPL-3.0-or-later
"""What storms have in common: many throwaway users with one mailbox as it was and as it became meanwhile, and a client that knew it as it
was; what stands on the server as its files say it; what the client shows; whether both agree.

A mailbox here is {folder: {subject: (flags, keywords)}}: every message of a storm has a subject of its own, and what is there twice makes
a subject with "(2)". Flags are enum sp_flag.
"""

import collections
import multiprocessing
import os
import re
import shutil
import signal
import sys
import time

from . import doordrive, e2e, mail, reader
from .doordrive import ANSWERED, DELETED, FLAGGED, SEEN
from .util import DOMAIN, Failed, alive, children, read, short_dir, wait_until, write

LETTERS = {"S": SEEN, "R": ANSWERED, "F": FLAGGED, "T": DELETED, "D": 16}
KNOWN_KEYWORDS = {"$Forwarded": 32, "$Junk": 64, "$Phishing": 128}
PASSWORD = "storm-1703"
WORKERS = 2
SUBJECT = re.compile(rb"^Subject: (.*?)\r?$", re.M)


def modified_utf7(name):
    """RFC 3501 section 5.1.3: the name of a folder on disk."""
    def coded(match):
        return b"&" + match.group(0).encode("utf-7")[1:].rstrip(b"-").replace(b"/", b",") + b"-"
    return b"".join(coded(m) if ord(m.group(0)[0]) > 126 else m.group(0).encode().replace(b"&", b"&-")
                    for m in re.finditer(r"[^\x00-\x7e]+|[\x00-\x7e]", name)).decode()


def folder_of(messages):
    """One folder of a mailbox from [(subject, (flags, keywords))] in any order."""
    box, count = {}, collections.Counter()
    for subject, state in sorted(messages, key=lambda m: (m[0], m[1][0], sorted(m[1][1]))):
        count[subject] += 1
        box[subject if count[subject] == 1 else "%s (%d)" % (subject, count[subject])] = state
    return box


def in_workers(function, orders, initializer=None):
    """function(*order) for each, in WORKERS processes; their answers in that order. initializer(number of the worker) runs first in each.
    What is still running when this ends early is ended."""
    context = multiprocessing.get_context("fork")
    numbers = context.Queue()
    for n in range(WORKERS):
        numbers.put(n)

    def begin():
        e2e.adopt_orphans()
        if initializer:
            initializer(numbers.get())
    with context.Pool(WORKERS, begin) as pool:
        return pool.starmap(function, orders, chunksize=1)


def tell(words):
    """Progress, for who looks on (SEALPOST_STORM_VERBOSE)."""
    if os.environ.get("SEALPOST_STORM_VERBOSE"):
        print(words, file=sys.stderr, flush=True)


def how_much(plain):
    """So many rounds as that in an ordinary run, a quarter under the sanitizers, more in a soak."""
    sanitized = b"-fsanitize" in read(os.path.join(e2e.BUILD, "Makefile"))
    return plain * int(os.environ.get("SEALPOST_SOAK") or 1) // (4 if sanitized else 1)


def users(count):
    """For e2e.World: so many names for each process of a storm."""
    return [("%s%05d" % (prefix, n), PASSWORD) for prefix in ("s", "w0-", "w1-") for n in range(1, count + 1)]


class Site:
    """Real servers with as many users as a storm wants."""

    def __init__(self, world):
        self.world = world
        self.servers = world.servers
        self.subjects = {}      # a message's subject by its file: its base name never changes
        self.users = 0
        self.prefix = "s"       # of user names: another one in each process

    def new_user(self, like=None):
        """Another user; with the mailbox of an older one, uids and all."""
        self.users += 1
        name = "%s%05d" % (self.prefix, self.users)
        if like:
            shutil.copytree(self.home(like), self.home(name), symlinks=True)
            who = os.stat(self.home(like))
            if os.geteuid() == 0:
                for folder, _, files in os.walk(self.home(name)):
                    for path in [folder, *(os.path.join(folder, f) for f in files)]:
                        os.chown(path, who.st_uid, who.st_gid)
        return name

    def home(self, user):
        return self.servers.path("mail", user)

    def remove_user(self, user):
        shutil.rmtree(self.home(user), ignore_errors=True)

    # -- the mailbox as its files say it ------------------------------------------------------------------------------

    def subject(self, path):
        base = os.path.basename(path).split(":")[0]
        if base not in self.subjects:
            found = SUBJECT.search(read(path))
            self.subjects[base] = found.group(1).decode() if found else "?"
        return self.subjects[base]

    def folder(self, where):
        """One Maildir folder. A file that is renamed while we look is found at the next look."""
        names = {}
        try:
            for line in read(os.path.join(where, "dovecot-keywords")).decode().splitlines():
                number, _, name = line.partition(" ")
                names[chr(ord("a") + int(number))] = name
        except FileNotFoundError:
            pass
        found = []
        for part in ("cur", "new"):
            for name in sorted(os.listdir(os.path.join(where, part))):
                flags, keywords = 0, set()
                for letter in name.partition(":2,")[2].partition(",")[0]:
                    word = names.get(letter)
                    flags |= LETTERS.get(letter, 0) | KNOWN_KEYWORDS.get(word, 0)
                    if word and word not in KNOWN_KEYWORDS:
                        keywords.add(word)
                found.append((self.subject(os.path.join(where, part, name)), (flags, frozenset(keywords))))
        return folder_of(found)

    def mailbox(self, user):
        """{folder: ...}, empty folders too."""
        top = os.path.join(self.home(user), "Maildir")
        for _ in range(50):
            try:
                found = {"INBOX": self.folder(top)}
                for name in os.listdir(top):
                    if name.startswith(".") and os.path.isdir(os.path.join(top, name, "cur")):
                        found[name[1:]] = self.folder(os.path.join(top, name))
                return found
            except FileNotFoundError:
                time.sleep(0.005)
        raise Failed("the mailbox of %s does not hold still" % user)

    def arrived(self, who):
        """[(subject, Message-ID)] of everything that ever arrived for bob or carol."""
        found = []
        top = os.path.join(self.home(who), "Maildir")
        for part in ("cur", "new"):
            if os.path.isdir(os.path.join(top, part)):
                for name in os.listdir(os.path.join(top, part)):
                    head = reader.head_of(read(os.path.join(top, part, name)))
                    found.append((head["Subject"], head["Message-ID"]))
        return found

    def imap(self, user):
        """imaplib, logged in: the second client."""
        import imaplib
        box = imaplib.IMAP4("127.0.0.3", self.servers.insecure_port, timeout=20)
        box.login(user, PASSWORD)
        return box


class Client:
    """sealpost of one user, driven at its door."""

    def __init__(self, site, user, home, line=None, like=None, timeout=60, **options):
        """line: a LineProxy between it and the servers. like: another Client, stopped, whose store this one begins with."""
        self.site, self.user = site, user
        self.profile = e2e.Profile("alice", home)
        values = line.account(user) if line else {"imap": "imaps://%s@127.0.0.1:%d" % (user, site.servers.imaps_port),
                                                  "smtp": "smtps://%s@127.0.0.1:%d" % (user, site.servers.smtps_port)}
        self.profile.account("work", ca_file=site.servers.ca, password_command="echo " + PASSWORD, timeout_seconds=timeout, **values, **options)
        if like:
            for name in os.listdir(like.profile.path):
                if name not in ("run", "config", "lock"):
                    source = os.path.join(like.profile.path, name)
                    (shutil.copytree if os.path.isdir(source) else shutil.copy2)(source, os.path.join(self.profile.path, name))
        self.profile.write_config()
        self.door = doordrive.Door(self.profile)

    # -- life and death -----------------------------------------------------------------------------------------------

    def start(self, seconds=30):
        """Opens the door, starting what is not there; bears that something dies meanwhile."""
        wait_until(lambda: self.door.open(start=True), seconds, "an open door\n" + self.profile.log(), step=0.05)
        return self

    def family(self):
        master = self.profile.supervisor()
        return [master, *children(master)] if master else []

    def processes(self):
        """{role: [pid]} of what runs now; "supervisor" is one."""
        found = {}
        for pid in self.family():
            try:
                found.setdefault(read("/proc/%d/comm" % pid).decode().strip().replace("sealpost-", ""), []).append(pid)
            except OSError:
                pass
        return found

    def stop(self):
        self.profile.stop()

    def kill(self):
        """Everything at once, as at a power failure of the machine's other half."""
        victims = self.family()
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until(lambda: not any(map(alive, victims)), 10, "end of the killed")

    def close(self):
        self.door.close()
        self.profile.close()

    # -- what it shows ------------------------------------------------------------------------------------------------

    def mailbox(self):
        """As Site.mailbox, of the first server account."""
        self.door.folders = {}
        self.door.folder("")
        found = {}
        for name, number in self.door.folders.items():
            found[modified_utf7(name).replace("/", ".")] = folder_of(
                (row.subject, (row.flags & doordrive.SERVER_FLAGS, row.keywords)) for row in self.door.rows(number))
        return found

    def row(self, folder, subject):
        for row in self.door.rows(self.door.folder(folder)):
            if row.subject == subject:
                return row
        raise Failed("%s shows no %s" % (folder, subject))

    def online(self, seconds=20):
        """Waits until the account is synchronised; False when it is not in time."""
        try:
            wait_until(lambda: self.door.account()[1] == doordrive.ONLINE, seconds, "the account online", step=0.01)
            return True
        except Failed:
            return False

    def push(self):
        """What a person does who wants to see it done: look at the server now, try the outbox again."""
        account, state = self.door.account()
        if account and state not in (doordrive.CONNECTING, doordrive.SYNCING):
            self.door("connect", account, "on")
        for item in self.door.outbox():
            if item.state in (doordrive.FAILED, doordrive.DEFERRED, doordrive.UNCERTAIN):
                self.door("retry", item.id)

    def settle(self, agrees, seconds=25, push_every=1.0, look=None):
        """Pushes until agrees(here, there) is true and the outbox empty; how it stood otherwise: Failed. States of the outbox that were
        seen: a set. look is called before each push."""
        end, pushed, seen = time.monotonic() + seconds, 0.0, set()
        while True:
            try:
                items = self.door.outbox()
                seen.update(item.state for item in items)
                here, there = self.mailbox(), self.site.mailbox(self.user)
                if not items and agrees(here, there):
                    return seen
                if time.monotonic() - pushed > push_every:
                    pushed = time.monotonic()
                    if look:
                        look()
                    self.push()
            except Failed:
                if time.monotonic() > end:
                    raise
                self.start()
                continue
            if time.monotonic() > end:
                raise Failed("not settled within %g s; outbox %s\n%s\n%s" % (seconds, items, differences(here, there), self.profile.log(15)))
            time.sleep(0.02)


def differences(here, there):
    """Two mailboxes, compared, for people."""
    lines = []
    for folder in sorted(set(here) | set(there)):
        a, b = here.get(folder), there.get(folder)
        if a is None or b is None:
            lines.append("folder %s is only %s" % (folder, "there" if a is None else "here"))
            continue
        for subject in sorted(set(a) | set(b)):
            if a.get(subject) != b.get(subject):
                lines.append("%s / %s: here %s, there %s" % (folder, subject, a.get(subject), b.get(subject)))
    return "\n".join(lines) or "here and there are the same"
