# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured: printed as it comes ("NAME VALUE UNIT"), and as Markdown tables with the ratio to the best peer."""

import statistics

OURS = "sealpost"
LIMIT = "limit"   # what a bare program or a raw connection needs: no peer


def percentile(values, part):
    """The smallest value that at least `part` percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * part // 100) - 1))]


class Results:
    def __init__(self):
        self.values = {}  # (size, what) -> {client: (value, unit)}
        self.notes = []

    def add(self, what, size, client, value, unit):
        """One figure. value None: the client cannot do it."""
        if value is None:
            return
        self.values.setdefault((size, what), {})[client] = (value, unit)
        print("%s/%s/%s %s %s" % (what.replace(" ", "-"), size, client, shown(value, unit), unit), flush=True)

    def times(self, what, size, client, values, most=None):
        """The median of some times in seconds; with most=99 that percentile too."""
        values = [v for v in values if v is not None]
        if not values:
            return
        self.add(what if most is None else what + ", p50", size, client, statistics.median(values) * 1000, "ms")
        if most:
            self.add("%s, p%d" % (what, most), size, client, percentile(values, most) * 1000, "ms")

    def note(self, text):
        self.notes.append(text)
        print("# " + text, flush=True)

    def table(self, size):
        """Markdown: a line for each thing measured with that many messages."""
        rows = [(what, found) for (s, what), found in self.values.items() if s == size]
        clients = [OURS] + sorted({c for _, found in rows for c in found} - {OURS, LIMIT})
        lines = ["| what | unit | %s | limit | to the best peer |" % " | ".join(clients), "| --- | --- | %s --- | --- |" % ("--- | " * len(clients))]
        for what, found in rows:
            unit = next(iter(found.values()))[1]
            cells = [shown(*found[c]) if c in found else "–" for c in clients + [LIMIT]]
            lines.append("| %s | %s | %s | %s |" % (what, unit, " | ".join(cells), self.ratio(found)))
        return "\n".join(lines)

    @staticmethod
    def ratio(found):
        peers = {c: v for c, (v, _) in found.items() if c not in (OURS, LIMIT)}
        if OURS not in found or not peers:
            return "–"
        best = min(peers, key=peers.get)
        return "%.2f (%s)" % (found[OURS][0] / peers[best], best) if peers[best] else "–"


def shown(value, unit):
    if unit in ("bytes", "messages/s") or value >= 1000:
        return "%d" % round(value)
    return "%.0f" % value if value >= 100 else "%.1f" % value if value >= 10 else "%.2f" % value
