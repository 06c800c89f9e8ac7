# SPDX-License-Identifier: Apache-2.0
"""The test guest with Debian's own qemu-guest-agent: agent_guest.py CACHE_DIR writes CACHE_DIR/initrd, the part that is
appended to the guest's initrd. The program comes from its package, its libraries from this host, whose QEMU needs them."""
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/lab"))
import packages  # noqa: E402

PACKAGE = "qemu-guest-agent"
# The guest's command line may hold an option for it: agent=--blacklist=guest-exec. udev would name the port by a link in /dev/virtio-ports.
START = """#!/bin/sh
read -r words </proc/cmdline
for word in $words; do
    case $word in agent=*) options=${word#*=} ;; esac
done
for port in /sys/class/virtio-ports/*; do
    [ "$(cat "$port/name")" = org.qemu.guest_agent.0 ] || continue
    exec /bin/qemu-ga --method=virtio-serial --path="/dev/${port##*/}" --statedir=/run --logfile=/run/qemu-ga.log $options
done
"""


def libraries(program):
    """What the dynamic linker would load, itself included."""
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    if "not found" in told:
        raise packages.Missing(f"this host lacks a library of {PACKAGE}: {told}")
    return re.findall(r"(/\S+) \(0x", told)


def member(number, name, mode, content=b""):
    """One file of an archive of cpio's format "newc"."""
    links = 2 if mode & 0o040000 else 1
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


def archive(files):
    """files: path in the guest -> content; all of them may be executed."""
    folders = {str(parent) for path in files for parent in pathlib.PurePath(path).parents} - {"."}
    parts = [member(number, name, 0o040755) for number, name in enumerate(sorted(folders), 1)]
    parts += [member(len(parts) + number, name, 0o100755, content) for number, (name, content) in
              enumerate(sorted(files.items()), 1)]
    return b"".join(parts) + member(0, "TRAILER!!!", 0)


def make(cache):
    """CACHE/initrd, made again where apt knows another version of the package."""
    version = packages.known(PACKAGE)
    stamp = f"{version} {pathlib.Path(__file__).stat().st_mtime_ns}"
    done = cache / "complete"
    if done.exists() and done.read_text(encoding="utf-8") == stamp:
        return
    cache.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    packages.unpack(PACKAGE, version, cache)
    program = cache / "usr/sbin/qemu-ga"
    files = {"etc/start": START.encode(), "bin/qemu-ga": program.read_bytes()}
    files |= {os.path.normpath(path).lstrip("/"): pathlib.Path(path).read_bytes() for path in libraries(program)}
    (cache / "initrd").write_bytes(archive(files))
    done.write_text(stamp, encoding="utf-8")


if __name__ == "__main__":
    try:
        make(pathlib.Path(sys.argv[1]))
    except packages.Missing as missing:
        print(f"skipped: {missing}", file=sys.stderr)
        sys.exit(1 if os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1" else 77)
