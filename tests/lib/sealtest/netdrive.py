# SPDX-License-Identifier: GPL-3.0-or-later
"""The real sealpost-net with a driver in place of supervisor and engine (tests/lib/netdrive.c).

    with netdrive.Net() as net:
        answer = net.connect(0, "127.0.0.1", port, "tls", user="alice", password="...", ca=path)
        assert answer.status == "OK"
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


def build():
    """Compile the driver against the archives of the build; its path."""
    where = os.environ["SEALPOST_BUILD"]
    program = os.path.join(where, "check", "netdrive")
    sources = [os.path.join(util.LIB, "netdrive.c"), os.path.join(where, "lib", "libbase.a")]
    if not os.path.exists(program) or any(os.path.getmtime(s) > os.path.getmtime(program) for s in sources):
        os.makedirs(os.path.dirname(program), exist_ok=True)
        flags = []
        with open(os.path.join(where, "Makefile")) as makefile:
            for line in makefile:
                if line.startswith(("CFLAGS =", "LDFLAGS =")):
                    flags += [f for f in shlex.split(line.split("=", 1)[1]) if f.startswith("-fsanitize")]
        cc = shlex.split(os.environ.get("CC", "cc"))
        scratch = "%s.%d" % (program, os.getpid())
        util.run([*cc, "-std=gnu17", "-D_GNU_SOURCE", "-g", *flags, "-I", os.path.join(util.ROOT, "src"), "-I", where, "-o", scratch, *sources,
                  "-lseccomp", "-lcrypto"])
        os.replace(scratch, program)
    return program


class Net:
    def __init__(self, env=None):
        libexec = os.environ.get("SEALPOST_LIBEXEC") or os.path.join(os.environ["SEALPOST_BUILD"], "libexec")
        self.process = subprocess.Popen([build(), os.path.join(libexec, "sealpost-net")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, **(env or {})}, bufsize=0)
        util.at_end(self.kill)
        self.buffer = b""
        start = self.read()
        if start.status != "OK":
            raise util.Failed("sealpost-net did not start: %r" % start)
        self.pid = int(start.lines[0].split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def close(self):
        """End it; the exit status of sealpost-net."""
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

    def __call__(self, *words):
        quoted = [urllib.parse.quote(str(w).encode(), safe="=,:@/.*<>\"$()&!'+-_") or "%00" for w in words]
        self.process.stdin.write((" ".join(quoted) + "\n").encode())
        answer = self.read()
        if words[0] == "stop":
            tail = self.read_line()
            answer.lines.append(tail)
        return answer

    def read_line(self):
        while b"\n" not in self.buffer:
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return ""
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode(errors="replace")

    def connect(self, session, host, port, transport="tls", **options):
        return self("connect", session, host, port, transport, *("%s=%s" % pair for pair in options.items()))

    def send(self, host, port, transport, path, sender, recipients, **options):
        return self("smtp", host, port, transport, path, sender, ",".join(recipients), *("%s=%s" % pair for pair in options.items()))

    def alive(self):
        return self("ping").status == "OK"
