# SPDX-License-Identifier: Apache-2.0
"""Initial root file systems: cpio archives in the "newc" format, which the kernel unpacks one after the other."""
import stat
from pathlib import Path

import packages
from cache import built
from kernel import Kernel, module_files

BUSYBOX = "busybox-static"
GUEST = Path(__file__).resolve().parent / "guest"


class Archive:
    """An archive under construction. Names have no leading slash; parents are added by themselves. Owner 0, time 0."""

    def __init__(self):
        self.parts: list = []
        self.names: set = set()

    def add_entry(self, name: str, mode: int, content: bytes) -> None:
        self.names.add(name)
        encoded = name.encode() + b"\0"
        fields = (len(self.names), mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        self.parts += [head, bytes(-len(head) % 4), content, bytes(-len(content) % 4)]

    def add_folder(self, name: str) -> None:
        if name in self.names or name in ("", "."):
            return
        self.add_folder(str(Path(name).parent))
        self.add_entry(name, stat.S_IFDIR | 0o755, b"")

    def add(self, name: str, content: bytes, mode: int = 0o644) -> None:
        if name not in self.names:
            self.add_folder(str(Path(name).parent))
            self.add_entry(name, stat.S_IFREG | mode, content)

    def add_link(self, name: str, target: str) -> None:
        if name not in self.names:
            self.add_folder(str(Path(name).parent))
            self.add_entry(name, stat.S_IFLNK | 0o777, target.encode())

    def bytes(self) -> bytes:
        self.add_entry("TRAILER!!!", 0, b"")
        return b"".join(self.parts)


def busybox() -> Path:
    version = packages.known(BUSYBOX)
    return built("busybox", [version], lambda folder: packages.unpack(BUSYBOX, version, folder)) / "bin/busybox"


def early(which: Kernel, init: str, modules: list) -> Path:
    """An archive with busybox, these modules (in /modules, with the order to load them in) and guest/INIT as its init."""
    program = busybox()
    files = module_files(which, modules)

    def make(folder: Path) -> None:
        archive = Archive()
        for name in ("dev", "proc", "sys", "root"):
            archive.add_folder(name)
        archive.add("bin/busybox", program.read_bytes(), 0o755)
        archive.add_link("bin/sh", "busybox")
        archive.add("init", (GUEST / init).read_bytes(), 0o755)
        for file in files:
            archive.add(f"modules/{file.name}", file.read_bytes())
        archive.add("modules/order", "".join(f"{file.name}\n" for file in files).encode())
        (folder / "initrd").write_bytes(archive.bytes())

    inputs = [str(program), which.version, (GUEST / init).read_text(), *map(str, files)]
    return built(f"initramfs-{init}", inputs, make) / "initrd"
