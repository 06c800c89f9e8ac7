#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vm-run against virt-install and virsh: the same guest, emulated, by the same libvirtd, all of it in one run. Needs root. It runs in
the private host of vm-run's tests with a libvirtd of its own; VMs and journals lie on the disk that holds the build.
usage: bench/vm_run.py [BINARY-FOLDER [GUEST-FOLDER]]
Some parts only: KVMKIT_BENCH_PARTS=one,rm,many,removal,seed,calls,ssh,guest. How many VMs at once: KVMKIT_BENCH_VMS=20,50.
KVMKIT_BENCH_QUICK_START=1: libvirt takes what a CPU has from its CPUID alone, for all of them: see README.md."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

import pairs

SOURCE = pathlib.Path(__file__).resolve().parents[1]
BINARIES = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/bin").resolve()
GUEST = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "build/guest").resolve()
VM_RUN = str(BINARIES / "vm-run")
URI = "qemu:///system"
PARTS = os.environ.get("KVMKIT_BENCH_PARTS", "one,rm,many,removal,seed,calls,ssh").split(",")
COUNTS = [int(count) for count in os.environ.get("KVMKIT_BENCH_VMS", "20,50").split(",")]
PLACE = BINARIES.parent / "bench-vms"
POOL = pathlib.Path("/var/lib/libvirt/images")
BASE = POOL / "base.qcow2"
KERNEL, INITRD = "/run/guest/vmlinuz", "/run/guest/initrd"
CMDLINE = "console=ttyS0 quiet"
LAN = """<network><name>lan</name><forward mode='open'/><bridge name='virbr7'/><ip address='198.51.100.1' netmask='255.255.255.0'>
<dhcp><range start='198.51.100.10' end='198.51.100.90'/></dhcp></ip></network>"""
ALIKE = ("--kernel", KERNEL, "--initrd", INITRD, "--cmdline", CMDLINE, "--memory", "64M", "--vcpus", "1", "--net", "none",
         "--accel", "tcg", "--wait", "none", "--overcommit")


def enter_private_host():
    """A libvirtd of nobody's, and an end of this process that ends all VMs."""
    if os.environ.get("KVMKIT_PRIVATE_HOST") != "1":
        pairs.need("virt-install", "virsh", "xorrisofs")
        host = SOURCE / "tests/support/private_host.py"
        os.execv(sys.executable, [sys.executable, str(host), str(SOURCE), str(GUEST), sys.executable, __file__, *sys.argv[1:]])
    sys.path.insert(0, str(SOURCE / "tests/virt"))
    import host
    for name, place in (("state", "/var/lib/kvmkit"), ("pool", POOL)):
        shutil.rmtree(PLACE / name, ignore_errors=True)
        (PLACE / name).mkdir(parents=True)
        pathlib.Path(place).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", PLACE / name, place], check=True)
        os.chmod(place, 0o755)
    pathlib.Path("/var/lib/libvirt/boot").mkdir()  # virt-install makes a pool of it
    if os.environ.get("KVMKIT_BENCH_QUICK_START") == "1":
        with open("/etc/libvirt/qemu.conf", "a", encoding="utf-8") as settings:
            settings.write('capability_filters = [ "cpu-unavailable-features" ]\n')
    host.start_libvirtd()
    host.no_keys_of_the_caller()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/run/home/key"], check=True)
    host.make_image(BASE, "64M")
    virsh("pool-create-as", "vms", "dir", "--target", POOL)


def virsh(*words):
    return subprocess.run(["virsh", "-q", "-c", URI, *map(str, words)], check=True, capture_output=True, text=True).stdout


def install(name, *words, network="none", memory=64, initrd=INITRD, cmdline=CMDLINE):
    return ["virt-install", "--connect", URI, "--name", name, "--virt-type", "qemu", "--memory", str(memory), "--vcpus", "1", "--osinfo",
            "detect=off,require=off", "--machine", "q35", "--cpu", "mode=maximum", "--network", network, "--graphics", "none",
            "--controller", "usb,model=none", "--noautoconsole", "--import", "--boot",
            f"kernel={KERNEL},initrd={initrd},kernel_args={cmdline}", *words]


def description(name, *words):
    """What vm-run would have libvirt make, without UUID and MAC address, which libvirt then chooses."""
    printed = subprocess.run([VM_RUN, "launch", name, *ALIKE, *words, "--print-xml"], capture_output=True, text=True, check=True)
    file = pathlib.Path(f"/run/{name}.xml")
    file.write_text(re.sub(r"<uuid>.*</uuid>|<mac [^>]*/>", "", printed.stdout), encoding="utf-8")
    return str(file)


def shell(line):
    return ["sh", "-e", "-c", line]


def whatever_is_left(line):
    """Goes on past what is gone already: a guest may have ended by itself."""
    return ["sh", "-c", line + "; true"]


def for_each(names, line):
    return shell(f"for n in {' '.join(names)}; do {line}; done")


