# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenario that e2e/test_storm_lines runs again and again: a client that was away, a mailbox that changed meanwhile, and a person who
does a bit of everything; with trouble at one line of it."""

import os
import time

from . import doordrive, mail, storm, util
from .doordrive import DELETED, FLAGGED, SEEN
from .storm import DOMAIN, Failed

BOX = "INBOX"
WORK = "Gr\u00fc\u00dfe"  # a folder whose name is not ASCII
OLD = ["m%02d" % n for n in range(12)]
TEXT = "A text of its own.\r\n"


class Scenario:
    """The template: a user, and a client that knows the mailbox as it was. rounds start from copies."""

    def __init__(self, site, home):
        self.site, self.home = site, home
        self.user = site.new_user()
        box = site.imap(self.user)
        work = '"%s"' % storm.modified_utf7(WORK)
        box.create(work)
        for n, name in enumerate(OLD):
            raw = mail.plain(TEXT, subject=name, message_id="<%s@storm>" % ("same" if n in (8, 9) else name))
            if n in (4, 6):  # some have no Message-ID
                raw = b"\r\n".join(line for line in raw.split(b"\r\n") if not line.startswith(b"Message-ID"))
            self.append(box, "INBOX", raw)
        for n in range(3):
            self.append(box, "Archive", mail.plain(TEXT, subject="old%d" % n), r"\Seen")
        self.append(box, work, mail.plain(TEXT, subject="work0"))
        self.client = storm.Client(site, self.user, home)
        self.client.start()
        self.client.settle(lambda here, there: here == there)
        self.client.stop()
        # While the client is away:
        box.select("INBOX")
        for n in (10, 11):
            box.uid("STORE", str(n + 1), "+FLAGS", r"(\Flagged holiday)" if n == 10 else r"(\Answered)")
        box.uid("STORE", "3", "+FLAGS", r"(\Deleted)")
        box.expunge()
        for n in range(2):
            self.append(box, "INBOX", mail.plain(TEXT, subject="new%d" % n))
        self.append(box, work, mail.plain(TEXT, subject="work1"))
        box.logout()
        self.before = site.mailbox(self.user)

    @staticmethod
    def append(box, folder, raw, flags=None):
        answer = box.append(folder, flags, None, raw)
        if answer[0] != "OK":
            raise Failed("APPEND: %r" % (answer,))

    def expected(self, subject):
        """The mailbox in the end; subject: of the sent message."""
        box = {folder: dict(rows) for folder, rows in self.before.items()}
        inbox, work = box["INBOX"], box[storm.modified_utf7(WORK)]

        def flag(where, name, flags, *keywords):
            where[name] = (where[name][0] | flags, where[name][1] | set(keywords))
        flag(inbox, "m00", SEEN)
        flag(inbox, "m01", FLAGGED, "project")
        box["Archive"]["m03"] = inbox.pop("m03")
        work["m04"] = inbox.pop("m04")
        box["Archive"]["m05"] = inbox["m05"]
        work["m06"] = inbox["m06"]
        del inbox["m07"]
        box["Trash"]["m08"] = inbox.pop("m08")
        flag(box["Trash"], "m08", SEEN)
        box["Sent"][subject] = (SEEN, frozenset())
        return box

    def act(self, client, subject):
        """What the person does; none of it waits for a server."""
        door = client.door
        inbox = {row.subject: row.id for row in door.rows(door.folder(BOX))}
        door.do("flags", SEEN, 0, "", "-", inbox["m00"])
        door.do("flags", FLAGGED, 0, "project", "-", inbox["m01"])
        door.do("move", door.folder("Archive"), inbox["m03"])
        door.do("move", door.folder(WORK), inbox["m04"])
        door.do("copy", door.folder("Archive"), inbox["m05"])
        door.do("copy", door.folder(WORK), inbox["m06"])
        door.do("flags", DELETED, 0, "", "-", inbox["m07"])
        door.do("expunge", door.folder(BOX))
        door.do("move", door.folder("Trash"), inbox["m08"])
        door.do("flags", SEEN, 0, "", "-", client.row("Trash", "m08").id)
        door.do("draft", 0, door.account()[0], "draft " + subject, "Half a thought.")
        door.do("send", door.account()[0], "alice@" + DOMAIN, "bob@%s, carol@%s" % (DOMAIN, DOMAIN), subject, "Hello.")


class Round:
    """One run with trouble at one line. After run() the facts are in its members; close() in any case."""

    def __init__(self, scenario, line, number, kind=None, at=None, timeout=60):
        self.scenario, self.line = scenario, line
        self.kind, self.at = kind, at
        self.subject = "sent %d %s %s" % (number, kind, at)
        self.user = scenario.site.new_user(like=scenario.user)
        self.client = storm.Client(scenario.site, self.user, scenario.home, line, like=scenario.client, timeout=timeout)
        self.expected = scenario.expected(self.subject)
        self.seen = set()       # states of the outbox that the person saw
        self.struck = None

    def agrees(self, here, there):
        return here == there == self.expected

    def run(self):
        self.line.arm(self.kind, self.at)
        self.client.start()
        self.scenario.act(self.client, self.subject)
        calm = None
        end = time.monotonic() + 20
        while not self.line.struck and time.monotonic() < end:  # until it strikes or nothing happens any more
            if not self.client.door.outbox() and self.scenario.site.mailbox(self.user) == self.expected:
                calm = calm or time.monotonic()
                if time.monotonic() - calm > 0.3:
                    break
            time.sleep(0.02)
        else:
            if not self.line.struck:
                raise Failed("without trouble it did not settle; outbox %s\nhere, expected:\n%s\nhere, there:\n%s" % (
                    self.client.door.outbox(), storm.differences(self.client.mailbox(), self.expected),
                    storm.differences(self.client.mailbox(), self.scenario.site.mailbox(self.user))))
        self.struck = self.line.struck
        if self.kind == "stall" and self.struck:
            time.sleep(0.2)
        elif self.struck:
            time.sleep(0.02)
        self.seen.update(item.state for item in self.client.door.outbox())
        self.line.arm()
        self.client.stop()
        self.client.start()
        self.seen |= self.client.settle(self.agrees)
        drafts = sorted(self.client.door.drafts().values())
        if drafts != [("draft " + self.subject, "Half a thought.")]:
            raise Failed("drafts: %r" % (drafts,))
        return self

    def close(self):
        self.client.close()
        self.scenario.site.remove_user(self.user)


def doubled(site, rounds):
    """After the rounds: [complaint] about what arrived for bob and carol. Twice is allowed for a round whose outbox said so, with one Message-ID."""
    complaints = []
    for who in ("bob", "carol"):
        util.wait_until(lambda: {s for s, _ in site.arrived(who)} >= {r.subject for r in rounds}, 30, "everything at " + who)
        arrived = site.arrived(who)
        for r in rounds:
            ids = [message_id for subject, message_id in arrived if subject == r.subject]
            allowed = 2 if doordrive.UNCERTAIN in r.seen else 1
            if not ids or len(ids) > allowed or len(set(ids)) != 1:
                complaints.append("%s got %r: %r (told: %s)" % (who, r.struck, ids, sorted(r.seen)))
    return complaints
