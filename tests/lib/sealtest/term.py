# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in a terminal of its own: a private tmux server, fixed size, fixed locale and time zone.

    with Term(["sealpost"], 80, 24, env={...}) as t:
        t.wait_for(r"INBOX", 5)
        t.send("j", "Enter")         # tmux's names of keys: Enter Escape Up C-x F1 …
        t.type("literal text")
        t.golden("index-80x24")

A failed expectation raises AssertionError with the whole screen in it.
"""

import difflib
import os
import re
import shutil
import sys
import time

from .util import TESTS, Failed, at_end, children, end_process, read, run, short_dir, write

GOLDEN = os.path.join(TESTS, "screens", "golden")
CONF = """\
set -g default-terminal {term}
set -g escape-time 0
set -g status off
set -g remain-on-exit on
set -g remain-on-exit-format ""
set -g focus-events off
set -g mouse on
set -g set-clipboard off
set -g allow-rename off
set -g exit-empty off
set -g history-limit 2000
"""
# Keeps the program's exit status: tmux 3.3a now and then does not notice that a pane's process has ended.
KEEPER = 'trap : INT QUIT TERM HUP; f=$1; shift; "$@"; echo $? >"$f.new"; mv "$f.new" "$f"'
WAIT = 10  # seconds, unless said otherwise


def framed(screen, width):
    return "\n".join(["+" + "-" * width + "+", *("|" + line for line in screen.splitlines()), "+" + "-" * width + "+"])


def unsplit(word):
    """tmux takes a semicolon at a word's end for the end of its command."""
    return word[:-1] + "\\;" if word.endswith(";") else word


class Term:
    """One tmux server with one pane. folder: where its socket is (a new short one by default)."""

    def __init__(self, argv=None, width=80, height=24, env=None, term="tmux-256color", cwd=None, folder=None):
        self.own = folder is None
        self.dir = folder or short_dir("tm")
        self.width, self.height = width, height
        if self.own:
            at_end(self.close)
        if argv:
            self.start(argv, env or {}, term, cwd)

    def tmux(self, *words, check=True):
        return run(["tmux", "-u", "-S", os.path.join(self.dir, "tmux"), "-f", os.path.join(self.dir, "tmux.conf"), *words],
                   env=self.tmux_env, check=check)[1].decode("utf-8", "replace")

    @property
    def tmux_env(self):
        keep = {k: os.environ[k] for k in ("PATH", "HOME", "TMPDIR", "USER", "SHELL", "LOCPATH") if k in os.environ}
        return {**keep, "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm-256color"}

    def start(self, argv, env, term="tmux-256color", cwd=None):
        os.makedirs(self.dir, exist_ok=True)
        if os.path.exists(self.status_file):
            os.unlink(self.status_file)
        # The terminal that tmux plays is always its own; another name (vt100, linux …) is only told to the program.
        write(os.path.join(self.dir, "tmux.conf"), CONF.format(term=term if term.startswith(("tmux", "screen"))
                                                               else "tmux-256color"))
        variables = {**self.tmux_env, **env, "TERM": term}
        variables = ["%s=%s" % pair for pair in variables.items()]
        self.tmux("new-session", "-d", "-x", str(self.width), "-y", str(self.height), "-c", cwd or os.getcwd(),
                  "--", "sh", "-c", KEEPER, "sh", self.status_file, "env", "-i", *variables, *argv)
        self.tmux("set", "-g", "window-size", "manual")  # in the configuration file it kills tmux 3.3a

    # -- input --------------------------------------------------------------------------------------------------

    def send(self, *keys):
        """Press keys, by tmux's names; other words are typed."""
        self.tmux("send-keys", "--", *map(unsplit, keys))
        return self

    def type(self, text):
        """Type text as it stands."""
        self.tmux("send-keys", "-l", "--", unsplit(text))
        return self

    def paste(self, text):
        """Paste as a terminal does (bracketed when the program asked for it)."""
        write(os.path.join(self.dir, "paste"), text)
        self.tmux("load-buffer", "-b", "p", os.path.join(self.dir, "paste"))
        self.tmux("paste-buffer", "-p", "-b", "p")
        return self

    def resize(self, width, height):
        self.width, self.height = width, height
        self.tmux("resize-window", "-x", str(width), "-y", str(height))
        return self

    # -- output -------------------------------------------------------------------------------------------------

    def screen(self, colours=False):
        """What stands on the screen, trailing blanks stripped; colours: with the escape sequences of attributes."""
        text = self.tmux("capture-pane", "-p", *(["-e"] if colours else []))
        lines = [line.rstrip() for line in text.split("\n")]
        return "\n".join(lines[:self.height]).rstrip("\n") + "\n"

    def show(self, why):
        return "%s\nThe screen (%dx%d):\n%s%s" % (why, self.width, self.height, framed(self.screen(), self.width),
                                                  "" if self.running() else "\nThe program has ended: %s" % self.status())

    def wait_for(self, regex, seconds=WAIT):
        """Wait until the screen matches. Returns the match."""
        return self.poll(lambda screen: re.search(regex, screen, re.M), seconds, "not on the screen within %g s: %s"
                         % (seconds, regex), until_end=True)

    def wait_gone(self, regex, seconds=WAIT):
        """Wait until the screen no longer matches."""
        return self.poll(lambda screen: not re.search(regex, screen, re.M), seconds, "still on the screen: " + regex)

    def poll(self, test, seconds, why, until_end=False):
        end = time.monotonic() + seconds
        while True:
            ended = not self.running()
            got = test(self.screen())
            if got:
                return got
            if time.monotonic() > end or (ended and until_end):
                raise AssertionError(self.show(why))
            time.sleep(0.02)

    def settle(self, quiet=0.15, seconds=WAIT):
        """Wait until the screen has not changed for a while. Returns it."""
        last, since, end = self.screen(), time.monotonic(), time.monotonic() + seconds
        while time.monotonic() - since < quiet:
            time.sleep(0.02)
            now = self.screen()
            if now != last:
                last, since = now, time.monotonic()
            if time.monotonic() > end:
                raise AssertionError(self.show("the screen does not come to rest"))
        return last

    def assert_screen(self, regex):
        if not re.search(regex, self.screen(), re.M):
            raise AssertionError(self.show("not on the screen: " + regex))

    def refute_screen(self, regex):
        if re.search(regex, self.screen(), re.M):
            raise AssertionError(self.show("must not be on the screen: " + regex))

    def cursor(self):
        """(column, row) of the cursor, from 0."""
        return tuple(map(int, self.tmux("display-message", "-p", "#{cursor_x} #{cursor_y}").split()))

    def title(self):
        """What the program made of the terminal's title."""
        return self.tmux("display-message", "-p", "#{pane_title}").rstrip("\n")

    def record(self, path):
        """Copy every byte of the program's output into a file from now on."""
        self.tmux("pipe-pane", "-O", "exec cat > '%s'" % path)

    def golden(self, name, masks=()):
        """Compare with tests/screens/golden/NAME.txt after replacing (regex, text) pairs. SEALPOST_UPDATE=1 (or
        UPDATE_GOLDEN=1) writes the file instead."""
        screen = self.settle()
        for regex, text in masks:
            screen = re.sub(regex, text, screen, flags=re.M)
        compare_golden(name, screen)

    # -- the program's life -------------------------------------------------------------------------------------

    @property
    def status_file(self):
        return os.path.join(self.dir, "status")

    def running(self):
        return os.path.isdir(self.dir) and not os.path.exists(self.status_file)

    def status(self):
        """Exit status of the program, -N for a signal; None while it runs."""
        if self.running():
            return None
        code = int(read(self.status_file))
        return 128 - code if code > 128 else code

    def wait_end(self, seconds=WAIT):
        """Wait until the program has ended. Returns its exit status."""
        end = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > end:
                raise AssertionError(self.show("the program does not end"))
            time.sleep(0.02)
        return self.status()

    def pid(self):
        """Process id of the program."""
        keeper = int(self.tmux("list-panes", "-F", "#{pane_pid}"))
        with open("/proc/%d/task/%d/children" % (keeper, keeper)) as inp:
            return int(inp.read().split()[0])

    def close(self):
        """End the program and the tmux server."""
        if not os.path.isdir(self.dir):
            return
        try:
            server = int(self.tmux("display-message", "-p", "#{pid}", check=False) or 0)
        except (Failed, ValueError):
            server = 0
        family = children(server) if server else []
        self.tmux("kill-server", check=False)
        for pid in [server, *family] if server else []:
            end_process(pid, 2)
        if self.own:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def compare_golden(name, screen):
    """Raises AssertionError with a diff when the text differs from the golden file."""
    path = os.path.join(GOLDEN, name + ".txt")
    if "1" in (os.environ.get("UPDATE_GOLDEN"), os.environ.get("SEALPOST_UPDATE")):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, screen)
        return
    if not os.path.exists(path):
        raise AssertionError("no golden screen %s (SEALPOST_UPDATE=1 writes it); this one is:\n%s" % (path, screen))
    want = read(path).decode()
    if want != screen:
        diff = difflib.unified_diff(want.splitlines(), screen.splitlines(), "golden/%s.txt" % name, "screen", lineterm="")
        raise AssertionError("the screen differs:\n" + "\n".join(diff))


