#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""sealpost beside other mail clients, on one Dovecot, in one run. Environment:

    BENCH_SIZES="10000 100000"     numbers of messages, each with a mailbox of its own
    BENCH_CLIENTS="sealpost mutt"  default: all that are installed
    BENCH_ONLY="cold moves"        only these scenarios; without it the far servers are for up to 10,000 messages only
    BENCH_ROUNDS=3                 how often what is repeated is repeated; the default depends on the size
    BENCH_QUICK=1                  500 messages, few repetitions, sealpost alone: whether it works, not how fast it is
    BENCH_TABLE=FILE               writes the tables there, as Markdown
"""

import os
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lib")]

from sealbench import clients, corpus, limits, results, scenarios, server  # noqa: E402
from sealtest import e2e  # noqa: E402
from sealtest.util import need, short_dir, write  # noqa: E402

SCENARIOS = ("cold", "warm", "moves", "opening", "news", "memory", "bodies", "search", "far40", "far100", "empty")


def wanted():
    names = os.environ.get("BENCH_CLIENTS", "").split()
    for client in clients.ALL:
        if names and client.name not in names:
            continue
        if client.installed():
            yield client
        else:
            print("# %s is not installed" % client.name)


def measure(kind, place, box, count, found, quick, only):
    client = kind(place, box, os.path.join(e2e.BUILD, "check", "ptydrive"))
    print("# %s: %s" % (client.name, client.version()), flush=True)
    run = scenarios.Run(client, box, count, found, rounds=int(os.environ.get("BENCH_ROUNDS", 2 if quick or count > 100000 else 3 if count > 10000 else 5)), moves=10 if quick else 200)
    good = True
    try:
        for name in SCENARIOS:
            if only and name not in only or not only and name.startswith("far") and count > 10000:
                continue
            try:
                if name.startswith("far"):
                    scenarios.far(run, int(name[3:]))
                else:
                    getattr(scenarios, name)(run)
            except Exception as why:  # the others are measured all the same
                found.note("%s, %d messages: %s failed: %s" % (client.name, count, name, str(why).split("\n")[0]))
                traceback.print_exc()
                good = False
            finally:
                client.stop()
    finally:
        client.close()
    return good


def main():
    need("dovecot", "doveadm", "gpg", "openssl")
    e2e.need_program()
    e2e.adopt_orphans()
    quick = bool(os.environ.get("BENCH_QUICK"))
    if quick:
        os.environ["BENCH_CLIENTS"] = "sealpost"
    only = os.environ.get("BENCH_ONLY", "cold warm moves opening news empty" if quick else "").split()
    sizes = [int(n) for n in os.environ.get("BENCH_SIZES", "500" if quick else "10000 100000").split()]
    found, good = results.Results(), True
    for count in sizes:
        with server.Server() as box:
            box.load(corpus.Corpus(count))
            if not only or "limits" in only:
                limits.measure(box, count, found, os.path.join(e2e.BUILD, "check"), min(200, count // 50))
            for kind in wanted():
                good &= measure(kind, short_dir("be"), box, count, found, quick, only)
    tables = "\n\n".join("%s messages:\n\n%s" % (format(n, ","), found.table(n)) for n in sizes)
    print("\n" + tables)
    if os.environ.get("BENCH_TABLE"):
        write(os.environ["BENCH_TABLE"], tables + "\n")
    # How well a peer does is not ours to guarantee; when sealpost cannot be measured, something is broken.
    return 0 if good or not quick else 1


if __name__ == "__main__":
    sys.exit(main())
