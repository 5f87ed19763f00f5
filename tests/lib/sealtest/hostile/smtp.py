# SPDX-License-Identifier: GPL-3.0-or-later
"""A small SMTP submission server (RFC 5321), and the stages where a scenario can turn nasty."""

import os

from .core import Cut, Gone

EXTENSIONS = ["8BITMIME", "SIZE 10485760", "AUTH PLAIN LOGIN"]


class Talker:
    """One session. options["attack"] strikes at options["at"]: greeting, ehlo, auth, mail, rcpt, data, dot, quit."""

    def __init__(self, session):
        self.session = session
        self.options = session.server.options

    def send(self, text):
        self.session.send(text)

    def say(self, name, usual):
        """The reply that an option names; a list is used up to its last entry, over all sessions."""
        answer = self.options.get(name, usual)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer

    def run(self):
        self.strike("greeting")
        self.send(self.options.get("greeting", "220 mail.example.test ESMTP\r\n"))
        while True:
            line = self.session.line().decode("latin-1")
            name, _, rest = line.partition(" ")
            name = name.upper()
            self.strike(name.lower())
            method = getattr(self, "do_" + name, None)
            if method:
                method(rest)
            else:
                self.send("500 what\r\n")

    def strike(self, stage):
        if self.options.get("at", "ehlo") == stage and self.options.get("attack"):
            if not self.session.server.strikes():
                return
            ATTACKS[self.options["attack"]](self)

    def do_EHLO(self, _):
        words = list(self.options.get("extensions", EXTENSIONS))
        if self.session.server.may_upgrade and not self.session.tls:
            words = list(self.options.get("clear_extensions", ["8BITMIME", "STARTTLS"]))
        lines = ["mail.example.test", *words]
        self.send("".join("250%s%s\r\n" % (" " if n == len(lines) - 1 else "-", w) for n, w in enumerate(lines)))

    def do_HELO(self, _):
        self.send("250 mail.example.test\r\n")

    def do_STARTTLS(self, _):
        how = self.options.get("starttls", "good")
        if how == "refused":
            self.send("454 not available\r\n")
            return
        extra = {"injected": "250-mail.example.test\r\n250 AUTH PLAIN\r\n", "injected-ok": "235 logged in\r\n",
                 "injected-partial": "25"}.get(how, "")
        self.session.raw(("220 go ahead\r\n" + extra).encode())
        self.session.start_tls()

    def do_AUTH(self, rest):
        words = rest.split()
        if words and words[0].upper() == "LOGIN":
            for prompt in (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n")[len(words) - 1:]:
                self.send(prompt)
                self.session.line()
        elif len(words) < 2:
            self.send("334 \r\n")
            self.session.line()
        self.send(self.say("auth", "235 welcome") + "\r\n")

    def do_MAIL(self, _):
        self.send(self.say("mail", "250 fine") + "\r\n")

    def do_RCPT(self, _):
        self.send(self.say("rcpt", "250 fine") + "\r\n")

    def do_DATA(self, _):
        answer = self.say("data", "354 go ahead")
        self.send(answer + "\r\n")
        if not answer.startswith("354"):
            return
        lines = []
        while True:
            line = self.session.line()
            if line == b".":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        folder = self.options.get("mail_dir")
        if folder:
            name = os.path.join(folder, "%d-%d.eml" % (self.session.number, len(os.listdir(folder))))
            with open(name, "wb") as out:
                out.write(b"".join(x + b"\r\n" for x in lines))
        self.session.server.record.event("%d message of %d lines" % (self.session.number, len(lines)))
        self.strike("dot")
        self.send(self.say("dot", "250 taken") + "\r\n")

    def do_RSET(self, _):
        self.send("250 fine\r\n")

    do_NOOP = do_RSET

    def do_QUIT(self, _):
        self.send("221 bye\r\n")
        raise Gone


# -- attacks -----------------------------------------------------------------------------------------------------

def endless_line(t):
    t.session.raw(b"250-")
    t.session.endless(b"A" * 65536)


def flood(t):
    t.session.endless(b"250-AUTH PLAIN\r\n" * 1000)


def bare_lf(t):
    t.session.raw(b"250-mail.example.test\n\n250 AUTH PLAIN\n")


def auth_tab(t):
    t.send("250-mail.example.test\r\n250 AUTH PLAIN\tLOGIN\r\n")


def control(t):
    t.send(b"250-mail\x00.test\r\n250 AUTH \x1b[2JPLAIN\x7f\x9b\r\n")


def alert(t):
    t.send(b"550 \x1b]0;owned\x07\x1b[2JVerified \xe2\x80\xae\r\n")
    raise Gone


def mismatch(t):
    t.send("250-one\r\n550-two\r\n250 three\r\n")


def cut(t):
    raise Cut


def hang(t):
    t.session.hang()


def garbage(t):
    t.session.raw(bytes((n * 37 + 11) % 256 for n in range(20000)))
    raise Cut


def close_421(t):
    t.send("421 4.3.2 going down\r\n")
    raise Gone


ATTACKS = {"endless-line": endless_line, "flood": flood, "bare-lf": bare_lf, "auth-tab": auth_tab, "control": control,
           "alert": alert, "mismatch": mismatch, "cut": cut, "hang": hang, "garbage": garbage, "bye": close_421}
