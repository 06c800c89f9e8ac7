# SPDX-License-Identifier: Apache-2.0
"""A control group for one run. Control groups are the one thing here that does not end with its processes: what killed runs
left is removed by the next."""
import contextlib
import os
import signal
import time
from pathlib import Path

from packages import Missing

PREFIX = "kvmkit-lab."
SYSTEMD = "name=systemd"
GONE_SECONDS = 10


def own_folders() -> list:
    """Where this process is in the hierarchies that systemd uses: version 2, and its own of version 1."""
    mounts, folders = {}, []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place, _, rest = line.partition(" - ")
        kind, _, options = rest.split()[:3]
        if kind == "cgroup2" or kind == "cgroup" and SYSTEMD in options:
            mounts[kind] = place.split()[3:5]
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        number, name, path = line.split(":", 2)
        kind = "cgroup2" if number == "0" else "cgroup" if name == SYSTEMD else ""
        if kind in mounts:
            root, place = mounts[kind]
            folders.append(Path(place) / os.path.relpath(path, root))
    return folders


def tree(folder: Path) -> list:
    """The group and those below it, the deepest first."""
    return [Path(path) for path, _, _ in os.walk(folder, topdown=False)]


def members(folder: Path) -> list:
    """Process IDs; 0 is one outside of this process namespace."""
    return [int(number) for group in tree(folder) for number in (group / "cgroup.procs").read_text().split()]


def remove(folder: Path) -> None:
    """Removes a group in which no process is left; any other stays."""
    with contextlib.suppress(OSError):
        if not members(folder):
            for group in tree(folder):
                group.rmdir()


def end_members(folder: Path) -> None:
    """Also of a container whose manager was killed: its first process has its own mind. Orphans have become this process's
    children, for it is the first of its namespace."""
    with contextlib.suppress(OSError):
        for number in members(folder):
            if number not in (0, os.getpid()):
                os.kill(number, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def enter(folder: Path) -> None:
    while True:
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another run has just swept the empty group away
            (folder / "cgroup.procs").write_text("0")
            return


@contextlib.contextmanager
def own_group():
    """This process and its children are in a group of their own; at the end the group is removed with what is in it."""
    parents = own_folders()
    if not parents:
        raise Missing("no control groups that systemd could use are mounted here (/sys/fs/cgroup)")
    for old in [old for parent in parents for old in parent.glob(f"{PREFIX}*")]:
        remove(old)
    name = f"{PREFIX}{os.urandom(6).hex()}"  # the same everywhere: systemd mirrors it from one hierarchy to the other
    groups = [parent / name for parent in parents]
    try:
        for group in groups:
            enter(group)
        yield
    finally:
        for parent in parents:
            (parent / "cgroup.procs").write_text("0")
        deadline = time.monotonic() + GONE_SECONDS
        while any(group.exists() for group in groups) and time.monotonic() < deadline:
            for group in filter(Path.exists, groups):
                end_members(group)
                remove(group)
            time.sleep(0.05)
