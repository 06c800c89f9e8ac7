#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command with "/" as the root of a mount namespace of its own: own_root.py COMMAND...

A chroot is not that: unshare(1) cannot make its mounts private, and libvirt, entering QEMU's namespace by setns(2), leaves
it. This goes to the namespace's real root first, cuts the way back for mounts there, and makes the chroot's folder the
root by pivot_root(2). Outside a chroot the command runs as it is. Needs root. Nothing is left outside."""
import ctypes
import os
import sys

CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x1000, 0x4000, 1 << 18, 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        sys.exit(f"own_root: {name}: {os.strerror(number)}")


def go_to_real_root():
    """In a copy of the mount namespace, at its real root: entering the namespace that one is in leaves a chroot."""
    call("unshare", CLONE_NEWNS)
    namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    call("setns", namespace, CLONE_NEWNS)
    os.close(namespace)


def in_chroot():
    """Whether "/" is not the namespace's root. Process 1 is no witness: its /proc/1/root may be closed even to root."""
    same, other = 10, 11
    before = os.stat("/")
    child = os.fork()
    if child == 0:
        go_to_real_root()
        os._exit(same if os.path.samestat(before, os.stat("/")) else other)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in (same, other):
        sys.exit("own_root: cannot find the root of this mount namespace")
    return code == other


def take_own_root():
    here = os.getcwd()
    root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    go_to_real_root()
    call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
    os.fchdir(root)
    os.close(root)
    path = os.getcwdb()  # the descriptor belongs to the old namespace; its path leads to the same folder in the new one
    call("mount", path, path, None, MS_BIND | MS_REC, None)
    os.chdir(path)
    call("syscall", PIVOT_ROOT[os.uname().machine], b".", b".")
    call("umount2", b".", MNT_DETACH)
    os.chdir(here)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: own_root.py COMMAND...")
    if in_chroot():
        take_own_root()
    os.execvp(sys.argv[1], sys.argv[1:])
