# SPDX-License-Identifier: GPL-3.0-or-later
"""A small IMAP server (RFC 3501) with one mailbox, and the stages where a scenario can turn nasty."""

import base64
import re

from .core import Cut, Gone

MESSAGES = [
    b"From: Bob Example <bob@example.test>\r\nTo: Alice Example <alice@example.test>\r\nSubject: Message %d\r\n"
    b"Date: Sun, 01 Nov 2026 10:0%d:00 +0000\r\nMessage-ID: <hostile-%d@example.test>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThis is message %d.\r\n" % (n, n, n, n)
    for n in range(1, 6)
]
CAPABILITIES = "IMAP4rev1 SASL-IR IDLE UIDPLUS ENABLE ID AUTH=PLAIN"


def sequence(text, last):
    """The numbers of a sequence set (1,3:5,7:*) that are not above last."""
    found = set()
    for part in text.split(","):
        ends = [last if end == "*" else int(end) for end in part.split(":")]
        found.update(range(min(ends), min(max(ends), last) + 1))
    return sorted(found)


class Talker:
    """One session. Commands are methods do_NAME; options["attack"] strikes at options["at"] (a command's name)."""

    def __init__(self, session):
        self.session = session
        self.options = session.server.options
        self.messages = self.options.get("messages") or MESSAGES
        self.uidvalidity = 1000
        self.state = "start"
        self.selects = 0

    def send(self, text):
        self.session.send(text)

    def run(self):
        self.strike("greeting", "*")
        self.greet()
        while True:
            tag, name, rest = self.command()
            self.strike(name.lower(), tag)
            method = getattr(self, "do_" + name.replace(" ", "_"), None)
            if method:
                method(tag, rest)
            else:
                self.send("%s BAD unknown command\r\n" % tag)

    def command(self):
        """One whole command, literals included: (tag, NAME, rest as text)."""
        line = self.session.line()
        while True:
            literal = re.search(rb"\{(\d+)(\+?)\}$", line)
            if not literal:
                break
            if not literal.group(2):
                self.send("+ go ahead\r\n")
            body = self.session.exactly(int(literal.group(1)))
            line += b"\r\n" + body + self.session.line()
        words = line.decode("latin-1").split(" ", 2) + ["", ""]
        name, rest = words[1].upper(), words[2]
        if name == "UID":
            name, _, rest = rest.partition(" ")
            name = "UID " + name.upper()
        return words[0], name, rest

    def strike(self, stage, tag):
        if self.options.get("at", "fetch") in (stage, stage.replace("uid ", "")) and self.options.get("attack"):
            if not self.session.server.strikes():
                return
            ATTACKS[self.options["attack"]](self, tag)

    def capabilities(self):
        upgrade = self.session.server.may_upgrade
        if upgrade and not self.session.tls:
            return self.options.get("clear_capabilities", "IMAP4rev1 STARTTLS LOGINDISABLED")
        return self.options.get("capabilities", CAPABILITIES)

    def greet(self):
        words = self.options.get("greeting", "OK [CAPABILITY %s] ready")
        self.send("* %s\r\n" % words.replace("%s", self.capabilities()))

    # -- any state ----------------------------------------------------------------------------------------------

    def do_CAPABILITY(self, tag, _):
        self.send("* CAPABILITY %s\r\n%s OK done\r\n" % (self.capabilities(), tag))

    def do_NOOP(self, tag, _):
        self.send("%s OK done\r\n" % tag)

    do_CHECK = do_CLOSE = do_UNSELECT = do_SUBSCRIBE = do_CREATE = do_EXPUNGE = do_UID_EXPUNGE = do_ENABLE = do_NOOP

    def do_ID(self, tag, _):
        self.send("* ID NIL\r\n%s OK done\r\n" % tag)

    def do_LOGOUT(self, tag, _):
        self.send("* BYE see you\r\n%s OK done\r\n" % tag)
        raise Gone

    def do_STARTTLS(self, tag, _):
        how = self.options.get("starttls", "good")
        if how == "refused":
            self.send("%s NO not today\r\n" % tag)
            return
        if how == "bad":
            self.send("%s BAD what is that\r\n" % tag)
            return
        extra = {"injected": "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n",
                 "injected-ok": "%s OK [ALERT] logged in\r\n" % tag, "injected-partial": "* OK"}.get(how, "")
        self.session.raw(("%s OK begin\r\n%s" % (tag, extra)).encode())
        self.session.start_tls()

    # -- logging in ---------------------------------------------------------------------------------------------

    def finish_login(self, tag):
        answer = self.options.get("login", "OK")
        if "%d" in answer:
            answer %= self.session.server.decoy_port
        self.send("%s %s\r\n" % (tag, "OK logged in" if answer == "OK" else answer))

    def do_LOGIN(self, tag, _):
        self.finish_login(tag)

    def do_AUTHENTICATE(self, tag, rest):
        if " " not in rest:
            self.send("+ \r\n")
            blob = self.session.line()
            if blob == b"*":
                self.send("%s BAD cancelled\r\n" % tag)
                return
            try:
                base64.b64decode(blob, validate=True)
            except ValueError:
                self.send("%s BAD base64\r\n" % tag)
                return
        self.finish_login(tag)

    # -- folders ------------------------------------------------------------------------------------------------

    def do_NAMESPACE(self, tag, _):
        self.send('* NAMESPACE (("" "/")) NIL NIL\r\n%s OK done\r\n' % tag)

    def list_folders(self, tag, answer, rest):
        folders = self.options.get("folders", ['() "/" INBOX', '(\\Sent) "/" Sent', '(\\Drafts) "/" Drafts'])
        if rest == '"" ""':
            folders = ['(\\Noselect) "/" ""']
        self.send("".join("* %s %s\r\n" % (answer, f) for f in folders) + "%s OK done\r\n" % tag)

    def do_LIST(self, tag, rest):
        self.list_folders(tag, "LIST", rest)

    def do_LSUB(self, tag, rest):
        self.list_folders(tag, "LSUB", rest)

    def do_STATUS(self, tag, rest):
        name = rest.split(" (")[0]
        n = len(self.messages)
        values = {"MESSAGES": n, "RECENT": 0, "UIDNEXT": n + 1, "UIDVALIDITY": self.uidvalidity, "UNSEEN": n}
        asked = [w for w in re.findall(r"[A-Z]+", rest.rpartition("(")[2]) if w in values]
        self.send("* STATUS %s (%s)\r\n%s OK done\r\n" % (name, " ".join("%s %d" % (w, values[w]) for w in asked), tag))

    def do_SELECT(self, tag, _):
        referral = self.options.get("select")
        if referral:
            self.send("%s %s\r\n" % (tag, referral % self.session.server.decoy_port))
            return
        self.selects += 1
        if self.options.get("new_uidvalidity") and self.selects > 1:
            self.uidvalidity += 1
        self.send("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
                  "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] flags\r\n"
                  "* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %d] valid\r\n* OK [UIDNEXT %d] next\r\n"
                  "%s OK [READ-WRITE] selected\r\n"
                  % (len(self.messages), self.uidvalidity, len(self.messages) + 1, tag))

    do_EXAMINE = do_SELECT

    # -- messages -----------------------------------------------------------------------------------------------

    def do_SEARCH(self, tag, _):
        self.send("* SEARCH %s\r\n%s OK done\r\n" % (" ".join(str(n + 1) for n in range(len(self.messages))), tag))

    do_UID_SEARCH = do_SEARCH

    def do_STORE(self, tag, rest):
        self.send("".join("* %d FETCH (UID %d FLAGS (\\Seen))\r\n" % (n, n)
                          for n in sequence(rest.split()[0], len(self.messages))) + "%s OK done\r\n" % tag)

    do_UID_STORE = do_STORE

    def do_APPEND(self, tag, _):
        self.send("%s OK [APPENDUID 1 1] done\r\n" % tag)

    def do_UID_FETCH(self, tag, rest):
        self.fetch(tag, rest, True)

    def do_FETCH(self, tag, rest):
        self.fetch(tag, rest, False)

    def fetch(self, tag, rest, by_uid):
        numbers, _, items = rest.partition(" ")
        out = b""
        for n in sequence(numbers, len(self.messages)):
            out += b"* %d FETCH (%s)\r\n" % (n, b" ".join(self.items(n, items, by_uid)))
            if len(out) > 65536:
                self.send(out)
                out = b""
        self.send(out + b"%s OK done\r\n" % tag.encode())

    def items(self, n, items, by_uid):
        """The data that a FETCH asked for, of message n (whose UID is n too)."""
        message = self.messages[n - 1]
        found = [b"UID %d" % n] if by_uid or "UID" in items.split() else []
        upper = items.upper()
        if "FLAGS" in upper:
            found.append(b"FLAGS ()")
        if "INTERNALDATE" in upper:
            found.append(b'INTERNALDATE "01-Nov-2026 10:00:00 +0000"')
        if "RFC822.SIZE" in upper:
            found.append(b"RFC822.SIZE %d" % len(message))
        if "ENVELOPE" in upper:
            found.append(b'ENVELOPE (NIL "Message %d" NIL NIL NIL NIL NIL NIL NIL NIL)' % n)
        if "BODYSTRUCTURE" in upper:
            found.append(b'BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" %d 1 NIL NIL NIL)'
                         % len(message.partition(b"\r\n\r\n")[2]))
        for section, partial in re.findall(r"BODY(?:\.PEEK)?\[([^\]]*)\](<\d+\.\d+>)?", items, re.I):
            data = self.section(message, section.upper())
            label = section
            if partial:
                start, size = map(int, partial[1:-1].split("."))
                data = data[start:start + size]
                found.append(b"BODY[%s]<%d> {%d}\r\n%s" % (label.encode(), start, len(data), data))
            else:
                found.append(b"BODY[%s] {%d}\r\n%s" % (label.encode(), len(data), data))
        if re.search(r"\bRFC822(?!\.)", upper):
            found.append(b"RFC822 {%d}\r\n%s" % (len(message), message))
        return found

    @staticmethod
    def section(message, name):
        head, _, body = message.partition(b"\r\n\r\n")
        if name.startswith("HEADER.FIELDS"):
            wanted = [w.lower() for w in re.findall(r"[\w-]+", name.partition("(")[2])]
            fields = re.findall(rb"(?:^|\r\n)(([!-9;-~]+):[^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head)
            keep = [f for f, key in fields if (key.decode().lower() in wanted) != (".NOT" in name)]
            return b"".join(f + b"\r\n" for f in keep) + b"\r\n"
        if name.startswith("HEADER") or name == "MIME":
            return head + b"\r\n\r\n"
        return body if name in ("TEXT", "1") else message

    def do_IDLE(self, tag, _):
        self.send("+ idling\r\n")
        self.strike("idling", tag)
        self.session.line()
        self.send("%s OK done\r\n" % tag)


# -- attacks: (talker, tag of the command that was just read) ----------------------------------------------------

def endless_line(t, _):
    t.session.raw(b"* OK ")
    t.session.endless(b"A" * 65536)


def endless_literal(t, _):
    t.session.raw(b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\n")
    t.session.endless(b"B" * 65536)


def huge_literal(t, tag):
    t.send(b"* 1 FETCH (UID 1 BODY[] {99999999999999999999999}\r\nshort)\r\n%s OK done\r\n" % tag.encode())


def flood(t, _):
    t.session.endless(b"* 5 EXISTS\r\n* OK still here\r\n" * 1000)


def flood_fetch(t, _):
    t.session.endless(b"".join(b"* %d FETCH (FLAGS ())\r\n" % n for n in range(1, 1000)))


def bare_lf(t, tag):
    t.send(b"* OK one\n* OK two\n%s OK done\n" % tag.encode())


def control(t, tag):
    t.send(b"* OK nul \x00 and \x01\x02\x1b[2J\x7f \x9b31m\r\n%s OK done\r\n" % tag.encode())


def cut_in_literal(t, _):
    t.session.raw(b"* 1 FETCH (UID 1 BODY[] {5000}\r\n" + b"C" * 2000)
    raise Cut


def cut(t, _):
    raise Cut


def bye(t, _):
    t.send("* BYE the server is going down\r\n")
    raise Cut


def hang(t, _):
    t.session.hang()


def alert(t, _):
    t.send(b"* OK [ALERT] \x1b]0;owned\x07\x1b[2J\x1b[1;1HVerified signature \xc2\x9b31m\xe2\x80\xae\r\n")


def unknown(t, _):
    t.send("* XYZZY (a \"b\" {3}\r\nabc) NIL\r\n")


def wrong_tag(t, _):
    t.send("zzz9999 OK done\r\n")


def overflow(t, _):
    t.send("* 99999999999999999999 EXISTS\r\n* OK [UIDNEXT 99999999999999999999] x\r\n* OK [PERMANENTFLAGS] x\r\n")


def nested(t, tag):
    t.send(b"* 1 FETCH (UID 1 BODYSTRUCTURE " + b"(" * 200000 + b"\r\n%s OK done\r\n" % tag.encode())


def garbage(t, _):
    t.session.raw(bytes((n * 37 + 11) % 256 for n in range(20000)))
    raise Cut


def refuse(t, tag):
    t.send("%s NO \x1b[31mI will not\r\n" % tag)
    raise Gone


def injected_notes(t, _):
    t.send("* 1 EXPUNGE\r\n* 77 EXPUNGE\r\n* VANISHED 1:4294967295\r\n* 0 EXISTS\r\n")


ATTACKS = {
    "endless-line": endless_line, "endless-literal": endless_literal, "huge-literal": huge_literal, "flood": flood,
    "flood-fetch": flood_fetch, "bare-lf": bare_lf, "control": control, "cut-literal": cut_in_literal, "cut": cut,
    "bye": bye, "hang": hang, "alert": alert, "unknown": unknown, "wrong-tag": wrong_tag, "overflow": overflow,
    "nested": nested, "garbage": garbage, "refuse": refuse, "expunge": injected_notes,
}
