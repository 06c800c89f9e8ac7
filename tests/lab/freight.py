# SPDX-License-Identifier: Apache-2.0
"""What is put into a fresh host before its command runs: the command itself, the files of --copy in /root, and the build's
tools, last in its PATH, so that those of an installed package come first."""
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import programs
from cache import SOURCE
from initramfs import GUEST
from packages import Missing

PLACE = "opt/lab"  # /run is mounted noexec
# Every Debian has these, in versions that fit it.
OF_DEBIAN = ("ld-linux", "libc.", "libm.", "libgcc_s.", "libstdc++.")
LIBVIRT = "libvirt.so.0"
WRAPPER = "#!/bin/sh\nLD_LIBRARY_PATH=/{place}/lib exec /{place}/tools/{name} \"$@\"\n"


def declare(parser) -> None:
    parser.add_argument("--copy", action="append", default=[], metavar="PATH", help="a file or folder to be put into its /root")
    parser.add_argument("--with", dest="packages", action="append", default=[], metavar="PACKAGE",
                        help="a Debian package that the host has beside those of a fresh one")


def job_text(options, host: str, boot: int) -> str:
    """The settings that guest/fresh.sh reads, as shell."""
    lines = [f"export LAB_HOST={shlex.quote(host)} LAB_BOOT={boot or ''} TERM={shlex.quote(os.environ.get('TERM') or 'dumb')}\n"]
    lines += [f"export {name}={shlex.quote(value)}\n" for name, value in os.environ.items() if name.startswith("KVMKIT_")]
    return "".join(lines) + f"lab_shell={'yes' if options.shell else ''}\nlab_command=({shlex.join(options.command)})\n"


def libraries(tool: Path) -> list:
    """What the tool needs beside Debian itself. libvirt's library comes with libvirt, which a fresh host has not got."""
    needed = programs.libraries(tool)
    libvirt = [path for path in needed if path.name == LIBVIRT]
    behind = set(programs.libraries(libvirt[0])) | set(libvirt) if libvirt else set()
    return [path for path in needed if path not in behind and not path.name.startswith(OF_DEBIAN)]


def add_tools(folder: Path, build: str) -> None:
    for name in ("tools", "lib"):
        (folder / name).mkdir()
    for tool in sorted((SOURCE / build / "bin").glob("*")):
        copy, wrapper = folder / "tools" / tool.name, folder / "bin" / tool.name
        shutil.copy(tool, copy)
        subprocess.run(["strip", copy], check=False, capture_output=True)
        wrapper.write_text(WRAPPER.format(place=PLACE, name=tool.name))
        wrapper.chmod(0o755)
        for library in libraries(tool):
            shutil.copy(library, folder / "lib" / library.name)


def add_copies(folder: Path, paths: list) -> None:
    folder.mkdir(mode=0o700)
    for path in map(Path, paths):
        if path.is_dir():
            shutil.copytree(path, folder / path.resolve().name, symlinks=True)
        elif path.is_file():
            shutil.copy2(path, folder / path.name)
        else:
            raise Missing(f"there is no file '{path}' to copy")


def load(options, folder: Path, reset: str) -> Path:
    """A folder laid out like the host's root. reset is the script behind lab-reset there."""
    lab = folder / PLACE
    (lab / "bin").mkdir(parents=True)
    add_tools(lab, options.build)
    shutil.copy(GUEST / "fresh.sh", lab / "run")
    shutil.copy(GUEST / reset, lab / "bin/lab-reset")
    add_copies(folder / "root", options.copy)
    return folder
