# SPDX-License-Identifier: GPL-3.0-or-later
"""The real sealpost-ui in a terminal, with an engine that plays canned data (tests/screens/fakeengine.c).

    setUpModule = fakeui.set_up              # builds the engine, skips without tmux
    with fakeui.Ui(80, 24).ready() as ui: ...
"""

import os
import re
import shlex
import subprocess
import sys
import time

from . import util
from .term import Term

SOURCE = os.path.dirname(util.TESTS)
BUILD = os.environ.get("SEALPOST_BUILD", os.path.join(SOURCE, "build"))
FAKE = os.path.join(BUILD, "check", "fakeengine")
UI = os.path.join(BUILD, "libexec", "sealpost-ui")


def make_variable(name):
    with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as file:
        found = re.search(r"^%s = (.*)$" % name, file.read(), re.M)
    return shlex.split(found.group(1)) if found else []


def set_up():
    util.need("tmux")
    if not os.path.exists(UI):
        print("the program sealpost-ui is not built")
        sys.exit(77)
    here = os.path.join(util.TESTS, "screens")
    os.makedirs(os.path.dirname(FAKE), exist_ok=True)
    part = "%s.%d" % (FAKE, os.getpid())
    subprocess.run([*make_variable("CC"), "-D_GNU_SOURCE=", *make_variable("CFLAGS"), "-I", os.path.join(SOURCE, "src"), "-I", BUILD,
                    "-o", part, os.path.join(here, "fakeengine.c"), os.path.join(here, "fakedata.c"),
                    os.path.join(BUILD, "lib", "libbase.a"), *make_variable("LDFLAGS"), *make_variable("SECCOMP_LIBS"),
                    *make_variable("CRYPTO_LIBS")], check=True)
    os.replace(part, FAKE)  # another test may do the same just now


class Ui(Term):
    def __init__(self, width=80, height=24, options=(), language="C.UTF-8", term="tmux-256color", **env):
        self.log = os.path.join(util.short_dir("ui"), "log")
        env = {"LC_ALL": language, "FAKE_LOG": self.log, "SEALPOST_LOCALEDIR": os.path.join(BUILD, "locale"), **env}
        super().__init__([FAKE, UI, *options], width, height, env=env, term=term)

    def ready(self):
        self.wait_for(r"unread of|未读|Contract")
        self.settle()
        return self

    def open(self, number):
        """The nth message from the top, counted from 0."""
        self.send("Home", *["j"] * number, "Enter")
        self.settle()
        return self

    def asked(self):
        return util.read(self.log).decode("utf-8", "replace").splitlines() if os.path.exists(self.log) else []

    def wait_asked(self, regex, seconds=5):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.asked():
                if re.search(regex, line):
                    return line
            time.sleep(0.02)
        raise AssertionError(self.show("never asked: %s\n%s" % (regex, "\n".join(self.asked()))))

    def tell(self, number):
        os.kill(self.pid(), number)
