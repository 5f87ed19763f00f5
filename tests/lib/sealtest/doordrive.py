# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the real engine without a screen (tests/lib/doordrive.c): what storms use as the person.

    door = doordrive.Door(profile)
    door.open(start=True)
    door.rows(door.folder("INBOX"))           # [Row]
    door.do("flags", SEEN, 0, "", "-", row.id)

do raises Failed unless the engine said OK; calling the object itself gives the Answer with whatever status.
"""

import collections
import urllib.parse

from . import driver, util

SEEN, ANSWERED, FLAGGED, DELETED = 1, 2, 4, 8
SERVER_FLAGS = 0xff
WAITING, SENDING, FAILED, DEFERRED, UNCERTAIN = range(5)      # enum sp_outbox_state
OFFLINE, CONNECTING, SYNCING, ONLINE, BROKEN, ASKING = range(6)  # enum sp_account_state
PERHAPS_TWICE = 13                                            # enum sp_notice

Row = collections.namedtuple("Row", "id flags keywords size subject")
Item = collections.namedtuple("Item", "id state status subject words")


def fields(line):
    """The key=value words of a line."""
    return {k: urllib.parse.unquote(v) for k, _, v in (w.partition("=") for w in line.split(" ") if "=" in w)}


class Door(driver.Driver):
    def __init__(self, profile):
        program = driver.build("doordrive", ("commands", "client", "config", "verdict", "base"), ("-ljansson", "-lseccomp", "-lcrypto"))
        super().__init__([program], profile.env(), profile.log_file)
        self.profile = profile
        self.folders = {}
        self.told = []        # every event line so far

    def do(self, *words):
        answer = self(*words)
        if answer.status != "OK":
            raise util.Failed("%s: %r" % (" ".join(map(str, words)), answer))
        return answer

    def open(self, start=False):
        """True when the engine is there and its store open."""
        self.folders = {}
        return self("open", *(["start"] if start else [])).status == "OK"

    def folder(self, name):
        """The id of a folder of the first server account, None when it is not there (yet)."""
        if name not in self.folders:
            for line in self.do("folders").find("folder"):
                of = fields(line)
                if of["kind"] == "0" and (name == of["name"] or name not in self.folders):
                    self.folders[of["name"]] = int(line.split(" ")[1])
        return self.folders.get(name)

    def rows(self, folder):
        """All rows of a folder (id), newest first; keywords as a set."""
        found = []
        for line in self.do("page", folder).find("row"):
            of = fields(line)
            found.append(Row(int(line.split(" ")[1]), int(of["flags"]), frozenset(of["keywords"].split()), int(of["size"]), of["subject"]))
        return found

    def outbox(self):
        return [Item(int(line.split(" ")[1]), int(of["state"]), of["status"], of["subject"], of["words"])
                for line in self.do("outbox").find("item") for of in [fields(line)]]

    def drafts(self):
        """{id: (subject, text)}"""
        return {int(line.split(" ")[1]): (of["subject"], of["text"]) for line in self.do("drafts").find("draft") for of in [fields(line)]}

    def events(self, wait_ms=None):
        """What the engine told since the last time (lines); waits that long for the first."""
        lines = self("events", *([] if wait_ms is None else [wait_ms])).lines
        self.told += lines
        return lines

    def account(self):
        """(id, state) of the first server account."""
        for line in self.do("accounts").find("account"):
            of = fields(line)
            if of["kind"] == "1":
                return int(line.split(" ")[1]), int(of["state"])
        return None, None
