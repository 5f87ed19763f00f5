# SPDX-License-Identifier: GPL-3.0-or-later
"""Small things that every part of the test infrastructure needs."""

import atexit
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SKIP = 77  # automake's convention: the test could not run here
LIB = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = os.path.dirname(LIB)
ROOT = os.path.dirname(TESTS)

DOMAIN = "example.test"
# carol's password needs quoting in IMAP and is not ASCII, so that a client which pastes it into a line fails.
PASSWORDS = {"alice": "wonderland-1865", "bob": "builder of walls", "carol": 'c"ar\\ol {3} \u00fc'}


class Failed(Exception):
    """A helper could not do its job; the message is for the reader of the test log."""


def run(argv, data=None, env=None, check=True, timeout=60, cwd=None):
    """Run a program to its end; bytes in, (status, bytes out, bytes err) out. Raises Failed when check fails."""
    if isinstance(data, str):
        data = data.encode()
    feed = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=timeout, cwd=cwd,
                              **feed)
    except subprocess.TimeoutExpired:
        raise Failed("%s: not done within %g s" % (shlex.join(map(str, argv)), timeout)) from None
    if check and done.returncode != 0:
        raise Failed("%s: status %d\n%s" % (shlex.join(map(str, argv)), done.returncode,
                                            done.stderr.decode(errors="replace")))
    return done.returncode, done.stdout, done.stderr


def launch(argv, log, timeout=20):
    """Run a program that goes into the background and would keep our pipes open; its words go to a file."""
    with open(log, "ab") as out:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=timeout)
    if done.returncode != 0:
        raise Failed("%s: status %d\n%s" % (shlex.join(argv), done.returncode, read(log).decode(errors="replace")))


def write(path, text, mode=0o644):
    """Write a file in one go (text or bytes)."""
    data = text.encode() if isinstance(text, str) else text
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(fd, "wb") as out:
        out.write(data)
    os.chmod(path, mode)
    return path


def read(path):
    with open(path, "rb") as inp:
        return inp.read()


def at_end(work, *args):
    """Do that when this process ends, also when the runner's time-out ends it (TERM). In this process only, not in a
    forked child; the last registered goes first. Work must bear being done twice."""
    def only_here(owner=os.getpid()):
        if os.getpid() == owner:
            work(*args)

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    atexit.register(only_here)


def short_dir(prefix="sp"):
    """A throwaway folder with a short path: Unix socket paths end at 108 bytes, whatever TMPDIR says. Removed at the
    end of the process."""
    base = os.environ.get("SP_TMP", "/tmp")
    path = tempfile.mkdtemp(prefix=prefix + ".", dir=base)
    os.chmod(path, 0o755)  # the servers' own users have to reach their sockets in it
    at_end(shutil.rmtree, path, True)
    return path


def free_ports(count, host="127.0.0.1"):
    """Ports that are free now. Somebody else may take one before it is used: callers try again."""
    socks = []
    for _ in range(count):
        s = socket.socket()
        s.bind((host, 0))
        socks.append(s)
    ports = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return ports


def wait_until(test, seconds, what, step=0.02):
    """Poll until test() is true; Failed after that many seconds. Returns what test() returned."""
    end = time.monotonic() + seconds
    while True:
        got = test()
        if got:
            return got
        if time.monotonic() > end:
            raise Failed("not within %g s: %s" % (seconds, what))
        time.sleep(step)


def greets(host, port, start):
    """True when something on that port says a line beginning with START."""
    try:
        with socket.create_connection((host, port), 2) as s:
            s.settimeout(5)
            return s.recv(512).startswith(start)
    except OSError:
        return False


def alive(pid):
    """True when the process exists and is no zombie."""
    try:
        with open("/proc/%d/stat" % pid) as inp:
            return inp.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def end_process(pid, seconds=5):
    """TERM, wait, KILL. Ends one process by its id and does not return before it is gone."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            return
        try:
            wait_until(lambda: not alive(pid), seconds, "end of process %d" % pid)
            return
        except Failed:
            pass


def children(pid):
    """Ids of all processes below pid."""
    table = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name) as inp:
                    table.setdefault(int(inp.read().rpartition(")")[2].split()[1]), []).append(int(name))
            except OSError:
                pass
    found, todo = [], [pid]
    while todo:
        below = table.get(todo.pop(), [])
        found += below
        todo += below
    return found


def processes_below(path):
    """Ids of processes whose command line names this folder: what a test left behind."""
    found = []
    needle = path.encode()
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open("/proc/%s/cmdline" % name, "rb") as inp:
                if needle in inp.read() and alive(int(name)):
                    found.append(int(name))
        except OSError:
            pass
    return found


def need(*programs):
    """Skip the whole test, clearly, when a program is not installed."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for name in programs:
        if not shutil.which(name):
            skip("%s is not installed" % name)


def skip(why):
    print("SKIP: " + why, file=sys.stderr)
    sys.exit(SKIP)


def env_file(path, values):
    """Write KEY=VALUE lines which a shell can source."""
    write(path, "".join("%s=%s\n" % (k, shlex.quote(str(v))) for k, v in values.items()))


def load_env(path):
    """The inverse of env_file."""
    values = {}
    with open(path) as inp:
        for line in inp:
            key, _, val = line.rstrip("\n").partition("=")
            values[key] = "".join(shlex.split(val))
    return values
