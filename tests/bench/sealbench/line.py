# SPDX-License-Identifier: GPL-3.0-or-later
"""line.py PORT ROUND_TRIP_MS: a TCP line to 127.0.0.1:PORT that takes half of the time each way (whatever the amount: it delays,
it does not narrow). Prints its own port as JSON; "counts" on standard input is answered with what passed since the last time."""

import asyncio
import collections
import json
import socket
import sys

counts = {"down": 0, "up": 0, "connections": 0}


async def carry(reader, writer, delay, key):
    """Everything from reader to writer, each piece `delay` seconds after it came."""
    loop = asyncio.get_running_loop()
    queue, more, ended = collections.deque(), asyncio.Event(), False

    async def deliver():
        while queue or not ended:
            while not queue:
                if ended:
                    return
                more.clear()
                await more.wait()
            at, data = queue.popleft()
            pause = at - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            writer.write(data)
            await writer.drain()

    task = asyncio.ensure_future(deliver())
    try:
        while True:
            data = await reader.read(262144)
            if not data:
                break
            counts[key] += len(data)
            if delay:
                queue.append((loop.time() + delay, data))
                more.set()
            else:
                writer.write(data)
                await writer.drain()
    except OSError:
        pass
    ended = True
    more.set()
    try:
        await task
        writer.close()
    except OSError:
        pass


async def main(port, round_trip_ms):
    delay = round_trip_ms / 2000

    async def serve(reader, writer):
        counts["connections"] += 1
        if delay:
            await asyncio.sleep(2 * delay)  # TCP's own round trip
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
        for w in (writer, other_writer):
            w.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(carry(reader, other_writer, delay, "up"), carry(other_reader, writer, delay, "down"))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while await commands.readline():
        print(json.dumps(counts), flush=True)
        for key in counts:
            counts[key] = 0


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
