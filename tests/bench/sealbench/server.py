# SPDX-License-Identifier: GPL-3.0-or-later
"""Dovecot with a corpus in alice's inbox, a second client that changes it, and the way to it: counted and delayed."""

import imaplib
import json
import os
import subprocess
import sys
import threading
import time

from sealtest import servers
from sealtest.util import at_end, end_process, write


class Server(servers.Servers):
    """Mail in mdbox: one file holds many messages, flags are in the index, and a million messages cost no million files."""

    def start_dovecot(self):
        self.original = servers.fill
        servers.fill = self.fill
        try:
            super().start_dovecot()
        finally:
            servers.fill = self.original

    def fill(self, name, values):
        text = self.original(name, values)
        return text.replace("mail_location = maildir:~/Maildir", "mail_location = mdbox:~/mdbox\nmdbox_rotate_size = 256M\nmail_cache_fields =")

    def load(self, corpus, user="alice"):
        """Puts the corpus into the user's inbox, all of it read: with unread mail some clients begin elsewhere."""
        home = self.path("mail", user)
        corpus.write_mdbox(os.path.join(home, "mdbox"))
        who = self.identities()
        for folder, _, names in os.walk(home):
            for path in [folder] + [os.path.join(folder, n) for n in names]:
                os.chown(path, who["MAIL_UID"], who["MAIL_GID"])
        for _ in range(5):  # the first ones only make the map and the lists
            self.slowly("force-resync", "-u", user, "INBOX")
            if self.messages(user) == corpus.count:
                break
        else:
            raise AssertionError("%d of %d messages are in the inbox" % (self.messages(user), corpus.count))
        self.slowly("flags", "add", "-u", user, "\\Seen", "mailbox", "INBOX", "1:*")

    def messages(self, user="alice"):
        return int(self.doveadm("mailbox", "status", "-u", user, "messages", "INBOX").split(b"=")[1])

    def slowly(self, *words):
        subprocess.run(["doveadm", "-c", self.path("dovecot.conf"), *words], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=1800)

    def imap(self, user="alice"):
        box = imaplib.IMAP4_SSL("127.0.0.1", self.imaps_port, ssl_context=self.client_context())
        box.login(user, self.password(user))
        return box

    def deliver(self, subject, user="alice"):
        """A small message over LMTP-like saving; returns when Dovecot has it."""
        date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
        self.doveadm("save", "-u", user, "-m", "INBOX", data=(
            "Date: %s\nFrom: Dora News <dora@news.example>\nTo: alice@example.test\nSubject: %s\nMessage-ID: <%s.%f@news.example>\n\nnews\n"
            % (date, subject, "".join(filter(str.isalnum, subject)), time.time())).encode())


class Changes:
    """A second client that flags and unflags messages near the end of the inbox, about `rate` times a second, while this lasts."""

    def __init__(self, server, count, rate=20):
        self.server, self.count, self.rate = server, count, rate
        self.ending = threading.Event()
        self.done = 0

    def run(self):
        box = self.server.imap()
        box.select("INBOX")
        while not self.ending.wait(1 / self.rate):
            at = self.count - 4 - self.done * 7 % 200
            box.store(str(max(1, at)), "+FLAGS.SILENT" if self.done // 200 % 2 == 0 else "-FLAGS.SILENT", "\\Flagged")
            self.done += 1
        box.logout()

    def __enter__(self):
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join(10)


class Line:
    """A process that stands between client and server (line.py): counts the bytes and delays them."""

    def __init__(self, port, round_trip_ms=0):
        self.process = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "line.py"), str(port), str(round_trip_ms)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        at_end(self.close)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def counts(self):
        """{"down": bytes from the server, "up": bytes to it, "connections": n} since the last call."""
        self.process.stdin.write("counts\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            end_process(self.process.pid)
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def folder_of(path, name):
    made = os.path.join(path, name)
    os.makedirs(made, mode=0o700, exist_ok=True)
    return made


def text_file(path, text):
    return write(path, text, 0o600)
