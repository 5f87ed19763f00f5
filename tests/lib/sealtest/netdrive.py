# SPDX-License-Identifier: GPL-3.0-or-later
"""The real sealpost-net with a driver in place of supervisor and engine (tests/lib/netdrive.c).

    with netdrive.Net() as net:
        answer = net.connect(0, "127.0.0.1", port, "tls", user="alice", password="...", ca=path)
        assert answer.status == "OK"
"""

import os

from . import util
from .driver import Answer, Driver, build  # noqa: F401


class Net(Driver):
    def __init__(self, env=None):
        libexec = os.environ.get("SEALPOST_LIBEXEC") or os.path.join(os.environ["SEALPOST_BUILD"], "libexec")
        super().__init__([build("netdrive"), os.path.join(libexec, "sealpost-net")], {**os.environ, **(env or {})})
        start = self.read()
        if start.status != "OK":
            raise util.Failed("sealpost-net did not start: %r" % start)
        self.pid = int(start.lines[0].split()[1])

    def __call__(self, *words):
        answer = super().__call__(*words)
        if words[0] == "stop":
            answer.lines.append(self.read_line())
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
