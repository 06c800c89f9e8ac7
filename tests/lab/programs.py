# SPDX-License-Identifier: Apache-2.0
"""Files of this machine for a host without its root file system: programs bring what they need to run."""
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

from initramfs import Archive
from packages import Missing


def libraries(program: Path) -> list:
    """Shared libraries and their loader; none for what is no dynamic program."""
    shown = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    absent = re.findall(r"(\S+) => not found", shown)
    if absent:
        raise Missing(f"'{program}' needs libraries that are not here: {', '.join(absent)}")
    return [Path(path) for path in re.findall(r"(?:=>|^)\s+(/\S+) \(0x", shown, re.MULTILINE)]


def interpreter(content: bytes) -> list:
    """What runs a script, by its first line; env's choice, too."""
    if not content.startswith(b"#!"):
        return []
    words = content[2:].split(b"\n", 1)[0].decode().split()
    found = shutil.which(words[1]) if len(words) > 1 and Path(words[0]).name == "env" else None
    return [Path(path) for path in (words[0], found) if path]


def add(archive: Archive, path: Path) -> None:
    """The file, or the folder with all that lies in it, at the place it has here."""
    name = str(path).lstrip("/")
    if path.is_dir():
        archive.add_folder(name)
        for child in sorted(path.iterdir()):
            if child.is_symlink():
                archive.add_link(str(child).lstrip("/"), os.readlink(child))
            elif child.is_dir() or child.is_file():
                add(archive, child)
    elif path.is_file():
        add_file(archive, path, name)
    else:
        raise Missing(f"there is no file '{path}' to take along")


def add_file(archive: Archive, path: Path, name: str) -> None:
    if name in archive.names:
        return
    content, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    archive.add(name, content, mode)
    if mode & 0o111 or ".so" in path.name:
        for needed in libraries(path) + interpreter(content):
            add_file(archive, needed, str(needed).lstrip("/"))