USAGE = """\
term DIR start WxH COMMAND...     start a program in a terminal whose socket is in DIR
term DIR send KEY...              press keys (tmux's names) | type TEXT | resize WxH
term DIR screen                   print the screen
term DIR wait_for REGEX [SECONDS] | wait_gone REGEX [SECONDS] | assert_screen REGEX | refute_screen REGEX
term DIR golden NAME              compare with tests/screens/golden/NAME.txt (SEALPOST_UPDATE=1 writes it)
term DIR wait_end [SECONDS]       wait for the program's end, print its exit status
term DIR kill                     end everything
"""


def command(argv):
    """The shell's way in. Exit status 1 and the screen on standard error when an expectation fails."""
    if len(argv) < 3:
        sys.exit(USAGE)
    folder, verb, words = argv[1], argv[2], argv[3:]
    t = Term(folder=os.path.abspath(folder))
    if verb == "start":
        t.width, t.height = map(int, words[0].split("x"))
        pass_on = {k: v for k, v in os.environ.items() if k.startswith(("SEALPOST_", "SP_", "GNUPG", "XDG_"))}
        t.start(words[1:], pass_on, os.environ.get("SP_TERM", "tmux-256color"))
        return 0
    size = t.tmux("display-message", "-p", "#{window_width} #{window_height}", check=False).split()
    if len(size) == 2:
        t.width, t.height = map(int, size)
    verbs = {"send": t.send, "type": t.type, "wait_for": t.wait_for, "wait_gone": t.wait_gone, "kill": t.close,
             "assert_screen": t.assert_screen, "refute_screen": t.refute_screen, "golden": t.golden}
    try:
        if verb == "screen":
            sys.stdout.write(t.screen())
        elif verb == "resize":
            t.resize(*map(int, words[0].split("x")))
        elif verb == "wait_end":
            print(t.wait_end(*map(float, words)))
        elif verb in ("wait_for", "wait_gone"):
            verbs[verb](words[0], *map(float, words[1:]))
        elif verb in verbs:
            verbs[verb](*words)
        else:
            sys.exit(USAGE)
    except (AssertionError, Failed) as why:
        print(why, file=sys.stderr)
        return 1
    return 0
