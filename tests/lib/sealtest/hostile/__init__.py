# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripted IMAP and SMTP servers that misbehave in a named way and write down every byte that the client sent.

    with hostile.play("starttls-injected", "imap", ca_folder) as server:
        ... connect a client to server.port ...
        assert not hostile.leaked(server.received, "alice", "wonderland-1865")
"""

import argparse
import os
import sys
import time

from .core import Server, leaked, write_port
from .scenarios import SCENARIOS, Scenario

__all__ = ["SCENARIOS", "Server", "Scenario", "leaked", "main", "play"]


def play(name, proto, tls, transcript=None, cert=None, key=None, **options):
    """Start a scenario with the certificate that belongs to it; tls is a folder of sealtest.ca (or cert and key)."""
    scenario = Scenario(name, proto)
    base = os.path.join(tls, "server", options.pop("certificate", scenario.certificate)) if tls else ""
    return Server(scenario, cert or base + ".chain", key or base + ".key", transcript, **options)


def main(argv=None):
    """The command: see --help."""
    parser = argparse.ArgumentParser(description="Play a hostile IMAP or SMTP server on loopback.")
    parser.add_argument("--scenario", help="which; --list shows all")
    parser.add_argument("--proto", choices=sorted(SCENARIOS), default="imap")
    parser.add_argument("--cert", help="certificate chain (PEM)")
    parser.add_argument("--key", help="its key (PEM)")
    parser.add_argument("--ca", help="instead of both: a folder of tests/lib/ca; the scenario picks its certificate")
    parser.add_argument("--transcript", help="every byte the client sent; FILE.log has the events")
    parser.add_argument("--port-file", help="the port is written here when it listens; FILE.decoy has the decoy's")
    parser.add_argument("--at", help="the command at which the attack strikes")
    parser.add_argument("--skip", type=int, help="let that stage pass so many times first")
    parser.add_argument("--times", type=int, help="be honest after so many strikes")
    parser.add_argument("--cut-after", type=int, help="cut the connection after so many lines")
    parser.add_argument("--rate", type=int, help="bytes a second")
    parser.add_argument("--message", action="append", help="serve these messages (IMAP)")
    parser.add_argument("--mail-dir", help="keep accepted messages here (SMTP)")
    parser.add_argument("--seconds", type=float, default=120, help="end by itself after this time")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    args = parser.parse_args(argv)
    if args.list:
        for proto, names in SCENARIOS.items():
            print("\n".join("%s %s" % (proto, name) for name in names))
        return 0
    if not args.scenario or not (args.ca or (args.cert and args.key)):
        parser.error("--scenario and --ca (or --cert and --key) are needed")
    options = {k: v for k, v in vars(args).items() if k in ("at", "skip", "times", "cut_after", "rate", "mail_dir") and v}
    if args.message:
        options["messages"] = [open(name, "rb").read() for name in args.message]
    server = play(args.scenario, args.proto, args.ca, args.transcript, args.cert, args.key, **options)
    if args.port_file:
        write_port(args.port_file + ".decoy", server.decoy_port)
        write_port(args.port_file, server.port)
    else:
        print(server.port, flush=True)
    parent, end = os.getppid(), time.monotonic() + args.seconds
    try:
        while time.monotonic() < end and os.getppid() == parent:
            time.sleep(0.1)
    except KeyboardInterrupt:
        pass
    server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
