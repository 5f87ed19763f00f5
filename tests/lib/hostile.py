#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Play a hostile IMAP or SMTP server: hostile.py --scenario NAME --proto imap|smtp --ca DIR --transcript FILE --port-file FILE"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sealtest import hostile  # noqa: E402

if __name__ == "__main__":
    sys.exit(hostile.main())
