# SPDX-License-Identifier: Apache-2.0
"""Cases of --root: a system in a folder is made what apply makes of a host, from outside, and nothing of it is started."""
import os
import signal
import subprocess
from pathlib import Path

from fresh_host import differences, picture
from machine import Machine, Result
from resume_cases import another
from schema import check
from wait import wait_until

POLICY = "usr/sbin/policy-rc.d"


def image_of(machine: Machine) -> Machine:
    """As a tree lies there that nobody mounted anything in but the folder with its packages. Locks lie in a /run of the case's own."""
    subprocess.run(["mount", "-t", "tmpfs", "run", "/run"], check=True)
    for place in ("dev", "run", "proc"):
        subprocess.run(["umount", "-l", machine.root / place], check=True)
    return machine


def start(machine: Machine, *words: str, **environment: str) -> subprocess.Popen:
    return subprocess.Popen([machine.program, *words], env=dict(os.environ) | environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def outside(machine: Machine, command: str, *words: str, **environment: str) -> Result:
    """This machine's own host-setup, told where the image lies."""
    process = start(machine, command, "--root", str(machine.root), *words, **environment)
    out, err = process.communicate(timeout=200)
    print(f"$ {command} --root {' '.join(words)}  -> {process.returncode}\n{out}{err}")
    return Result(process.returncode, out, err)


def machine_state() -> tuple:
    """What of this machine an image must not touch."""
    device = Path("/dev/kvm")
    look = device.stat() if device.exists() else None
    forward = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    return Path("/proc/self/mounts").read_text(), look and (look.st_mode, look.st_gid, look.st_ino), forward


def tree(machine: Machine) -> dict:
    """All that lies in the image and is its own, but what dpkg and apt note down, and our journal."""
    return {name: each for name, each in picture(machine.root / "etc").items() if not name.endswith("-")}


def an_image_is_made_what_a_host_is(machine: Machine) -> None:
    subprocess.run(["useradd", "--root", image_of(machine).root, "worker"], check=True)
    assert outside(machine, "apply", "hypervisor").code == 0
    packages_alone, machine = tree(machine), image_of(another(machine))
    (machine.root / "etc/network").mkdir(exist_ok=True)
    (machine.root / "etc/network/interfaces").write_text("iface eth0 inet static\n    address 192.168.122.40/24\n    netmask 255.255.255.0\n")
    subprocess.run(["useradd", "--root", machine.root, "worker"], check=True)
    before, here = tree(machine), machine_state()
    empty = [sorted((machine.root / place).iterdir()) for place in ("run", "dev", "proc", "sys")]
    looked = outside(machine, "apply", "--dry-run", "nested", "hypervisor", "groups", "--user", "worker")
    assert looked.code == 1 and "kvmkit-nested.conf" in looked.out and tree(machine) == before, looked
    words = ("hypervisor", "network", "modules", "groups", "services", "nested", "--user", "worker")
    done = outside(machine, "apply", *words, "--json")
    check(done.record)
    assert done.code == 0 and done.record["host"]["live"] is False and machine.installed("libvirt-daemon-system"), done
    steps = [step["text"] for step in done.record["steps"]]
    assert not any(text.startswith(("start libvirtd", "load", "wait for libvirt", "open /dev/kvm")) for text in steps), steps
    wants = machine.root / "etc/systemd/system"
    assert (wants / "multi-user.target.wants/libvirtd.service").is_symlink() and (wants / "sockets.target.wants/libvirtd.socket").is_symlink()
    networks = machine.root / "etc/libvirt/qemu/networks"
    assert "192.168.123.1" in (networks / "default.xml").read_text(), "the image itself has 192.168.122.40"
    assert (networks / "autostart/default.xml").is_symlink()
    nested = (machine.root / "etc/modprobe.d/kvmkit-nested.conf").read_text()
    assert nested == "options kvm_intel nested=1\noptions kvm_amd nested=1\n", nested
    groups = (machine.root / "etc/group").read_text()
    assert all(any(line.startswith(f"{name}:") and line.endswith(":worker") for line in groups.splitlines()) for name in ("kvm", "libvirt"))
    assert any("which CPU" in note for note in done.record["notes"]) and any("which addresses" in note for note in done.record["notes"])
    assert not (machine.root / POLICY).exists() and machine_state() == here
    assert empty == [sorted((machine.root / place).iterdir()) for place in ("run", "dev", "proc", "sys")], "something was left"

    database = machine.database()
    again = outside(machine, "apply", *words, "--json")
    assert again.code == 0 and not again.record["changed"] and machine.database() == database, again
    seen = outside(machine, "verify", *words, "--json")
    check(seen.record)
    states = {(each["component"], each["state"]) for each in seen.record["findings"]}
    assert ("services", "holds") in states and ("network", "holds") in states and ("nested", "holds") in states, seen
    changes = outside(machine, "history", "--json").record["changes"]
    assert [each["state"] for each in changes] == ["closed"] and (machine.root / "var/lib/kvmkit/txn/host-setup").is_dir()
    assert "enable libvirtd.service" in outside(machine, "show", changes[0]["id"]).out

    back = outside(machine, "rollback")
    assert back.code == 0, back
    packages_alone["network/interfaces"] = before["network/interfaces"]
    left = set(differences(packages_alone, tree(machine)))
    assert left <= {"modprobe.d", "libvirt/qemu/networks/autostart", "network"}, left
    assert f"host-setup rollback --root {machine.root} {changes[0]['id']} --packages" in back.out, back
    gone = outside(machine, "rollback", changes[0]["id"], "--packages", "--json")
    check(gone.record)
    assert "vlan" in [each["name"] for each in gone.record["removed"]] and not machine.installed("vlan"), gone
    assert not networks.exists() and machine_state() == here
    assert machine_state() == here


def an_image_that_is_killed_anywhere_is_mended(machine: Machine) -> None:
    """At each step, and while dpkg works: nothing stays mounted, nothing runs on, and the next run ends it."""
    words = ("hypervisor", "network", "services", "nested")
    for step in range(12):
        host = image_of(another(machine))
        here = machine_state()
        broken = outside(host, "apply", *words, KVMKIT_FAULT=f"kill:after:{step}")
        if broken.code == 0:
            assert step > 5, "the fault did not strike"
            return
        assert broken.code == 128 + signal.SIGKILL and machine_state() == here and not working_in(host.root), broken
        if step % 2:
            resumed = outside(host, "resume")
            assert resumed.code == 0 and "undid transaction" in resumed.out and not (host.root / POLICY).exists(), resumed
            assert f"host-setup resume --root {host.root} --finish" in resumed.err, resumed
            ended = outside(host, "resume", "--finish")
        else:
            ended = outside(host, "apply", *words)
        assert ended.code == 0 and not (host.root / POLICY).exists() and machine_state() == here, (step, ended)
        assert "nothing to do" in outside(host, "apply", *words).out
    raise AssertionError("there are more steps than this kills")


def an_image_that_is_cut_while_dpkg_works_is_mended_by_the_next(machine: Machine) -> None:
    """kill -9 of what was started ends all that works in the image; what dpkg was in the middle of is ours, and finished."""
    image_of(machine)
    here = machine_state()
    machine.replace("vlan", scripts={"postinst": "#!/bin/sh\ntest -e /srv/again && exit 0\ntouch /srv/begun\nsleep 60\n"})
    process = start(machine, "apply", "--root", str(machine.root), "hypervisor")
    wait_until((machine.root / "srv/begun").exists, "the package was not set up", 60)
    assert (machine.root / POLICY).exists() and "exit 101" in (machine.root / POLICY).read_text()
    busy = outside(machine, "apply", "hypervisor")
    assert busy.code == 11 and f"pid {process.pid}" in busy.err, busy
    process.kill()
    process.wait()
    wait_until(lambda: machine_state() == here and not working_in(machine.root), "something runs on in the image", 20)
    (machine.root / "srv/again").touch()
    done = outside(machine, "apply", "hypervisor")
    assert done.code == 0 and "dpkg was broken off in a run of host-setup's own" in done.err, done
    assert machine.installed("vlan") and not (machine.root / POLICY).exists() and machine_state() == here


def working_in(root: Path) -> list:
    found = []
    for process in Path("/proc").glob("[0-9]*/root"):
        try:
            found += [process] if process.samefile(root) else []
        except OSError:
            pass
    return found


def nothing_of_an_image_is_started(machine: Machine) -> None:
    """A package that starts its service as Debian's do, one that loads a module, and one that looks for the machine."""
    image_of(machine)
    here = machine_state()
    script = """#!/bin/sh
set -e
printf '#!/bin/sh\\ntouch /srv/started\\n' >/etc/init.d/stub && chmod 755 /etc/init.d/stub
invoke-rc.d stub start || true
test ! -e /dev/kvm && test ! -e /run/systemd/system && test -c /dev/null && test -d /sys/devices
if echo 1 2>/dev/null >/proc/sys/net/ipv4/ip_forward; then exit 9; fi
test "$(ls -d /proc/[0-9]* | wc -l)" -lt 20
grep CapBnd /proc/self/status >/srv/rights
"""
    machine.replace("vlan", scripts={"postinst": script})
    done = outside(machine, "apply", "hypervisor")
    assert done.code == 0, done
    assert not (machine.root / "srv/started").exists()
    rights = int((machine.root / "srv/rights").read_text().split()[1], 16)
    modules, network, clock, boot = 16, 12, 25, 22
    assert not any(rights >> right & 1 for right in (modules, network, clock, boot)), hex(rights)
    assert machine_state() == here


def what_is_no_image_is_refused(machine: Machine) -> None:
    image_of(machine)
    here = machine_state()

    def refused(code: int, text: str, *words: str, root: str | None = None) -> None:
        process = start(machine, "apply", "--root", root or str(machine.root), *words)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code and text in err, (process.returncode, out, err)

    refused(2, "that is this host itself", root="/")
    refused(3, "cannot open image '/nowhere'", root="/nowhere")
    refused(3, "there is no system in it", root=str(machine.root / "srv"))
    refused(2, "--plan is for a host that runs", "--plan", "/x")
    refused(2, "component ssh-root is on trial", "ssh-root")
    release = machine.root / "usr/lib/os-release"
    kept = release.read_text()
    release.write_text("ID=ubuntu\nVERSION_ID=14.04\nPRETTY_NAME=Trusty\n")
    refused(10, "third tier")
    release.write_text("ID=plan9\nPRETTY_NAME=Plan\n")
    refused(10, "Plan")
    release.write_text(kept)
    shell = machine.root / "usr/bin/dash"
    program = shell.read_bytes()
    shell.write_bytes(program[:18] + b"\xb7\x00" + program[20:])
    refused(10, "its programs are for aarch64, and this machine runs x86_64")
    shell.write_bytes(program)
    container = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "chroot", machine.root, "sleep", "60"])
    wait_until(lambda: bool(working_in(machine.root)), "no container")
    refused(10, "a container runs in it, of which pid")
    container.kill()
    container.wait()
    wait_until(lambda: not working_in(machine.root), "the container stays")
    nobody = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", machine.program, "apply", "--root", machine.root],
                            capture_output=True, text=True, check=False)
    assert nobody.returncode == 3 and "only root may" in nobody.stderr, nobody
    assert machine_state() == here and not machine.installed("vlan")


