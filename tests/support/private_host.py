# SPDX-License-Identifier: Apache-2.0
"""A host of its own for tests of libvirt and QEMU: private_host.py SOURCE_DIR GUEST_DIR COMMAND...

COMMAND runs in private mount, network and process namespaces: /run, libvirt's and kvmkit's folders are empty tmpfs, the
test guest lies in /run/guest, and /dev/kvm is hidden so that every machine gives the same answers. This process is
number 1 in there: it reaps what daemons leave (a VM's end takes seconds otherwise), and everything ends with it."""
import os
import shutil
import stat
import subprocess
import sys

EMPTY = ("/run", "/etc/kvmkit", "/var/lib/libvirt", "/var/lib/kvmkit", "/var/log/libvirt", "/var/cache/libvirt")
NEEDED = ("unshare", "mount", "libvirtd", "virtlogd", "virsh", "qemu-system-x86_64", "qemu-img", "ip", "dnsmasq")


def skip(reason):
    print(f"skipped: {reason}", file=sys.stderr)
    sys.exit(1 if os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1" else 77)


def check_needs():
    if os.geteuid() != 0:
        skip("needs root, for namespaces and libvirtd")
    missing = [program for program in NEEDED if not shutil.which(program)]
    if missing:
        skip(f"not installed: {', '.join(missing)}")


def make_guest(source, guest):
    made = subprocess.run([f"{source}/scripts/make-guest", guest], capture_output=True, text=True, timeout=240)
    if made.returncode != 0:
        skip(f"cannot make the test guest: {made.stderr.strip()}")


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def furnish(guest):
    for folder in EMPTY:
        os.makedirs(folder, exist_ok=True)
        if folder == "/run":  # the guest may lie below any of them
            kept = {name: open(f"{guest}/{name}", "rb").read() for name in ("vmlinuz", "initrd")}
        mount("-t", "tmpfs", "-o", "mode=755", "kvmkit-test", folder)
    os.makedirs("/run/guest")
    os.makedirs("/run/lock")
    for name, content in kept.items():
        with open(f"/run/guest/{name}", "wb") as file:
            file.write(content)
    shutil.copytree("/etc/libvirt", "/run/etc-libvirt", symlinks=True)
    shutil.rmtree("/run/etc-libvirt/qemu/networks/autostart", ignore_errors=True)
    with open("/run/etc-libvirt/qemu.conf", "a", encoding="utf-8") as settings:
        # Control groups have no namespace here and would stay behind. A private /dev for QEMU would be made in the real
        # /dev if this runs in a chroot: libvirt enters QEMU's mount namespace by setns(2), which leaves the chroot.
        settings.write("cgroup_controllers = [ ]\nnamespaces = [ ]\n")
    mount("--bind", "/run/etc-libvirt", "/etc/libvirt")
    if os.path.exists("/dev/kvm"):
        # Shut to all but root: libvirt asks QEMU anew at every start where its user could open a KVM that is none.
        os.mknod("/run/no-kvm", stat.S_IFCHR, os.makedev(1, 3))
        mount("--bind", "/run/no-kvm", "/dev/kvm")
    mount("-t", "sysfs", "sysfs", "/sys")  # the network namespace's own links; without control groups
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def reap_until(child):
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status)


def main():
    source, guest, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    if os.environ.get("KVMKIT_PRIVATE_HOST") != "1":
        check_needs()
        make_guest(source, guest)
        os.environ["KVMKIT_PRIVATE_HOST"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                              "--propagation", "private", sys.executable, *sys.argv])
    furnish(guest)
    child = os.spawnvp(os.P_NOWAIT, command[0], command)
    code = reap_until(child)
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
