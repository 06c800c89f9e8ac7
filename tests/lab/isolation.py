# SPDX-License-Identifier: Apache-2.0
"""Namespaces of our own, so that nothing outlives a run: processes and mounts end with it, however it ends."""
import ctypes
import os
import signal
import subprocess
import sys
import time

CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 5
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: int) -> None:
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def die_with_parent(parent: int) -> None:
    """The kernel ends this process when its parent ends, also by SIGKILL; a parent that is already gone counts."""
    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() not in (parent, 0):  # 0: the parent lives outside of this process namespace
        os._exit(1)


def end_child(child: int) -> None:
    """Asks, waits for a moment, then insists. The child is the first process of its namespace: all others go with it."""
    deadline = time.monotonic() + GRACE_SECONDS
    os.kill(child, signal.SIGTERM)
    while time.monotonic() < deadline:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)


def watch(child: int) -> int:
    """The child's exit code; a signal that ends us ends the child first."""
    caught: list = []

    def remember(number, _frame):
        if not caught:
            caught.append(number)
            end_child(child)

    for number in SIGNALS:
        signal.signal(number, remember)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if caught:
        return 128 + caught[0]
    return code if code >= 0 else 128 - code


def leave(number, _frame):
    sys.exit(128 + number)


def isolated(work) -> int:
    """Runs work() in process and mount namespaces of its own and returns its exit code. Needs root."""
    parent = os.getpid()
    call("unshare", CLONE_NEWPID | CLONE_NEWNS)
    child = os.fork()
    if child:
        return watch(child)
    die_with_parent(parent)
    for number in SIGNALS:
        signal.signal(number, leave)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], check=True)
    sys.exit(work())


def own_network() -> None:
    """From here on this process and its children are alone in a network with nothing but loopback."""
    call("unshare", CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
