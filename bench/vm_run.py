#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vm-run launch against virt-install and virsh create for the same guest, from the command to the started domain; each
domain is destroyed between the rounds, untimed. Needs root, a libvirtd that answers and a guest from scripts/make-guest.
usage: bench/vm_run.py [BINARY-FOLDER [GUEST-FOLDER]]"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import pairs

binaries = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/bin").resolve()
guest = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "build/guest").resolve()
uri = os.environ.get("KVMKIT_BENCH_URI", "qemu:///system")
pairs.need("virt-install", "virsh")
cmdline = "console=ttyS0 quiet"

launch = [str(binaries / "vm-run"), "launch", "kvmkit-bench", "--connect", uri, "--kernel", str(guest / "vmlinuz"),
          "--initrd", str(guest / "initrd"), "--cmdline", cmdline, "--memory", "256M", "--vcpus", "1", "--net", "none",
          "--accel", "tcg", "--wait", "none"]
remove = [str(binaries / "vm-run"), "rm", "kvmkit-bench", "--force", "--connect", uri]
destroy = ["virsh", "-c", uri, "destroy", "kvmkit-bench"]
install = ["virt-install", "--connect", uri, "--name", "kvmkit-bench", "--virt-type", "qemu", "--memory", "256",
           "--vcpus", "1", "--osinfo", "detect=off,require=off", "--machine", "q35", "--cpu", "mode=maximum", "--network",
           "none", "--disk", "none", "--graphics", "none", "--controller", "usb,model=none", "--noautoconsole",
           "--transient", "--import", "--boot", f"kernel={guest / 'vmlinuz'},initrd={guest / 'initrd'},"
           f"kernel_args={cmdline}"]

with tempfile.NamedTemporaryFile("w", suffix=".xml") as description:
    printed = subprocess.run([*launch, "--print-xml"], capture_output=True, text=True, check=True)
    description.write(printed.stdout)
    description.flush()
    os.chmod(description.name, 0o644)
    pairs.compare("vm-run launch against its peers, the same guest, TCG",
                  pairs.Command("vm-run launch", launch, undo=remove),
                  [pairs.Command("virt-install", install, undo=destroy),
                   pairs.Command("virsh create", ["virsh", "-c", uri, "create", description.name], undo=destroy)])

# Many: one vm-run against as many peers, one after the other, as their users do it.
COUNT = int(os.environ.get("KVMKIT_BENCH_VMS", "20"))
names = [f"kvmkit-bench{n}" for n in range(1, COUNT + 1)]


def for_each(words):
    """A shell line that runs a command for each name."""
    quoted = " ".join("'" + word.replace("kvmkit-bench", "'$n'") + "'" for word in words)
    return ["sh", "-e", "-c", f"for n in {' '.join(names)}; do {quoted}; done"]


def renamed(folder):
    """The same description for each name, without its UUID and MAC address: libvirt makes them."""
    for name in names:
        text = re.sub(r"<uuid>.*</uuid>|<mac [^>]*/>", "", printed.stdout).replace("kvmkit-bench", name)
        pathlib.Path(folder, name).write_text(text)


with tempfile.TemporaryDirectory() as folder:
    renamed(folder)
    many = [f"kvmkit-bench{{1..{COUNT}}}" if word == "kvmkit-bench" else word for word in launch] + ["--overcommit"]
    destroy_all = for_each(["virsh", "-c", uri, "destroy", "kvmkit-bench"])
    remove_all = for_each([str(binaries / "vm-run"), "rm", "kvmkit-bench", "--force", "--connect", uri])
    pairs.compare(f"{COUNT} VMs: one vm-run launch against its peers one by one, the same guest, TCG",
                  pairs.Command(f"vm-run launch x{COUNT}", many, undo=remove_all),
                  [pairs.Command(f"virt-install x{COUNT}", for_each(install), undo=destroy_all),
                   pairs.Command(f"virsh create x{COUNT}", ["sh", "-e", "-c", f"for n in {' '.join(names)}; do virsh -c {uri} "
                                                            f"create {folder}/$n; done"], undo=destroy_all)], rounds=3)
