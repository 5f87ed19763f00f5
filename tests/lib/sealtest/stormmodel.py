# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mailbox must be after a person changed it, when some of the answers were lost: every message may then be in one of several states,
and must be in one of them. So is told apart what may be from what must not: a message that is nowhere or twice, a change that was confirmed and
is gone."""

import collections

from .doordrive import DELETED
from .storm import modified_utf7

# folder None: it is gone
State = collections.namedtuple("State", "folder flags keywords")


def by_subject(box):
    """{subject: [State]} of all folders."""
    found = collections.defaultdict(list)
    for folder, rows in box.items():
        for name, (flags, keywords) in rows.items():
            found[name.split(" (")[0]].append(State(folder, flags, keywords))
    return found


class Model:
    """{subject: states that are possible}. Copies are messages of their own: they have the subject of the original and are counted."""

    def __init__(self, box=None):
        self.may = {}
        self.copies = collections.Counter()     # subject: copies that were confirmed
        self.unsure = collections.Counter()     # subject: copies that may be
        self.late = set()                       # perhaps flagged as deleted: that may be in the journal and show after an expunge
        self.contested = set()                  # somebody else changes them too: they must be there, once, in whatever state
        self.ending = set()                     # contested ones that somebody wanted to remove
        for subject, states in by_subject(box or {}).items():
            self.may[subject] = set(states)
            self.copies[subject] = len(states) - 1

    def change(self, subject, how, sure):
        """how: a function of a State to another. sure: it was confirmed."""
        changed = {how(state) if state.folder else state for state in self.may[subject]}
        self.may[subject] = changed if sure else self.may[subject] | changed

    def flags(self, subject, add, remove, keywords, sure):
        if not sure and add & DELETED:
            self.late.add(subject)
        self.change(subject, lambda s: s._replace(flags=(s.flags | add) & ~remove, keywords=s.keywords | frozenset(keywords)), sure)

    def move(self, subject, folder, sure):
        self.change(subject, lambda s: s._replace(folder=modified_utf7(folder)), sure)

    def expunge(self, folder, sure):
        for subject in list(self.may):
            self.change(subject, lambda s: s._replace(folder=None) if s.folder == folder and s.flags & DELETED else s,
                        sure and subject not in self.late)

    def new(self, subject, folder, flags=0, sure=True):
        self.may[subject] = {State(folder, flags, frozenset())} | (set() if sure else {State(None, 0, frozenset())})

    def is_plain(self, subject):
        """It is there once, whatever became of it."""
        return subject in self.contested or subject in self.may and not self.copies[subject] and not self.unsure[subject] and all(s.folder for s in self.may[subject])

    def copy(self, subject, sure):
        (self.copies if sure else self.unsure)[subject] += 1

    def complaints(self, box):
        """How that mailbox cannot be."""
        found = by_subject(box)
        said = []
        for subject in sorted(set(self.may) | set(found)):
            may, here = self.may.get(subject, set()), found.get(subject, [])
            sure = self.copies[subject]
            most = sure + self.unsure[subject] + any(s.folder for s in may)
            least = sure + all(s.folder for s in may)
            if subject in self.contested:
                gone = subject in self.ending or any(s.folder is None for s in may)
                if len(here) > 1 + sure + self.unsure[subject] or not here and not gone:
                    said.append("%s, contested: %r" % (subject, here))
            elif not may:
                said.append("%s: nobody made it: %r" % (subject, here))
            elif not least <= len(here) <= most:
                said.append("%s: %d of it, not %d to %d: %r" % (subject, len(here), least, most, here))
            elif not sure + self.unsure[subject] and here and here[0] not in may:
                said.append("%s: %r, but it should be one of %r" % (subject, here[0], sorted(may, key=str)))
        return said

    def settle(self, box):
        """Go on from what is."""
        self.__init__(box)
