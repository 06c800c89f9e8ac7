# SPDX-License-Identifier: Apache-2.0
"""Disk images of fresh minimal Debians, with their kernels beside them. No loop device and no mount is needed for that."""
import shlex
import shutil
import subprocess
from pathlib import Path

import suite as suites
from cache import built, recipe

DISK_SIZE = "8G"
UPLINK = "ens3"  # by its PCI slot
PACKAGES = ["systemd", "systemd-sysv", "dbus", "udev", "kmod", "iproute2", "ifupdown", "openssh-server", "ca-certificates",
            "linux-image-amd64"]
DHCP_CLIENT = {"bookworm": "isc-dhcp-client"}  # each release's own choice
NEWER_DHCP_CLIENT = "dhcpcd-base"
# With every driver there is in it, unpacking the initial root file system alone would take 6 s of each boot.
EARLY_MODULES = "virtio_pci\nvirtio_blk\next4\n"


def make_image(folder: Path, suite: str, lines: list, names: list) -> None:
    root = folder / "root"
    early = folder / "modules"
    early.write_text(EARLY_MODULES)
    hook = (f'mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"; '
            f'echo MODULES=list >"$1/etc/initramfs-tools/conf.d/lab"; cp {shlex.quote(str(early))} "$1/usr/share/initramfs-tools/modules.d/lab"')
    suites.make_root(root, lines, suite, names, (f"--essential-hook={hook}",))
    suites.name_host(root, f"lab-{suite}")
    (root / "etc/fstab").write_text("/dev/vda / ext4 errors=remount-ro 0 1\n")
    (root / "etc/network/interfaces.d").mkdir(exist_ok=True)
    (root / "etc/network/interfaces.d/uplink").write_text(f"allow-hotplug {UPLINK}\niface {UPLINK} inet dhcp\n")
    for name in ("vmlinuz", "initrd.img"):
        shutil.copy(root / name, folder / name)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", root, folder / "disk", DISK_SIZE], check=True,
                   capture_output=True)
    shutil.rmtree(root)


def image(suite: str, more: list) -> Path:
    """An image of the suite, with these packages beside those that a fresh host has."""
    lines = suites.sources(suite)
    names = PACKAGES + [DHCP_CLIENT.get(suite, NEWER_DHCP_CLIENT)] + sorted(more)
    inputs = [*lines, *names, recipe(Path(__file__), Path(suites.__file__))]
    return built("+".join([suite, *sorted(more)]), inputs, lambda folder: make_image(folder, suite, lines, names))
