# SPDX-License-Identifier: GPL-3.0-or-later
"""sealpost's screens for tests: what is pressed and what is expected to be seen, in one place.

Keys come from ui/keymap.def by the name of the action, so a test says press("reply") and survives a change of keys.
"""

import os
import re
import time

from .e2e import BUILD
from .term import WAIT, Term
from .util import ROOT, read

TMUX_NAMES = {"Esc": "Escape", "PgUp": "PPage", "PgDn": "NPage", "Backspace": "BSpace", "Delete": "DC", "Insert": "IC"}

# What the screens say. Expectations of tests are written here once; %s is filled in by the test.
SAYS = {
    "inbox": r"^ Inbox · %s\b",
    "good-signature": r"^ Signature +✓ by %s",
    "unsigned": r"^ Signature +· not signed",
    "decrypted": r"^ Encryption +✓",
    "not-encrypted": r"^ Encryption +· not encrypted",
    "sealed-row": r"^.* \u2713.*%s",  # in the index
    "compose": r"^ +Subject +Re: ",
    "will-sign-and-encrypt": r"^[ ▸]+Security +encrypted · signed · %s",
    "question": r"^ Enter Done +Esc Cancel",
    "unknown-certificate": r"Unknown server certificate",
    "changed-certificate": r"ALARM: the server.s certificate has changed",
    "outbox-failed": r"^ *failed +.*%s",
    "outbox-later": r"^ *again .*%s",
    "outbox-uncertain": r"^ *perhaps sent.*%s",
    "outbox-empty": r"Nothing waits to be sent",
    "sent": r"^ Sent: ",
}


def keymap():
    """action name -> its first default key, by tmux's name."""
    text = read(os.path.join(ROOT, "ui", "keymap.def")).decode()
    keys = {}
    for name, default in re.findall(r'^ACTION\(\w+, "([^"]+)", "((?:[^"\\]|\\.)*)"', text, re.M):
        first = (default.replace("\\\\", "\\").split() or [""])[0]
        if len(first) == 2 and first[0] == "^":
            first = "C-" + first[1].lower()
        keys[name] = TMUX_NAMES.get(first, first)
    return keys


class Screens(Term):
    """A running sealpost in a terminal. Also a Term: wait_for, screen, golden …"""

    def __init__(self, profile, width=80, height=24, term="tmux-256color", words=(), cwd=None):
        self.keys = keymap()
        self.profile = profile
        super().__init__([os.path.join(BUILD, "sealpost"), *words], width, height, env=profile.env(), term=term, cwd=cwd)

    def show(self, why):
        return "%s\nThe roles' log:\n%s" % (super().show(why), getattr(self.profile, "log", str)())

    def press(self, action):
        """Do an action by its key; by the command line when it has none."""
        key = self.keys[action]
        if key:
            self.send(key)
        else:
            self.command(action)
        return self

    def command(self, line):
        """Type a line after ":"."""
        self.send(self.keys["command"])
        self.type(line)
        self.send("Enter")
        return self

    # -- the index ----------------------------------------------------------------------------------------------

    def ready(self, account="work", seconds=15):
        """Wait for the list of the inbox."""
        self.wait_for(SAYS["inbox"] % account, seconds)
        return self

    def row(self, subject, seconds=15):
        """The index line of a message; waits for it."""
        return self.wait_for(r"^.*%s.*$" % re.escape(subject), seconds).group(0)

    def open(self, subject, seconds=15):
        """Open the message with this subject from the index."""
        self.row(subject, seconds)
        self.press("last").press("find").type(subject).send("Enter")
        self.press("open")
        self.wait_for(r"^ Subject +.*%s" % re.escape(subject), seconds)
        return self

    # -- writing ------------------------------------------------------------------------------------------------

    def write_text(self, text):
        """Put a text before what the built-in editor shows, and leave it."""
        self.press("edit-here")
        self.settle(0.1)
        for line in text.split("\n"):
            self.type(line)
            self.send("Enter")
        self.press("editor-done")
        return self

    def refuse_all(self, quiet=1.0, seconds=WAIT):
        """Answer no to every question (certificates …) until none has come for a while."""
        end, last = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() - last < quiet:
            if re.search(SAYS["question"], self.screen(), re.M):
                self.press("cancel")
                last = time.monotonic()
            if time.monotonic() > end:
                raise AssertionError(self.show("the questions do not end"))
            time.sleep(0.05)
        return self

    def quit(self, seconds=10):
        """Leave from wherever we are. Returns the exit status."""
        self.press("quit")
        return self.wait_end(seconds)