def commands_that_are_told_name_the_image(machine: Machine) -> None:
    """Typed as they are told, they must change the image and not this machine."""
    image_of(machine)
    there = f"--root {machine.root}"
    fails = outside(machine, "verify", "hypervisor")
    assert fails.code == 1 and f"host-setup apply {there}" in fails.out, fails
    unknown = outside(machine, "show", "x")
    assert unknown.code == 3 and f"host-setup history {there}" in unknown.err, unknown
    database = machine.root / "var/lib/dpkg/status"
    sound = database.read_text()
    database.write_text(sound.replace("Status: install ok installed", "Status: install ok half-configured", 1))
    broken = outside(machine, "apply", "hypervisor")
    assert broken.code != 0 and f"host-setup apply {there} --repair" in broken.err, broken
    assert f"chroot {machine.root} dpkg --configure -a" in broken.err, broken
    database.write_text(sound)
    for component in ("mirror", "ssh-root"):
        assert "on the host itself" in outside(machine, "verify", component).err


def an_image_is_looked_at_while_it_is_changed(machine: Machine) -> None:
    image_of(machine)
    changing = start(machine, "apply", "--root", str(machine.root), "hypervisor", KVMKIT_FAULT="hold:after:0")
    try:
        wait_until(lambda: list((machine.root / "var/lib/kvmkit/txn/host-setup").glob("*/journal")), "no change began")
        assert outside(machine, "history").code == 0 and outside(machine, "verify", "hypervisor").code == 1
        assert outside(machine, "apply", "--dry-run", "hypervisor").code == 1
        second = outside(machine, "apply", "hypervisor")
        assert second.code == 11, second
    finally:
        changing.kill()
        changing.wait(timeout=60)


def an_image_whose_programs_may_not_run_is_refused(machine: Machine) -> None:
    image_of(machine)
    subprocess.run(["mount", "--rbind", machine.root, machine.root], check=True)
    subprocess.run(["mount", "-o", "remount,bind,noexec", machine.root], check=True)
    try:
        refused = outside(machine, "apply", "hypervisor")
        assert refused.code == 10 and f"mount -o remount,exec {machine.root}" in refused.err, refused
        subprocess.run(["mount", "-o", "remount,bind,exec,ro", machine.root], check=True)
        refused = outside(machine, "apply", "hypervisor")
        assert refused.code == 10 and f"mount -o remount,rw {machine.root}" in refused.err, refused
        assert outside(machine, "apply", "--dry-run", "hypervisor").code == 1
    finally:
        subprocess.run(["umount", "-l", machine.root], check=True)
