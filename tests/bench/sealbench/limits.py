# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody can beat: a bare ncurses program, and a connection that reads headers and throws them away."""

import os
import time

from .results import LIMIT
from .terminal import Terminal

FIELDS = b"DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE"


def bare(count, found, programs, moves):
    with Terminal([os.path.join(programs, "bare"), str(count)], {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}, os.path.join(programs, "ptydrive")) as t:
        t.start()
        t.wait("%07d" % (count - 30))
        down = t.press("j", moves)
        page = t.press("\x06", moves)
        t.send("q")
        t.wait_end()
        found.times("cursor down", count, LIMIT, [p.last for p in down], 99)
        found.times("page down", count, LIMIT, [p.last for p in page], 99)
        found.add("bytes to the terminal in %d moves" % (2 * moves), count, LIMIT, sum(p.bytes for p in down + page), "bytes")
    starts = []
    for _ in range(5):
        with Terminal([os.path.join(programs, "bare"), "0"], {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}, os.path.join(programs, "ptydrive")) as t:
            t.start()
            t.wait("q:Quit")
            t.send("q")
            starts.append(t.wait_end() - t.began)
    found.times("start to quit, empty local mailbox", count, LIMIT, starts)


def raw(server, count, found):
    """All headers as a client needs them, in one command, read as fast as they come."""
    took = []
    for _ in range(3):
        box = server.imap()
        box.select("INBOX", readonly=True)
        sock = box.socket()
        began = time.monotonic()
        sock.sendall(b"X1 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (%s)])\r\n" % FIELDS)
        end, size = b"", 0
        while b"X1 OK" not in end:
            data = sock.recv(262144)
            if not data:
                raise OSError("the server ended the connection")
            size += len(data)
            end = end[-200:] + data[-200:]
        took.append(time.monotonic() - began)
        sock.close()
    found.add("cold start to all headers", count, LIMIT, min(took) * 1000, "ms")
    found.add("headers read by a raw connection", count, LIMIT, count / min(took), "messages/s")
    found.add("bytes on the wire in that run", count, LIMIT, size, "bytes")


def measure(server, count, found, programs, moves):
    bare(count, found, programs, moves)
    raw(server, count, found)
