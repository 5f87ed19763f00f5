# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP proxy on loopback that is a bad line: it delays, stalls, or cuts after a number of bytes.

    with Proxy(servers.imaps_port) as line:
        profile.account("work", servers, imap="imaps://alice@127.0.0.1:%d" % line.port)
        line.cut_after = 5000        # bytes from the server, counted for each connection from now on; None: never
        line.delay = 0.05            # seconds each way
        line.down()                  # refuse and cut everything; line.up() ends that

It cannot look into TLS and does not need to.
"""

import select
import socket
import threading
import time

from .util import at_end


class Proxy:
    def __init__(self, port, host="127.0.0.1"):
        self.target = (host, port)
        self.cut_after = None
        self.delay = 0.0
        self.stalled = False
        self.connections = 0
        self.cuts = 0
        self.bytes_down = self.bytes_up = 0
        self.open = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.refusing = self.closing = False
        at_end(self.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.closing:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            if self.refusing:
                client.close()
                continue
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            server = socket.create_connection(self.target, 10)
        except OSError:
            client.close()
            return
        pair = {client: server, server: client}
        with self.lock:
            self.open.update(pair)
        from_server = 0
        try:
            while True:
                for sock in select.select(list(pair), [], [])[0]:
                    data = sock.recv(65536)
                    if not data:
                        return
                    if self.delay:
                        time.sleep(self.delay)
                    while self.stalled and not self.closing:
                        time.sleep(0.01)
                    if sock is server:
                        limit = self.cut_after
                        if limit is not None and from_server + len(data) >= limit:
                            client.sendall(data[:max(0, limit - from_server)])
                            self.cuts += 1
                            return
                        from_server += len(data)
                        self.bytes_down += len(data)
                    else:
                        self.bytes_up += len(data)
                    pair[sock].sendall(data)
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open.difference_update(pair)
            for sock in pair:
                sock.close()

    def cut(self):
        """Cut every connection that is open now."""
        with self.lock:
            for sock in self.open:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def down(self):
        self.refusing = True
        self.cut()

    def up(self):
        self.refusing = False

    def close(self):
        self.closing = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.cut()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
