# SPDX-License-Identifier: GPL-3.0-or-later
"""A person at the door who does this and that, keeps in mind what was confirmed, and does not mind that processes die meanwhile."""

import collections
import urllib.parse

from . import doordrive, stormmodel, util
from .doordrive import ANSWERED, DELETED, FLAGGED, SEEN, fields
from .storm import DOMAIN, modified_utf7

LOST = ("CRASHED", "TIMEOUT", "SILENCE", "EOF")
OWN = "p"      # of subjects of messages that the person changes; all others are somebody else's business


class Person:
    def __init__(self, client, model, dice):
        self.client, self.door, self.model, self.dice = client, client.door, model, dice
        self.sent = {}                          # subject: True when it was taken, None when that is not known
        self.seen = collections.defaultdict(set)  # subject: states of the outbox that were seen
        self.drafts = {}                        # subject: texts that are possible, None among them: it may not be there
        self.draft_ids = {}
        self.done = collections.Counter()
        self.history = []                       # what was asked and answered; for whoever must find out
        self.number = 0

    def ask(self, *words, about=""):
        """about: a subject, for the history. True: confirmed. False: not done. None: nobody knows; the door is open again then."""
        answer = self.door(*words)
        self.answer = answer
        self.history.append("%s %s: %s" % (about, " ".join(map(str, words)), answer.status))
        if answer.status == "OK":
            return True
        self.reopen()
        return None if answer.status in LOST else False

    def reopen(self):
        if self.door("accounts").status != "OK":
            self.client.start()

    def rows(self):
        """[(folder, row)] of what this person may change; [] when somebody died just now."""
        for name in self.dice.sample(["INBOX", "Archive", "Trash"], 3):
            try:
                number = self.door.folder(name)
                found = [(name, row) for row in self.door.rows(number) if row.subject.startswith(OWN) and self.model.is_plain(row.subject)] if number else []
            except util.Failed:
                self.reopen()
                continue
            if found:
                return found
        return []

    def act(self):
        """One thing, chosen by the dice."""
        what = self.dice.choice(("flag", "flag", "flag", "keyword", "move", "move", "copy", "delete", "draft", "redraft", "send"))
        getattr(self, what)()
        self.done[what] += 1

    def pick(self):
        rows = self.rows()
        return self.dice.choice(rows) if rows else (None, None)

    def flag(self, *keywords):
        _, row = self.pick()
        if row:
            bit = self.dice.choice((SEEN, FLAGGED, ANSWERED))
            add_bits, remove = (0, bit) if row.flags & bit else (bit, 0)
            sure = self.ask("flags", add_bits, remove, ",".join(keywords), "-", row.id, about=row.subject)
            if sure is not False:
                self.model.flags(row.subject, add_bits, remove, keywords, sure)

    def keyword(self):
        self.flag(self.dice.choice(("project", "holiday", "$MDNSent")))

    def move(self):
        folder, row = self.pick()
        if row:
            target = self.dice.choice([f for f in ("INBOX", "Archive", "Trash") if f != folder])
            number = self.number_of(target)
            sure = self.ask("move", number, row.id, about=row.subject) if number else False
            if sure is not False:
                self.model.move(row.subject, target, sure)

    def copy(self):
        folder, row = self.pick()
        if row and row.subject in self.model.contested:
            return  # who counts copies of what moves about?
        number = self.number_of("Archive" if folder == "INBOX" else "INBOX") if row else None
        if number:
            sure = self.ask("copy", number, row.id, about=row.subject)
            if sure is not False:
                self.model.copy(row.subject, sure)

    def delete(self):
        folder, row = self.pick()
        number = self.number_of(folder) if row else None
        if number:
            self.model.ending.add(row.subject)
            sure = self.ask("flags", DELETED, 0, "", "-", row.id, about=row.subject)
            if sure is not False:
                self.model.flags(row.subject, DELETED, 0, (), sure)
            sure = self.ask("expunge", number, about=row.subject)
            if sure is not False:
                self.model.expunge(modified_utf7(folder), sure)

    def number_of(self, folder):
        try:
            return self.door.folder(folder)
        except util.Failed:
            self.reopen()
            return None

    def draft(self):
        self.number += 1
        subject, text = "draft %d" % self.number, "first text"
        sure = self.ask("draft", 0, self.account(), subject, text)
        if sure is not False:
            self.drafts[subject] = {text} if sure else {text, None}
            if sure:
                self.draft_ids[subject] = int(self.answer.find("draft")[0].split()[1])

    def redraft(self):
        if self.draft_ids:
            subject = self.dice.choice(sorted(self.draft_ids))
            self.number += 1
            text = "text %d" % self.number
            sure = self.ask("draft", self.draft_ids[subject], self.account(), subject, text)
            if sure is not False:
                self.drafts[subject] = {text} if sure else self.drafts[subject] | {text}

    def send(self):
        self.number += 1
        subject = "sent %s %d" % (self.client.user, self.number)
        sure = self.ask("send", self.account(), "alice@" + DOMAIN, "bob@" + DOMAIN, subject, "Hello.")
        if sure is not False:
            self.sent[subject] = sure
            self.model.new(subject, "Sent", SEEN, bool(sure))

    def account(self):
        try:
            return self.door.account()[0] or 1
        except util.Failed:
            self.reopen()
            return 1

    def look(self):
        """Sees how the outbox stands, and what was told about it."""
        for line in self.door.events():
            words = line.split(" ")
            if words[:2] == ["notice", str(doordrive.PERHAPS_TWICE)]:
                self.seen[urllib.parse.unquote(words[2])].add(doordrive.UNCERTAIN)
        for item in self.door.outbox():
            self.seen[item.subject].add(item.state)

    # -- afterwards ---------------------------------------------------------------------------------------------------

    def settle(self, seconds=40):
        """Until here and there agree and are what they may be. Failed, saying what is wrong."""
        said = []
        # What is in the journal and does not show here (the answer to it was lost) is on its way to the server: both would agree too early.
        util.wait_until(lambda: [fields(line)["status"] for line in self.door("sync", 0).find("synced")][:1] == ["OK"] or self.reopen(), seconds,
                        "a whole synchronisation\n" + self.client.profile.log(), step=0.05)

        def agrees(here, there):
            said[:] = self.model.complaints(there)
            return here == there and not said
        try:
            self.client.settle(agrees, seconds, look=self.look)
        except util.Failed as error:
            about = {words.split(":")[0].split(",")[0] for words in said}
            raise util.Failed("\n".join([*said, *(h for h in self.history if h.split(" ")[0] in about), str(error)])) from None
        self.model.settle(self.client.site.mailbox(self.client.user))
        found = collections.defaultdict(list)
        for subject, text in self.door.drafts().values():
            found[subject].append(text)
        wrong = [(s, found.get(s), may) for s, may in self.drafts.items()
                 if len(found.get(s, [])) > 1 or (found.get(s) or [None])[0] not in may]
        wrong += [(s, t, None) for s, t in found.items() if s not in self.drafts]
        if wrong:
            raise util.Failed("drafts: %r" % wrong)

    def mail_complaints(self, arrived):
        """After settle: arrived is Site.arrived of the recipient."""
        said = []
        copies = stormmodel.by_subject(self.client.site.mailbox(self.client.user))
        for subject, sure in self.sent.items():
            ids = [message_id for s, message_id in arrived if s == subject]
            told = doordrive.UNCERTAIN in self.seen[subject]
            if (sure and not ids) or len(ids) > 1 + told or len(set(ids)) > 1 or bool(ids) != (len(copies.get(subject, [])) == 1):
                said.append("%s: arrived %r, in Sent %r, confirmed %s, states %s" % (subject, ids, copies.get(subject), sure, sorted(self.seen[subject])))
        return said

    def twice(self, arrived):
        """How many arrived twice (each was told)."""
        return sum(1 for subject in self.sent if sum(s == subject for s, _ in arrived) > 1)


def fresh(site, user, count, prefix=OWN, folder="INBOX", start=0):
    """New messages by the second client, straight into the mailbox; their subjects."""
    from . import mail
    names = ["%s%04d" % (prefix, n) for n in range(start, start + count)]
    box = site.imap(user)
    for name in names:
        answer = box.append(folder, None, None, mail.plain("A text.\r\n", subject=name))
        if answer[0] != "OK":
            raise util.Failed("APPEND: %r" % (answer,))
    box.logout()
    return names


