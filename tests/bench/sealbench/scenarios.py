# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured of one client with one corpus. Every function takes a Run and adds to its results."""

import statistics
import threading
import time

from sealtest.util import Failed, wait_until

from .server import Changes, Line
from .terminal import cpu_seconds, proportional

SCREEN = 30          # so many of the newest messages make a first screen
WAIT = 60


class Run:
    """One client on one server with `count` messages. rounds: how often what is cheap is repeated."""

    def __init__(self, client, server, count, results, rounds, moves):
        self.client, self.server, self.count, self.results = client, server, count, results
        self.rounds = rounds
        self.moves = min(moves, count // 50)     # no page beyond the end: nothing would be painted
        self.low = "%07d" % (count - SCREEN)     # stands on the first screen
        self.top = "%07d" % count

    def times(self, what, values, most=None):
        self.results.times(what, self.count, self.client.name, values, most)

    def add(self, what, value, unit):
        self.results.add(what, self.count, self.client.name, value, unit)

    def start(self):
        """The running client with its first screen: (terminal, seconds that took)."""
        terminal = self.client.run()
        terminal.start()
        self.client.begin(terminal)
        return terminal, terminal.wait(self.low, WAIT) - terminal.began

    def ready(self):
        terminal, _ = self.start()
        self.client.ready(terminal)
        return terminal

    def to_top(self, terminal):
        terminal.send(self.client.first)
        terminal.wait(self.top)
        terminal.settle(0.1, 5)


# ---- starting ----------------------------------------------------------------------------------------------------

def cold(run):
    """Without anything cached: to the first screen, to the last header stored, what that cost."""
    firsts, whole, cpu = [], [], []
    for _ in range(run.rounds):
        run.client.forget()
        terminal, first = run.start()
        with terminal:
            firsts.append(first)
            done = run.client.synced(terminal, run.count)
            if done:
                whole.append(done - terminal.began)
            cpu.append(cpu_seconds(run.client.family(terminal)))
            run.client.leave(terminal)
    run.times("cold start to the first screen", firsts)
    run.times("cold start to all headers", whole)
    run.add("processor time of that", statistics.median(cpu), "s")


def warm(run):
    """With what the last run left."""
    for state in run.client.states:
        firsts = []
        for _ in range(run.rounds + 2):
            if state == "stopped":
                run.client.stop()
            terminal, first = run.start()
            with terminal:
                firsts.append(first)
                run.client.ready(terminal)
                run.client.leave(terminal)
        run.times("warm start" + (", engine running" if state == "running" else ""), firsts)


def far(run, milliseconds):
    """The same with a line that takes that long for a round trip; and a message that is not in any cache."""
    with Line(run.server.imaps_port, milliseconds) as line:
        run.client.port = line.port
        try:
            colds, warms, opens = [], [], []
            for i in range(max(1, run.rounds - 2)):
                run.client.forget()
                terminal, first = run.start()
                with terminal:
                    colds.append(first)
                    run.client.synced(terminal, run.count)
                    run.client.ready(terminal)
                    for _ in range(7):
                        terminal.press(run.client.page_down, 1, 50, 3000)
                    terminal.settle(0.5, 5)
                    opens.append(terminal.until(run.client.open, run.client.message_shown))
                    terminal.settle(0.2, 5)
                    terminal.send(run.client.back)
                    terminal.settle(0.2, 5)
                    run.client.leave(terminal)
                run.client.stop()
                terminal, first = run.start()
                with terminal:
                    warms.append(first)
                    run.client.ready(terminal)
                    run.client.leave(terminal)
            run.times("%d ms away: cold start" % milliseconds, colds)
            run.times("%d ms away: warm start" % milliseconds, warms)
            run.times("%d ms away: open an old message" % milliseconds, opens)
        finally:
            run.client.stop()
            run.client.port = run.server.imaps_port


# ---- moving about ------------------------------------------------------------------------------------------------

def moves(run):
    with run.ready() as terminal:
        terminal.settle(0.5)
        run.client.quiet(terminal)
        run.to_top(terminal)
        down = terminal.press(run.client.down, run.moves)
        page = terminal.press(run.client.page_down, run.moves)
        run.times("cursor down", [p.last for p in down], 99)
        run.times("page down", [p.last for p in page], 99)
        run.add("bytes to the terminal in %d moves" % (2 * run.moves), sum(p.bytes for p in down + page), "bytes")
        run.to_top(terminal)
        with Changes(run.server, run.count) as changes:
            wait_until(lambda: changes.done > 5, 10, "changes on the server")
            busy = terminal.press(run.client.down, (run.moves + 1) // 2, quiet=30, most=1000, by_row=True)
        run.times("cursor down while mail changes", [p.last for p in busy], 99)
        run.client.leave(terminal)


def news(run):
    """From the end of the delivery to the screen."""
    times = []
    with run.ready() as terminal:
        run.client.quiet(terminal)
        run.to_top(terminal)
        for i in range(run.rounds):
            subject = "news-%d-%s" % (i, run.client.name)
            run.server.deliver(subject)
            delivered = time.monotonic()
            try:
                times.append(terminal.wait(subject, 40) - delivered)
            except Failed:
                run.results.note("%s shows no new mail within 40 s" % run.client.name)
                break
        run.client.leave(terminal)
    box = run.server.imap()
    box.select("INBOX")
    box.store("%d:*" % (run.count + 1), "+FLAGS.SILENT", "\\Deleted")
    box.expunge()
    box.logout()
    run.times("new mail on the screen", times)


# ---- messages ----------------------------------------------------------------------------------------------------

def opening(run):
    """Special messages: the newest has an attachment, the one below is large, the third small. First screen of each."""
    with run.ready() as terminal:
        run.client.quiet(terminal)
        run.to_top(terminal)
        for what, text in (("5 MB attachment", "attached-first"), ("5 MB text", "large-first"), ("6 KB message", "small-first")):
            times = []
            for i in range(run.rounds + 1):
                took = terminal.until(run.client.open, text, 30)
                if i or not run.client.warm_cache:
                    times.append(took)
                terminal.settle(0.1, 5)
                terminal.send(run.client.back)
                terminal.wait(run.low)
                terminal.settle(0.1, 5)
                run.client.back_again(terminal)
            run.times("open a " + what, times)
            terminal.press(run.client.down)
        run.client.leave(terminal)


def bodies(run):
    """Everything with its text, into the store and the index, by the command that does it."""
    run.client.forget()
    took = run.client.fetch_bodies()
    if took:
        run.times("all messages with their bodies stored", took[:1])
        run.times("all texts in the index", took[1:])


def search(run):
    for what, pattern, word in (("subject", run.client.search_subject, "heron"), ("full text", run.client.search_body, "quagmire")):
        if not pattern:
            continue
        times = []
        for _ in range(run.rounds):
            with run.ready() as terminal:
                run.client.quiet(terminal)
                run.to_top(terminal)
                try:
                    times.append(run.client.find(terminal, pattern, word, run.count))
                except Failed as why:
                    run.results.note("%s: %s search failed: %s" % (run.client.name, what, str(why).split("\n")[0]))
                    break
                run.client.leave_search(terminal)
                run.client.leave(terminal)
        run.times(what + " search", times)


# ---- what it costs -----------------------------------------------------------------------------------------------

class Sampler:
    """The most memory that a client's processes had, looked at twenty times a second."""

    def __init__(self, client, terminal):
        self.client, self.terminal, self.peak = client, terminal, 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def work(self):
        while not self.ending.wait(0.05):
            try:
                self.peak = max(self.peak, proportional(self.client.family(self.terminal)))
            except OSError:
                pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()


def memory(run):
    """A run of its own, because looking takes time: cold start, all headers, moves, large messages; counted bytes on the wire."""
    run.client.forget()
    with Line(run.server.imaps_port) as line:
        run.client.port = line.port
        try:
            terminal, _ = run.start()
            with terminal, Sampler(run.client, terminal) as sampler:
                run.client.synced(terminal, run.count)
                terminal.settle(1)
                run.add("memory after the first synchronisation", proportional(run.client.family(terminal)) / 1e6, "MB")
                run.client.ready(terminal)
                terminal.press(run.client.page_down, 30)
                run.to_top(terminal)
                for _ in range(3):
                    terminal.send(run.client.open)
                    terminal.wait("first-line")
                    terminal.settle(0.2, 5)
                    terminal.send(run.client.back)
                    terminal.wait(run.low)
                    run.client.back_again(terminal)
                    terminal.press(run.client.down)
                run.client.leave(terminal)
            run.add("memory at the peak", sampler.peak / 1e6, "MB")
            run.client.stop()
            run.add("bytes on the wire in that run", line.counts()["down"], "bytes")
        finally:
            run.client.stop()
            run.client.port = run.server.imaps_port


def empty(run):
    """Start, screen, quit: a local mailbox with nothing in it."""
    times = []
    for _ in range(run.rounds + 2):
        terminal = run.client.run_local()
        if not terminal:
            return
        with terminal:
            terminal.start()
            terminal.wait(run.client.local_shown)
            terminal.send(run.client.quit)
            times.append(terminal.wait_end() - terminal.began)
        run.client.stop_local()
    run.times("start to quit, empty local mailbox", times)
