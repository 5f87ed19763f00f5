# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios by name. A scenario is a set of options for the talkers; see imap.py and smtp.py for what they mean."""

from . import imap, smtp

# Bad certificates and old protocols: the client must go away before it says a word. (S50)
CERTIFICATES = {
    "expired": {"cert": "expired"}, "notyet": {"cert": "notyet"}, "selfsigned": {"cert": "selfsigned"},
    "wronghost": {"cert": "wronghost"}, "unknownca": {"cert": "unknownca"}, "tls11": {"tls11": True},
    "renewed": {"cert": "renewed"},
}
# STARTTLS played against the client. (S51)
STARTTLS = {
    "starttls": {"tls": "starttls"},
    "starttls-refused": {"tls": "starttls", "starttls": "refused"},
    "starttls-injected": {"tls": "starttls", "starttls": "injected"},
    "starttls-injected-ok": {"tls": "starttls", "starttls": "injected-ok"},
    "starttls-injected-partial": {"tls": "starttls", "starttls": "injected-partial"},
    "starttls-expired": {"tls": "starttls", "cert": "expired"},
    "starttls-wronghost": {"tls": "starttls", "cert": "wronghost"},
    "starttls-unknownca": {"tls": "starttls", "cert": "unknownca"},
    "starttls-tls11": {"tls": "starttls", "tls11": True},
}
COMMON = {"good": {}, "insecure": {"tls": "none"}, "slow": {"rate": 400}, "silent": {"attack": "hang", "at": "greeting"}}

IMAP = {
    **COMMON, **CERTIFICATES, **STARTTLS,
    "starttls-stripped": {"tls": "starttls", "clear_capabilities": "IMAP4rev1 AUTH=PLAIN SASL-IR"},
    "starttls-bad": {"tls": "starttls", "starttls": "bad"},
    "starttls-preauth": {"tls": "starttls", "greeting": "PREAUTH [CAPABILITY %s] already in"},
    "starttls-stalecaps": {"tls": "starttls", "clear_capabilities": "IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR IDLE MOVE",
                           "capabilities": "IMAP4rev1 AUTH=PLAIN"},
    "preauth": {"greeting": "PREAUTH [CAPABILITY %s] already in"},
    "referral-login": {"login": "NO [REFERRAL imap://alice@127.0.0.1:%d/] go there"},
    "referral-login-ok": {"login": "OK [REFERRAL imap://alice@127.0.0.1:%d/] better there"},
    "referral-select": {"select": "NO [REFERRAL imap://alice@127.0.0.1:%d/INBOX] it is there"},
    "login-refused": {"login": "NO [AUTHENTICATIONFAILED] \x1b[31mwrong\x1b[0m password"},
    "bye": {"attack": "bye", "at": "greeting"}, "alert": {"attack": "alert", "at": "select"},
    "new-uidvalidity": {"new_uidvalidity": True},
    "folders": {"folders": ['() "/" INBOX', '() "/" "evil\x1b[2Jfolder"', '() "/" {6}\r\nab\r\ncd',
                            '() "/" "&AAo-&AA0-"', '() "/" "../../etc/passwd"', '() NIL ""']},
    **{name: {"attack": name, "at": at} for name, at in (
        ("endless-line", "fetch"), ("endless-literal", "fetch"), ("huge-literal", "fetch"), ("flood", "select"),
        ("flood-fetch", "fetch"), ("bare-lf", "select"), ("control", "select"), ("cut-literal", "fetch"), ("cut", "fetch"),
        ("hang", "fetch"), ("unknown", "select"), ("wrong-tag", "select"), ("overflow", "select"), ("nested", "fetch"),
        ("garbage", "select"), ("expunge", "fetch"))},
}

SMTP = {
    **COMMON, **CERTIFICATES, **STARTTLS,
    "starttls-stripped": {"tls": "starttls", "clear_extensions": ["8BITMIME", "AUTH PLAIN LOGIN"]},
    "starttls-stalecaps": {"tls": "starttls", "clear_extensions": ["STARTTLS", "SIZE 1", "AUTH LOGIN"],
                           "extensions": ["AUTH PLAIN"]},
    "referral-251": {"rcpt": "251 User not local; will forward to <bob@elsewhere.test>"},
    "referral-551": {"rcpt": "551 User not local; please try <bob@elsewhere.test>"},
    "auth-refused": {"auth": "535 5.7.8 \x1b[31mno"}, "auth-missing": {"extensions": ["8BITMIME"]},
    "rcpt-refused": {"rcpt": "550 5.1.1 nobody here"}, "rcpt-later": {"rcpt": "451 4.7.1 later"},
    "dot-refused": {"dot": "554 5.7.1 spam"}, "dot-later": {"dot": "451 4.3.0 later"},
    "dot-cut": {"attack": "cut", "at": "dot"}, "dot-hang": {"attack": "hang", "at": "dot"},
    "data-cut": {"attack": "cut", "at": "data"}, "quit-cut": {"attack": "cut", "at": "quit"},
    "quit-hang": {"attack": "hang", "at": "quit"}, "bye": {"attack": "bye", "at": "greeting"},
    "alert": {"attack": "alert", "at": "rcpt"}, "greeting-refused": {"greeting": "554 no service\r\n"},
    **{name: {"attack": name, "at": "ehlo"} for name in
       ("endless-line", "flood", "bare-lf", "auth-tab", "control", "mismatch", "cut", "hang", "garbage")},
}

TALKERS = {"imap": imap.Talker, "smtp": smtp.Talker}
SCENARIOS = {"imap": IMAP, "smtp": SMTP}


class Scenario:
    """A name and a protocol, resolved."""

    def __init__(self, name, proto):
        if proto not in SCENARIOS or name not in SCENARIOS[proto]:
            raise KeyError("no scenario %s for %s" % (name, proto))
        self.name = name
        self.proto = proto
        self.options = dict(SCENARIOS[proto][name])
        self.talker = TALKERS[proto]

    @property
    def certificate(self):
        """The name of the server certificate (of sealtest.ca) that belongs to the scenario."""
        return self.options.get("cert", "good")
