# SPDX-License-Identifier: Apache-2.0
"""Stub packages of Arch in place of QEMU, libvirt and their company: packed by bsdtar, indexed by pacman's own repo-add."""
import os
import shutil
import subprocess
from pathlib import Path

from rpm_stubs import inside

VERSION = "99.1-1"
REPOSITORY = "srv/arch"

# What .PKGINFO says of each beside its name and version.
STUBS = {"qemu-base": {}, "libvirt": {"depend": ["libvirt-glue"], "optdepend": ["unwanted: not asked for"]}, "libvirt-glue": {},
         "dmidecode": {}, "openbsd-netcat": {}, "dnsmasq": {}, "iptables-nft": {"provides": ["iptables=99.1"]}, "unwanted": {}, "shell": {},
         "base": {}, "virt-install": {}, "virt-manager": {"depend": ["libvirt"]}, "swtpm": {}}


def make_package(root: Path, name: str, version: str = VERSION, *, fields: dict | None = None, files: dict | None = None,
                 script: str = "") -> None:
    """Adds NAME to the root's repository in place of an older one. `files` become /etc/NAME, which the administrator may edit."""
    folder = root / "srv/arch.build"
    shutil.rmtree(folder, ignore_errors=True)
    contents = {f"usr/share/stubs/{name}": "stub\n"} | (files or {})
    for path, text in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    said = {"pkgname": [name], "pkgbase": [name], "pkgver": [version], "pkgdesc": ["stub"], "url": ["x"], "builddate": ["1700000000"],
            "packager": ["nobody"], "size": ["4096"], "arch": ["any"], "backup": [path for path in contents if path.startswith("etc/")]}
    said |= STUBS.get(name, {}) if fields is None else fields
    (folder / ".PKGINFO").write_text("".join(f"{key} = {value}\n" for key, values in said.items() for value in values))
    if script:
        (folder / ".INSTALL").write_text(script)
    for old in (root / REPOSITORY).glob(f"{name}-[0-9]*"):
        old.unlink()
    names = sorted(path.name for path in folder.iterdir())
    inside(root, "bsdtar", "--zstd", "-C", "/srv/arch.build", "-cf", f"/{REPOSITORY}/{name}-{version}-any.pkg.tar.zst", *names)
    shutil.rmtree(folder)


def write_index(root: Path) -> None:
    index = root / REPOSITORY / "stubs.db.tar.gz"
    before = index.stat().st_mtime if index.exists() else 0
    for old in (root / REPOSITORY).glob("stubs.*"):
        old.unlink()
    packages = [f"/{REPOSITORY}/{path.name}" for path in sorted((root / REPOSITORY).glob("*.zst"))]
    # repo-add reads by /dev/fd, which leads into /proc.
    script = 'mount --bind /proc "$0/proc" && ln -sfn /proc/self/fd "$0/dev/fd" && exec chroot "$0" repo-add --quiet "$@"'
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script, root, f"/{REPOSITORY}/stubs.db.tar.gz", *packages],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    # pacman takes an index of the same second for the one that it has.
    os.utime(index, times=(max(index.stat().st_mtime, before + 1),) * 2)
