# SPDX-License-Identifier: GPL-3.0-or-later
"""Test infrastructure of sealpost: real servers, hostile servers, keys, mail, terminals.

Standard library only; everything lives in throwaway folders and listens on loopback.
"""
