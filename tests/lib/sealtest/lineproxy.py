# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy that sees every protocol line of IMAP and SMTP inside TLS, and strikes at one of them.

    with LineProxy(servers) as line:
        profile.account("work", servers, **line.account("alice"))
        line.arm("cut-before", 17)     # the 18th line from now on, of all connections together
        ... line.struck                # None, or what was struck, as text

It speaks TLS with the client (with the test authority's certificate) and passes lines on to the real servers. What counts as a line: a
line, an IMAP literal, the text of a message that SMTP transmits; from either side. Afterwards the line is good again.

Kinds of trouble: cut-before (nothing of the line gets through), cut-middle (half of it does), cut-after (the server got all of it and had
time to obey; the client hears no more), stall (this connection is silent from that line on, until the client ends it), garble (other bytes
come instead, of the same length; never inside a literal, because no client can know what was in there).
"""

import asyncio
import random
import re
import ssl
import threading

from .servers import HOSTS
from .util import at_end

KINDS = ("cut-before", "cut-middle", "cut-after", "stall", "garble")
LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n\Z")
LIMIT = 1 << 26
OBEY_S = 0.03  # what a server on loopback needs to obey a command whose answer nobody will hear


class Broken(Exception):
    """This connection ends now."""


class Connection:
    """One client and its server."""

    def __init__(self, owner, protocol, client, server):
        self.owner, self.protocol = owner, protocol
        self.client, self.server = client, server  # (reader, writer) each
        self.stalled = False
        self.data = False     # SMTP: the client sends a message

    async def run(self):
        pumps = [asyncio.ensure_future(self.pump(False, self.client[0], self.server[1])),
                 asyncio.ensure_future(self.pump(True, self.server[0], self.client[1]))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    async def pump(self, down, source, sink):
        """down: from the server."""
        try:
            while True:
                line = await source.readuntil(b"\r\n")
                if self.data and not down:
                    await self.message(line, source, sink)
                    continue
                if down:
                    line = line.replace(b"COMPRESS=DEFLATE", b"XCOMPRESS-HIDDEN")  # else the lines could not be seen
                await self.unit(down, line, sink)
                literal = self.protocol == "imap" and LITERAL.search(line)
                if literal:
                    await self.unit(down, await source.readexactly(int(literal.group(1))), sink, literal=True)
                if self.protocol == "smtp" and down and line.startswith(b"354"):
                    self.data = True
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, OSError, Broken):
            pass

    async def message(self, first, source, sink):
        """RFC 5321 section 4.5.2: everything up to the line with the dot alone."""
        rest = b"" if first == b".\r\n" else await source.readuntil(b"\r\n.\r\n")
        whole = first + rest
        if whole != b".\r\n":
            await self.unit(False, whole[:-3], sink, literal=True)
        self.data = False
        await self.unit(False, b".\r\n", sink)

    async def unit(self, down, what, sink, literal=False):
        if self.stalled:
            return
        kind = self.owner.next_kind(self.protocol, down, what, literal)
        if kind == "stall":
            self.stalled = True
            return
        if kind == "cut-before":
            raise Broken
        if kind == "cut-middle":
            what = what[:len(what) // 2]
        if kind == "garble":
            what = bytes(b ^ self.owner.random.randrange(1, 256) if b not in b"\r\n" else b for b in what).replace(b"\n", b"?") + b"\r\n" \
                if not literal else what
        sink.write(what)
        await sink.drain()
        if kind == "cut-middle":
            await asyncio.sleep(0.002)  # it leaves the buffers
            raise Broken
        if kind == "cut-after":
            await asyncio.sleep(OBEY_S)
            raise Broken


class LineProxy:
    def __init__(self, servers, seed=0):
        self.servers = servers
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.count, self.at, self.kind, self.struck = 0, None, None, None
        self.record = None
        self.refusing = False  # new connections are ended at once
        self.open = set()
        self.connections = set()
        self.loop = asyncio.new_event_loop()
        self.ports = {}
        ready = threading.Event()
        self.thread = threading.Thread(target=self.main, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait(10)
        at_end(self.close)

    # -- the thread of the connections ------------------------------------------------------------------------------

    def main(self, ready):
        asyncio.set_event_loop(self.loop)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.servers.path("tls", "server.chain"), self.servers.path("tls", "server.key"))
        for protocol in ("imap", "smtp"):
            def accept(reader, writer, protocol=protocol):
                return self.serve(protocol, reader, writer)
            server = self.loop.run_until_complete(asyncio.start_server(accept, "127.0.0.1", 0, ssl=context, limit=LIMIT, ssl_handshake_timeout=10))
            self.ports[protocol] = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def serve(self, protocol, reader, writer):
        server = (None, None)
        self.open.add(writer)
        try:
            if self.refusing:
                return
            if protocol == "imap":
                server = await asyncio.open_connection(HOSTS["INSECURE"], self.servers.insecure_port, limit=LIMIT)
            else:
                server = await asyncio.open_connection("127.0.0.1", self.servers.smtps_port, ssl=self.servers.client_context(), limit=LIMIT)
            connection = Connection(self, protocol, (reader, writer), server)
            self.connections.add(connection)
            try:
                await connection.run()
            finally:
                self.connections.discard(connection)
        except (OSError, ssl.SSLError):
            pass
        finally:
            self.open.discard(writer)
            for end in (writer, server[1]):
                if end is not None:
                    end.transport.abort()

    def next_kind(self, protocol, down, what, literal):
        """Counts one line; the trouble that is due at it, or None."""
        with self.lock:
            at, self.count = self.count, self.count + 1
            if self.record is not None or at == self.at:
                words = "%d %s %s %s%.80r" % (at, protocol, "S" if down else "C", "literal " if literal else "", what)
            if self.record is not None:
                self.record.append(words)
            if at != self.at:
                return None
            self.struck = words
            return self.kind

    # -- for the test -------------------------------------------------------------------------------------------------

    def arm(self, kind=None, at=None):
        """From now on lines are counted from 0; trouble of that kind strikes at line `at`."""
        with self.lock:
            self.count, self.kind, self.at, self.struck = 0, kind, at, None

    def learn(self):
        """Begin to write down every line; the list grows."""
        self.arm()
        self.record = []
        return self.record

    def cut(self):
        """Cut every connection that is open now."""
        def all_of_them():
            for writer in list(self.open):
                writer.transport.abort()
        self.loop.call_soon_threadsafe(all_of_them)

    def freeze(self):
        """The connections that are open now fall silent for good, as after a sleep or a change of the network; new ones are good."""
        def all_of_them():
            for connection in list(self.connections):
                connection.stalled = True
        self.loop.call_soon_threadsafe(all_of_them)

    def account(self, user):
        """Options for Profile.account."""
        return {"imap": "imaps://%s@127.0.0.1:%d" % (user, self.ports["imap"]), "smtp": "smtps://%s@127.0.0.1:%d" % (user, self.ports["smtp"])}

    def close(self):
        if self.loop.is_running():
            def end():
                for task in asyncio.all_tasks(self.loop):
                    task.cancel()
                self.loop.call_later(0.02, self.loop.stop)
            self.loop.call_soon_threadsafe(end)
            self.thread.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