def one_vm():
    """From an image to a VM that executes: a disk on top of it, and a seed with the user's key; the peer's two programs make no seed."""
    disk = POOL / "one.qcow2"
    text = pathlib.Path(description("one", "--image", str(BASE), "--no-seed")).read_text(encoding="utf-8")
    pathlib.Path("/run/one.xml").write_text(text.replace("/var/lib/kvmkit/vms/one/disk.qcow2", str(disk)), encoding="utf-8")
    pathlib.Path("/run/user-data").write_text("#cloud-config\n{}\n", encoding="utf-8")
    seeded = ("--image", str(BASE), "--user", "me", "--ssh-key", "/run/home/key.pub")
    gone = f"virsh -q -c {URI} destroy one; virsh -q -c {URI} undefine one; virsh -q -c {URI} vol-delete one.qcow2 vms; rm -f {disk}"
    pairs.compare("One VM on an image",
                  pairs.Command("vm-run launch", [VM_RUN, "launch", "one", *ALIKE, *seeded], undo=[VM_RUN, "rm", "one", "--force"]),
                  [pairs.Command("virt-install", install("one", "--disk", f"path={disk},size=0.0625,backing_store={BASE},backing_format=qcow2",
                                                         "--cloud-init", "user-data=/run/user-data"), undo=whatever_is_left(gone)),
                   pairs.Command("virsh vol-create-as, create", shell(
                       f"virsh -q -c {URI} vol-create-as vms one.qcow2 64M --format qcow2 --backing-vol base.qcow2 "
                       f"--backing-vol-format qcow2; virsh -q -c {URI} create /run/one.xml"), undo=whatever_is_left(gone))])


class UntilStarted(pairs.Command):
    """A vm-run that stays with its VM: timed until it says that the VM is started, then ended."""

    def execute(self):
        start = time.monotonic()
        process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = process.stdout.readline()
        elapsed = time.monotonic() - start
        process.terminate()
        process.communicate(timeout=60)
        if "is started" not in line:
            sys.exit(f"{self.name}: {line}")
        return elapsed


def ephemeral_vm():
    pairs.compare("One VM in the foreground",
                  UntilStarted("vm-run launch --rm", [VM_RUN, "launch", "fore", *ALIKE, "--rm"]),
                  [pairs.Command("virsh create", ["virsh", "-q", "-c", URI, "create", description("fore")],
                                 undo=["virsh", "-q", "-c", URI, "destroy", "fore"])])


def many_vms(count):
    """One vm-run against as many calls of its peers, one after the other, as their users do it."""
    names = [f"many{n}" for n in range(1, count + 1)]
    for name in names:
        description(name)
    installs = " ".join(f"'{word}'" if word != "NAME" else "$n" for word in install("NAME", "--disk", "none", "--transient"))
    destroy = for_each(names, f"virsh -q -c {URI} destroy $n")
    ours = [VM_RUN, "launch", f"many{{1..{count}}}", *ALIKE]
    remove = [VM_RUN, "rm", f"many{{1..{count}}}", "--force"]
    creates = for_each(names, f"virsh -q -c {URI} create /run/$n.xml")
    rounds = 3 if count <= 20 else 2
    pairs.compare(f"{count} VMs", pairs.Command(f"vm-run launch x{count}", ours, undo=remove),
                  [pairs.Command(f"virt-install x{count}", for_each(names, installs), undo=destroy),
                   pairs.Command(f"virsh create x{count}", creates, undo=destroy)], rounds=rounds, warm_up=0)


def removal_of(count):
    """Running VMs of one launch; the peer ends them one after the other, and leaves their definitions."""
    names = [f"gone{n}" for n in range(1, count + 1)]
    launch = [VM_RUN, "launch", f"gone{{1..{count}}}", *ALIKE]
    remove = [VM_RUN, "rm", f"gone{{1..{count}}}", "--force"]
    pairs.compare(f"Removal of {count} VMs", pairs.Command(f"vm-run rm x{count}", remove, before=launch),
                  [pairs.Command(f"virsh destroy x{count}", for_each(names, f"virsh -q -c {URI} destroy $n"), before=launch, undo=remove)],
                  rounds=3, warm_up=0)


def seed():
    """The image of a seed, made in our process, against the program that virt-install runs for it."""
    folder = pathlib.Path("/run/seed")
    folder.mkdir()
    for name in ("meta-data", "user-data", "network-config"):
        (folder / name).write_text("#cloud-config\n{}\n" * 20, encoding="utf-8")
    ours = subprocess.run([BINARIES / "bench-seed"], capture_output=True, text=True, check=True, timeout=60)
    seconds = []
    for _ in range(10):
        start = time.monotonic()
        subprocess.run(["xorrisofs", "-quiet", "-o", "/run/seed.iso", "-J", "-input-charset", "utf8", "-rational-rock", "-V", "cidata",
                        *folder.iterdir()], check=True)
        seconds.append(time.monotonic() - start)
    pairs.report("The image of a seed", {"vm-run's": [float(word) for word in ours.stdout.split()], "xorrisofs": seconds[1:]})


