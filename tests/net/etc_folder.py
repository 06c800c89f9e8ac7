# SPDX-License-Identifier: Apache-2.0
"""An /etc of the lab's own: a copy in memory that tests may fill, look at and put back."""
import os
import pathlib
import stat
import subprocess


def own_etc():
    """A copy of /etc in memory takes its place."""
    copy = "/run/lab/etc"
    subprocess.run(["cp", "-a", "/etc", copy], check=True)
    subprocess.run(["mount", "--bind", copy, "/etc"], check=True)


def etc():
    """Path -> mode and content of all that is in /etc."""
    found = {}
    for folder, _, names in os.walk("/etc"):
        for name in names:
            path = pathlib.Path(folder, name)
            mode = path.lstat().st_mode
            found[str(path)] = (mode, os.readlink(path) if stat.S_ISLNK(mode) else path.read_bytes())
        found[folder] = (os.lstat(folder).st_mode, "")
    return found


def changed(before):
    """What differs from what etc() found then: short enough to be read in a failure."""
    now = etc()
    return sorted(path for path in {*now, *before} if now.get(path) != before.get(path))


def put_back(before):
    """What etc() found then is there again."""
    for path in etc():
        if path not in before and not os.path.isdir(path):
            os.unlink(path)
    for path, (mode, content) in before.items():
        if stat.S_ISREG(mode) and (not os.path.exists(path) or pathlib.Path(path).read_bytes() != content):
            pathlib.Path(path).write_bytes(content)
