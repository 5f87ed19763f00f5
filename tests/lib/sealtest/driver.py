# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the tests that speak our own messages for a script: a command a line in, lines out up to one that begins with "= ".

netdrive plays supervisor and engine to the real net, doordrive is a client of the real engine.
"""

import os
import select
import shlex
import subprocess
import urllib.parse

from . import util


class Answer:
    """What one command brought: its lines and its closing status."""

    def __init__(self, lines):
        self.lines = lines[:-1]
        self.status = lines[-1][2:] if lines else "EOF"

    def find(self, start):
        """The lines that begin with this word."""
        return [line for line in self.lines if line.split(" ", 1)[0] == start]

    def value(self, start, key):
        """The value of key= in the first such line."""
        for word in self.find(start)[0].split(" "):
            if word.startswith(key + "="):
                return word[len(key) + 1:]
        raise KeyError(key)

    def __repr__(self):
        return "%s\n%s" % (self.status, "\n".join(self.lines))


def build(name, rooms=("base",), libraries=("-lseccomp", "-lcrypto")):
    """Compile tests/lib/NAME.c against the archives of the build; its path."""
    where = os.environ["SEALPOST_BUILD"]
    program = os.path.join(where, "check", name)
    archives = [os.path.join(where, "lib", "lib%s.a" % room) for room in rooms]
    sources = [os.path.join(util.LIB, name + ".c"), os.path.join(util.LIB, "drive.h"), *archives]
    if not os.path.exists(program) or any(os.path.getmtime(s) > os.path.getmtime(program) for s in sources):
        os.makedirs(os.path.dirname(program), exist_ok=True)
        flags = []
        with open(os.path.join(where, "Makefile")) as makefile:
            for line in makefile:
                if line.startswith(("CFLAGS =", "LDFLAGS =")):
                    flags += [f for f in shlex.split(line.split("=", 1)[1]) if f.startswith("-fsanitize")]
        cc = shlex.split(os.environ.get("CC", "cc"))
        scratch = "%s.%d" % (program, os.getpid())
        util.run([*cc, "-std=gnu17", "-D_GNU_SOURCE", "-g", "-Wall", *flags, "-I", os.path.join(util.ROOT, "src"), "-I", util.ROOT, "-I", where,
                  "-o", scratch, sources[0], "-Wl,--start-group", *archives, "-Wl,--end-group", *libraries])
        os.replace(scratch, program)
    return program


def build_library(name):
    """Compile tests/lib/NAME.c as a library for LD_PRELOAD; its path."""
    library = os.path.join(os.environ["SEALPOST_BUILD"], "check", name + ".so")
    cc = shlex.split(os.environ.get("CC", "cc"))
    util.run([*cc, "-D_GNU_SOURCE", "-O1", "-Wall", "-shared", "-fPIC", "-o", library, os.path.join(util.LIB, name + ".c"), "-ldl"])
    return library


class Driver:
    """One such program, running."""

    def __init__(self, argv, env, errors=None):
        """errors: a file that gets what it says to its standard error."""
        with open(errors or "/dev/stderr", "ab") as err:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, env=env, bufsize=0)
        util.at_end(self.kill)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def close(self):
        """End it; its exit status."""
        if self.process.poll() is None and self.process.stdin:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process.stdout.close()
        return self.process.returncode

    def read(self, timeout=70):
        lines = []
        while True:
            line, newline, rest = self.buffer.partition(b"\n")
            if newline:
                self.buffer = rest
                lines.append(line.decode(errors="replace"))
                if line.startswith(b"= "):
                    return Answer(lines)
                continue
            if not select.select([self.process.stdout], [], [], timeout)[0]:
                return Answer(lines + ["= SILENCE"])
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return Answer(lines + ["= EOF"])
            self.buffer += more

    def write(self, *words):
        quoted = [urllib.parse.quote(str(w).encode(), safe="=,:@/.*<>\"$()&!'+-_") or "%00" for w in words]
        self.process.stdin.write((" ".join(quoted) + "\n").encode())

    def __call__(self, *words):
        self.write(*words)
        return self.read()
