# SPDX-License-Identifier: GPL-3.0-or-later
"""What the measurements of sealpost beside other mail clients stand on: a corpus, a server, a terminal, the clients."""
