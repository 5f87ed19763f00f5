# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the hostile servers that IMAP and SMTP share: sockets, TLS, recording, and the attacks on a stream."""

import base64
import os
import socket
import ssl
import threading
import time
import warnings


class Gone(Exception):
    """The client went away, or this session is over."""


class Cut(Exception):
    """The scenario ends the connection here, without a word."""


def server_context(cert, key, tls11=False):
    """A context for the server's side; tls11: nothing above TLS 1.1."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if tls11:
        ctx.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            ctx.minimum_version = ssl.TLSVersion.TLSv1_1
            ctx.maximum_version = ssl.TLSVersion.TLSv1_1
    ctx.load_cert_chain(cert, key)
    return ctx


class Recorder:
    """What happened: every byte that clients sent (after TLS), and a log of events."""

    def __init__(self, transcript=None):
        self.received = bytearray()
        self.events = []
        self.path = transcript
        self.lock = threading.Lock()
        if transcript:
            open(transcript, "wb").close()
            open(transcript + ".log", "w").close()

    def bytes_in(self, data):
        with self.lock:
            self.received += data
            if self.path:
                with open(self.path, "ab") as out:
                    out.write(data)

    def event(self, text):
        with self.lock:
            self.events.append(text)
            if self.path:
                with open(self.path + ".log", "a") as out:
                    out.write(text + "\n")


class Session:
    """One connection of a client."""

    def __init__(self, sock, server, number):
        self.sock = sock
        self.server = server
        self.number = number
        self.tls = False
        self.buffer = b""
        self.lines_out = 0
        self.rate = server.options.get("rate", 0)  # bytes a second, 0: as fast as it goes
        sock.settimeout(server.options.get("patience", 60))

    # -- reading ------------------------------------------------------------------------------------------------

    def recv(self, size):
        """Before STARTTLS nothing may be read ahead, or the client's hello would get lost in our buffer."""
        if self.server.may_upgrade and not self.tls:
            size = 1
        try:
            data = self.sock.recv(size)
        except (OSError, ValueError) as why:
            self.server.record.event("%d read: %s" % (self.number, why))
            raise Gone from None
        if not data:
            self.server.record.event("%d closed by the client" % self.number)
            raise Gone
        self.server.record.bytes_in(data)
        return data

    def line(self):
        """One line of the client without its end. Lines above 1 MB end the session."""
        while b"\n" not in self.buffer:
            if len(self.buffer) > 1 << 20:
                raise Gone
            self.buffer += self.recv(65536)
        line, _, self.buffer = self.buffer.partition(b"\n")
        line = line[:-1] if line.endswith(b"\r") else line
        self.server.record.event("%d C: %s" % (self.number, line.decode("ascii", "backslashreplace")[:500]))
        return line

    def exactly(self, size):
        while len(self.buffer) < size:
            self.buffer += self.recv(65536)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    # -- writing ------------------------------------------------------------------------------------------------

    def send(self, data):
        if isinstance(data, str):
            data = data.encode("latin-1")
        self.lines_out += data.count(b"\n")
        cut_after = self.server.options.get("cut_after")
        if cut_after and self.lines_out >= cut_after:
            keep = b"\n".join(data.split(b"\n")[:max(1, cut_after - self.lines_out + data.count(b"\n"))])
            self.raw(keep[:max(1, len(keep) // 2)])
            raise Cut
        self.raw(data)

    def raw(self, data):
        """To the wire as it stands, at the session's speed."""
        self.server.record.event("%d S: %s" % (self.number, data[:120].decode("ascii", "backslashreplace").strip()))
        try:
            if not self.rate:
                self.sock.sendall(data)
                return
            step = max(1, self.rate // 20)
            for at in range(0, len(data), step):
                self.sock.sendall(data[at:at + step])
                time.sleep(step / self.rate)
        except (OSError, ValueError) as why:
            self.server.record.event("%d write: %s" % (self.number, why))
            raise Gone from None

    def endless(self, piece):
        """The same piece until the client gives up, or until a limit that no sane client reaches."""
        limit, sent, end = self.server.options.get("limit", 256 << 20), 0, time.monotonic() + 30
        try:
            while sent < limit and time.monotonic() < end:
                self.sock.sendall(piece)
                sent += len(piece)
            self.server.record.event("%d endless: the client took all %d bytes" % (self.number, sent))
        except (OSError, ValueError):
            self.server.record.event("%d endless: the client gave up after %d bytes" % (self.number, sent))
        raise Cut

    def hang(self):
        """Listen and say nothing any more."""
        while True:
            self.recv(65536)

    def start_tls(self):
        """The server's side of the handshake. Raises Gone when the client refuses."""
        try:
            self.sock = self.server.context.wrap_socket(self.sock, server_side=True)
        except (OSError, ValueError) as why:
            self.server.record.event("%d tls refused: %s" % (self.number, why))
            raise Gone from None
        self.tls = True
        self.server.record.event("%d tls %s" % (self.number, self.sock.version()))


class Server:
    """Plays one scenario on a port of loopback until close().

    cert, key: files. decoy: a second port where nobody should ever call (referrals point there).
    """

    def __init__(self, scenario, cert, key, transcript=None, **options):
        self.scenario = scenario
        self.options = {**scenario.options, **options}
        self.record = Recorder(transcript)
        self.context = server_context(cert, key, self.options.get("tls11", False))
        self.mode = self.options.get("tls", "implicit")
        self.may_upgrade = self.mode == "starttls"
        self.listener = socket.create_server(("127.0.0.1", self.options.get("port", 0)))
        self.decoy = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.decoy_port = self.decoy.getsockname()[1]
        self.count = 0
        self.open = set()
        self.closing = False
        for sock, work in ((self.listener, self.serve), (self.decoy, self.trap)):
            threading.Thread(target=self.accept, args=(sock, work), daemon=True).start()

    def accept(self, listener, work):
        while not self.closing:
            try:
                sock = listener.accept()[0]
            except OSError:
                return
            self.count += 1
            self.open.add(sock)
            threading.Thread(target=work, args=(sock, self.count), daemon=True).start()

    def trap(self, sock, number):
        self.record.event("%d DECOY connected" % number)
        sock.close()

    def serve(self, sock, number):
        self.record.event("%d connected" % number)
        try:
            session = Session(sock, self, number)
        except OSError:  # closed again meanwhile
            return
        try:
            if self.mode == "implicit":
                session.start_tls()
            self.scenario.talker(session).run()
        except (Gone, Cut):
            pass
        finally:
            self.record.event("%d over" % number)
            self.open.discard(sock)
            try:
                session.sock.close()
            except OSError:
                pass

    def strikes(self):
        """Whether the attack happens this time. Options: skip (let it pass so many times first, to put a failure into the
        middle of a session), times (be honest after so many strikes)."""
        if self.options.get("skip", 0):
            self.options["skip"] -= 1
            return False
        if self.options.get("times") is not None:
            self.options["times"] -= 1
            return self.options["times"] >= 0
        return True

    # -- for tests ----------------------------------------------------------------------------------------------

    @property
    def received(self):
        return bytes(self.record.received)

    def said(self, text):
        """True when an event holds that text."""
        return any(text in event for event in self.record.events)

    def wait_for(self, text, seconds=10):
        """Wait until an event holds that text; False when it does not come."""
        end = time.monotonic() + seconds
        while not self.said(text):
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def close(self):
        self.closing = True
        for sock in (self.listener, self.decoy, *self.open):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def leaked(received, *secrets):
    """Which of these secrets (passwords, user names) a transcript holds, in the clear or inside base64."""
    found = []
    texts = [received]
    for word in received.replace(b"\r", b" ").replace(b"\n", b" ").split():
        try:
            texts.append(base64.b64decode(word, validate=True))
        except ValueError:
            pass
    for secret in secrets:
        raw = secret.encode() if isinstance(secret, str) else secret
        quoted = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        if any(raw in text or quoted in text for text in texts):
            found.append(secret)
    return found


def write_port(path, port):
    """Tell the port at once and whole."""
    with open(path + ".new", "w") as out:
        out.write("%d\n" % port)
    os.replace(path + ".new", path)