def calls_to_libvirt(names, *words):
    log = pathlib.Path("/run/rpc.log")
    log.unlink(missing_ok=True)
    subprocess.run([VM_RUN, "launch", names, *ALIKE, *words], check=True, capture_output=True,
                   env={**os.environ, "LIBVIRT_LOG_FILTERS": "1:rpc", "LIBVIRT_LOG_OUTPUTS": f"1:file:{log}"})
    subprocess.run([VM_RUN, "rm", names, "--force"], check=True, capture_output=True)
    return len(re.findall(r"RPC_CLIENT_MSG_TX_QUEUE.* type=0 ", log.read_text(encoding="utf-8", errors="replace")))


def calls():
    words = ("--image", str(BASE), "--user", "me", "--ssh-key", "/run/home/key.pub")
    alone, fifty = (calls_to_libvirt(names, *words) for names in ("rpc", "rpc{1..50}"))
    for number in range(500):
        (POOL / f"volume{number}.qcow2").write_bytes(BASE.read_bytes())
    virsh("pool-refresh", "vms")
    volumes = len(virsh("vol-list", "vms").splitlines())
    print(f"Calls to libvirt, counted\n  one VM, connection included: {alone}; each of 50, connections included: {fifty / 50:.1f}\n"
          f"  with {volumes} volumes in the pool: {calls_to_libvirt('rpc', *words)}")


def until_ssh():
    """From the command to a greeting of the guest's SSH server; the peer's user asks for the lease, then calls, once a second each."""
    pathlib.Path("/run/lan.xml").write_text(LAN, encoding="utf-8")
    virsh("net-create", "/run/lan.xml")
    words = f"{CMDLINE} no_timer_check kvmkit.name=call kvmkit.mode=ssh-banner"
    asks = (f"until ip=$(virsh -q -c {URI} domifaddr call | grep -o '198[0-9.]*'); do sleep 1; done; "
            "until timeout 5 bash -c \"read -r greeting </dev/tcp/$ip/22\"; do sleep 1; done")
    gone = whatever_is_left(f"virsh -q -c {URI} destroy call; virsh -q -c {URI} undefine call")
    pairs.compare("From the command to ssh",
                  pairs.Command("vm-run launch --wait ssh", [VM_RUN, "launch", "call", "--kernel", KERNEL, "--initrd", INITRD, "--cmdline",
                                                             words, "--memory", "192M", "--net", "network=lan", "--accel", "tcg", "--wait",
                                                             "ssh", "--timeout", "300", "--overcommit"], undo=[VM_RUN, "rm", "call", "--force"]),
                  [pairs.Command("virt-install, then asking", shell(
                      shlex.join(install("call", "--disk", "none", network="network=lan,model=virtio", memory=192, cmdline=words)) +
                      "; " + asks), undo=gone)], rounds=5)
    virsh("net-destroy", "lan")


def in_the_guest():
    """What the guest's own programs get from disk and network with our defaults and with virt-install's."""
    import throughput
    disk, initrd = POOL / "inside.qcow2", throughput.make_initrd(INITRD)
    words = f"{CMDLINE} no_timer_check kvmkit.mode=no-dhcp"
    ours = [VM_RUN, "launch", "inside", "--image", str(BASE), "--disk", "256M", "--no-seed", "--kernel", KERNEL, "--initrd", initrd,
            "--cmdline", words, "--memory", "256M", "--net", "bridge=br0", "--accel", "tcg", "--wait", "none", "--overcommit"]
    # For an image of no known system it chooses SATA and e1000 on this machine type, which Debian's cloud kernel has no drivers for.
    theirs = install("inside", "--disk", f"path={disk},size=0.25,backing_store={BASE},backing_format=qcow2,bus=virtio", memory=256,
                     network="bridge=br0,model=virtio", initrd=initrd, cmdline=words)
    gone = f"virsh -q -c {URI} destroy inside; virsh -q -c {URI} undefine inside; virsh -q -c {URI} vol-delete inside.qcow2 vms; rm -f {disk}"

    def state():
        return (f"the VM is {virsh('domstate', 'inside').strip()}; its console says: "
                f"{throughput.last_words(virsh('ttyconsole', 'inside').strip())}")
    throughput.compare({"vm-run": (ours, [VM_RUN, "rm", "inside", "--force"]), "virt-install": (theirs, whatever_is_left(gone))}, state)


def main():
    enter_private_host()
    parts = {"one": one_vm, "rm": ephemeral_vm, "many": lambda: [many_vms(count) for count in COUNTS],
             "removal": lambda: [removal_of(count) for count in COUNTS], "seed": seed, "calls": calls,
             "ssh": until_ssh, "guest": in_the_guest}
    for part in PARTS:
        parts[part]()
        sys.stdout.flush()


if __name__ == "__main__":
    main()
