# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in the measuring terminal (../ptydrive.c). Times are seconds."""

import os
import subprocess

from sealtest.util import Failed, at_end, children, end_process, read

WIDTH, HEIGHT = 120, 40


def keys(text):
    return text.encode().hex()


class Press:
    """What one key did: first, last: seconds to the first byte and to the last change of the screen; None: nothing changed."""

    def __init__(self, text):
        first, last, size, changed = text.split(",")
        self.first = int(first) / 1e6 if int(first) >= 0 else None
        self.last = int(last) / 1e6 if int(changed) else None
        self.bytes = int(size)


class Terminal:
    def __init__(self, argv, env, driver, cwd=None):
        self.errors = subprocess.DEVNULL
        self.process = subprocess.Popen([driver, "%dx%d" % (WIDTH, HEIGHT), *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**env, "TERM": "xterm-256color"}, cwd=cwd, text=True)
        at_end(self.close)
        self.pid = None

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] not in ("ok", "late", "end"):
            raise Failed("the measuring terminal says %r to %r" % (answer, line))
        return answer

    def start(self):
        """Starts the program. Returns the time."""
        answer = self.ask("start")
        self.pid = int(answer[2])
        self.began = int(answer[1]) / 1e6
        return self.began

    def wait(self, regex, seconds=30, verb="wait"):
        """Waits for text on the screen (a POSIX extended expression). Returns when the bytes came that completed it."""
        answer = self.ask("%s %d %s" % (verb, seconds * 1000, regex))
        if answer[0] != "ok":
            raise Failed("%s not within %g s: %s\n%s" % (verb, seconds, regex, self.screen()))
        return int(answer[1]) / 1e6

    def gone(self, regex, seconds=30):
        return self.wait(regex, seconds, "gone")

    def send(self, text):
        """Presses keys. Returns the time."""
        return int(self.ask("send " + keys(text))[1]) / 1e6

    def until(self, text, regex, seconds=30):
        """Presses keys and returns the seconds until the screen shows that."""
        began = self.send(text)
        return self.wait(regex, seconds) - began

    def press(self, text, count=1, quiet=30, most=2000, by_row=False):
        """The same keys COUNT times, each followed by QUIET milliseconds without output. Returns a list of Press."""
        return [Press(word) for word in self.ask("keys %s %d %d %d%s" % (keys(text), count, quiet, most, " sel" if by_row else ""))[1:]]

    def settle(self, quiet=0.3, most=20):
        return int(self.ask("settle %d %d" % (quiet * 1000, most * 1000))[1]) / 1e6

    def bytes(self):
        return int(self.ask("bytes")[1])

    def screen(self):
        self.process.stdin.write("screen\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == ".\n":
                break
            lines.append(line)
        return "".join(lines)

    def wait_end(self, seconds=20):
        """Returns the time at which the program had ended."""
        answer = self.ask("end %d" % (seconds * 1000))
        if answer[0] != "ok":
            raise Failed("the program does not end\n" + self.screen())
        return int(answer[1]) / 1e6

    def family(self):
        """Ids of the program and of everything below it."""
        return [self.pid, *children(self.pid)] if self.pid else []

    def close(self):
        if self.process.poll() is None:
            family = self.family()
            self.process.stdin.close()
            end_process(self.process.pid, 2)
            self.process.wait()
            for pid in family:
                end_process(pid, 2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def proportional(pids):
    """Bytes of memory that these processes occupy, pages that several share divided between them (PSS)."""
    total = 0
    for pid in pids:
        try:
            for line in read("/proc/%d/smaps_rollup" % pid).splitlines():
                if line.startswith(b"Pss:"):
                    total += int(line.split()[1]) * 1024
        except (OSError, ProcessLookupError):
            pass
    return total


def cpu_seconds(pids):
    """Seconds that these processes and their ended children took."""
    ticks = 0
    for pid in pids:
        try:
            fields = read("/proc/%d/stat" % pid).rpartition(b")")[2].split()
            ticks += sum(map(int, fields[11:15]))
        except OSError:
            pass
    return ticks / os.sysconf("SC_CLK_TCK")
