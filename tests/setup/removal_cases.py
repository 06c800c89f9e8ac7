# SPDX-License-Identifier: Apache-2.0
"""Cases of rollback --packages: what apt brought goes, all of it and nothing else, wherever it is broken off."""
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from cases import WANTED
from fresh_host import differences, picture
from machine import Machine
from schema import check
from stubs import VERSION
from wait import wait_until

CONFFILE = {"scripts": {"conffiles": "/etc/vlan.conf\n"}, "files": {"etc/vlan.conf": "of the package\n"}}


def listed(machine: Machine) -> str:
    return machine.run("dpkg-query", "-W", "-f", "${Package} ${Version} ${Status}\n").out


def host(machine: Machine) -> tuple:
    """dpkg's list, /etc but for the groups that the packages' scripts made, and the device."""
    etc = {name: what for name, what in picture(machine.root / "etc").items()
           if name.rstrip("-") not in ("group", "gshadow")}
    return listed(machine), etc, (machine.root / "dev/kvm").stat().st_mode


def assert_same(before: tuple, machine: Machine, where: str = "") -> None:
    after = host(machine)
    assert after[0] == before[0], (where, set(after[0].splitlines()) ^ set(before[0].splitlines()))
    assert differences(before[1], after[1]) == {} and after[2] == before[2], (where, differences(before[1], after[1]))


def state_of(machine: Machine, identity: str) -> str:
    return next(each["state"] for each in machine.setup("history", "--json").record["changes"] if each["id"] == identity)


def apply(machine: Machine, *words: str) -> str:
    machine.run("apt-get", "update")  # of what was replaced in the repository
    done = machine.setup("apply", "--json", *words)
    assert done.code == 0, done
    return done.record["transaction"]


def packages_go_where_they_are_asked_for(machine: Machine) -> None:
    """Of three kinds: new ones, one over old settings, and one that was there in an older version."""
    machine.replace("unwanted", version="1.0")
    machine.replace("bridge-utils", scripts={"conffiles": "/etc/bridge.conf\n"}, files={"etc/bridge.conf": "a\n"})
    machine.run("apt-get", "update")
    assert machine.run("apt-get", "-y", "install", "unwanted", "bridge-utils").code == 0
    assert machine.run("dpkg", "--remove", "bridge-utils").code == 0, "its settings are left"
    machine.replace("unwanted")
    machine.replace("vlan", fields=f"Depends: unwanted (>= {VERSION})\n", **CONFFILE)
    before = host(machine)
    identity = apply(machine)
    assert "unwanted 99.1" in listed(machine) and (machine.root / "etc/vlan.conf").exists()
    done = machine.setup("rollback", "--packages", "--json")
    check(done.record)
    assert done.code == 0 and done.record["transaction"] == identity, done
    assert done.record["removed"] == [{"name": name, "version": VERSION} for name in sorted(WANTED)], done
    assert done.record["notes"] == ["it was there before, in another version, and stays: unwanted"], done
    assert_same((before[0].replace("unwanted 1.0", "unwanted 99.1"), *before[1:]), machine)
    shown = machine.setup("show", identity).out
    assert "  undone  bring bridge-utils dnsmasq-base" in shown and "  done    install " in shown, shown

    database = machine.database()
    twice = machine.setup("rollback", identity, "--packages", "--json")
    check(twice.record)
    assert twice.code == 0 and "nothing to do" in twice.record["notes"][0] and twice.record["removed"] == [], twice
    assert machine.setup("rollback", "--packages").code == 3, "no change stands"
    assert machine.database() == database and state_of(machine, identity) == "rolled-back"


def packages_can_be_asked_for_afterwards(machine: Machine) -> None:
    before = host(machine)
    identity = apply(machine)
    plain = machine.setup("rollback", "--json")
    check(plain.record)
    assert plain.record["notes"] == [f"its packages stay; to remove them, too: host-setup rollback {identity} --packages"]
    assert plain.record["removed"] is None and machine.installed("vlan")
    above = apply(machine, "modules")
    refused = machine.setup("rollback", identity, "--packages")
    assert refused.code == 10 and f"{above} was made on top of it" in refused.err and machine.installed("vlan"), refused
    none = machine.setup("rollback", "--packages")
    assert none.code == 0 and "none of the packages that it brought is there" in none.out and machine.installed("vlan"), none
    done = machine.setup("rollback", identity, "--packages")
    assert done.code == 0 and f"removed: vlan {VERSION}\n" in done.out and "note:" not in done.out, done
    assert_same(before, machine)


def what_others_need_is_not_removed(machine: Machine) -> None:
    """Neither that, nor what apt calls superfluous; what somebody removed is passed over."""
    identity = apply(machine)
    machine.replace("extra", fields="Depends: vlan\n")
    machine.replace("orphan")
    (machine.root / "etc/apt/apt.conf.d/99test").write_text('APT::Get::AutomaticRemove "true";\nAPT::Get::Purge "true";\n')
    machine.run("apt-get", "update")
    assert machine.run("apt-get", "-y", "install", "extra", "orphan").code == 0
    assert machine.run("apt-mark", "auto", "orphan").code == 0
    database = machine.database()
    refused = machine.setup("rollback", "--packages")
    assert refused.code == 10 and f"refused to roll back {identity}: extra would have to go, too" in refused.err, refused
    assert "apt-get remove extra; or leave out --packages" in refused.err, refused
    assert machine.database() == database and (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o660
    assert state_of(machine, identity) == "closed"
    assert machine.run("dpkg", "--purge", "extra", "bridge-utils").code == 0
    done = machine.setup("rollback", "--packages", "--json")
    assert done.code == 0 and machine.installed("orphan"), done
    assert [each["name"] for each in done.record["removed"]] == sorted(set(WANTED) - {"bridge-utils"}), done


def a_running_vm_keeps_its_packages(machine: Machine) -> None:
    """Also from the end of a removal that was broken off."""
    identity = apply(machine)
    vm = machine.root / "usr/bin/qemu-system-x86_64"
    subprocess.run(["cp", machine.root / "usr/bin/sleep", vm], check=True)
    process = machine.start("/usr/bin/qemu-system-x86_64", "200")
    try:
        refused = machine.setup("rollback", "--packages")
        assert refused.code == 10 and f"VMs run on what it brought: pid {process.pid}" in refused.err, refused
        assert state_of(machine, identity) == "closed" and (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o660
    finally:
        process.kill()
        process.wait()
    last = len(machine.setup("show", identity, "--json").record["change"]["steps"])
    assert machine.setup("rollback", "--packages", KVMKIT_FAULT=f"kill:undo:{last}").code == -signal.SIGKILL
    process = machine.start("/usr/bin/qemu-system-x86_64", "200")
    try:
        resumed = machine.setup("resume")
        assert resumed.code == 4 and f"VMs run on them: pid {process.pid}" in resumed.err and machine.installed("vlan"), resumed
        refused = machine.setup("rollback", "--packages")
        assert refused.code == 10 and "VMs run on what it brought" in refused.err and machine.installed("vlan"), refused
    finally:
        process.kill()
        process.wait()
    done = machine.setup("rollback", "--packages")
    assert done.code == 0 and f"removed: vlan {VERSION}" in done.out and not machine.installed("vlan"), done


def a_removal_that_is_killed_anywhere_is_ended(machine: Machine) -> None:
    """By the next rollback --packages, which needs no id, or by resume."""
    machine.replace("vlan", **CONFFILE)
    before = host(machine)
    identity = apply(machine)
    steps = machine.setup("show", identity, "--json").record["change"]["steps"]
    moments = ["state:rolling-back"] + [f"undo:{number}" for number in range(len(steps) + 1)]
    struck = 0
    for number, moment in enumerate(moments):
        identity = identity or apply(machine)
        broken = machine.setup("rollback", "--packages", KVMKIT_FAULT=f"kill:{moment}")
        if broken.code == -signal.SIGKILL:
            struck += 1
            assert machine.installed("vlan"), "packages go last"
            if number % 3 == 2:
                assert machine.setup("resume").code == 0
            else:
                ended = machine.setup("rollback", "--packages", "--json")
                assert ended.code == 0 and ended.record["transaction"] == identity, ended
                assert len(ended.record["removed"]) == len(WANTED), ended
        else:
            assert broken.code == 0, (moment, broken)
        assert state_of(machine, identity) == "rolled-back"
        assert_same(before, machine, moment)
        identity = ""
    assert struck >= 3, struck


def processes(root: Path) -> list[int]:
    """All that runs in the case's root."""
    return [int(each.name) for each in (root / "proc").glob("[0-9]*") if os.path.realpath(each / "root") == str(root)]


def a_dpkg_that_is_killed_in_a_removal_is_ended(machine: Machine) -> None:
    """host-setup with apt and dpkg, in the middle of a package; then host-setup alone, whose apt goes on."""
    slow = "#!/bin/sh\ntest -e /srv/fast || { touch /srv/begun; sleep 8; }\n"
    machine.replace("vlan", scripts={"prerm": slow, "conffiles": "/etc/vlan.conf\n"}, files={"etc/vlan.conf": "a\n"})
    before = host(machine)
    for whole in (True, False):
        identity = apply(machine)
        process = machine.start("/host-setup", "rollback", "--packages")
        wait_until((machine.root / "srv/begun").exists, "no package was removed", 60)
        if whole:
            for pid in processes(machine.root):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
        (machine.root / "srv/begun").unlink()
        (machine.root / "srv/fast").touch()
        assert state_of(machine, identity) == "rolling-back"
        if not whole:
            barred = machine.setup("rollback", "--packages", "--lock-timeout", "1")
            assert barred.code == 3 and "is held by" in barred.err, barred
        ended = machine.setup("rollback", "--packages")
        assert ended.code == 0 and f"undone: {identity}" in ended.out, ended
        assert_same(before, machine, f"whole: {whole}")
        (machine.root / "srv/fast").unlink()


def settings_that_were_edited_stay(machine: Machine) -> None:
    machine.replace("vlan", **CONFFILE)
    machine.replace("bridge-utils", scripts={"conffiles": "/etc/bridge.conf\n"}, files={"etc/bridge.conf": "a\n"})
    apply(machine)
    settings = machine.root / "etc/vlan.conf"
    settings.write_text("of somebody\n")
    done = machine.setup("rollback", "--packages")
    assert done.code == 0 and "it was edited, and stays with its package's other settings: /etc/vlan.conf" in done.out, done
    assert settings.read_text() == "of somebody\n" and not (machine.root / "etc/bridge.conf").exists()
    assert "vlan 99.1 deinstall ok config-files" in listed(machine) and "bridge-utils" not in listed(machine)

    settings.unlink()
    assert machine.run("dpkg", "--purge", "vlan").code == 0
    apply(machine)
    definition = machine.root / "etc/libvirt/qemu/default.xml"
    definition.parent.mkdir(parents=True, exist_ok=True)
    definition.write_text("<domain/>\n")
    done = machine.setup("rollback", "--packages")
    assert done.code == 0 and "libvirt's definitions lie among them: /etc/libvirt/qemu/default.xml" in done.out, done
    assert (machine.root / "etc/bridge.conf").exists() and not machine.installed("bridge-utils") and definition.exists()


def what_is_not_known_for_sure_is_refused(machine: Machine) -> None:
    """Before anything is undone: a journal of before, one that was damaged, an application that was killed, dpkg cut off."""
    device = machine.root / "dev/kvm"
    identity = apply(machine)
    kept = machine.root / f"var/lib/kvmkit/txn/host-setup/{identity}/packages.json"
    text = kept.read_text()
    for there in (False, True):
        kept.unlink()
        if there:
            kept.write_text('{"packages": [{"name": 7}]}')
        refused = machine.setup("rollback", "--packages")
        told = "it is not as it was written" if there else "its journal does not say which packages apt brought"
        assert refused.code == 10 and told in refused.err and "/var/log/apt/history.log" in refused.err, refused
        kept.touch()
    kept.write_text(text)
    status = machine.root / "var/lib/dpkg/status"
    whole = status.read_text()
    status.write_text(whole.replace("Package: dash\nEssential: yes\nStatus: install ok installed",
                                    "Package: dash\nEssential: yes\nStatus: install ok half-configured"))
    cut = machine.setup("rollback", "--packages")
    assert cut.code == 10 and "dpkg was interrupted and has to be finished first: dash (half-configured)" in cut.err, cut
    status.write_text(whole)
    assert machine.installed("vlan") and device.stat().st_mode & 0o777 == 0o660 and state_of(machine, identity) == "closed"
    assert machine.setup("rollback", "--packages").code == 0 and not machine.installed("vlan")

    assert machine.setup("apply", KVMKIT_FAULT="kill:after:2").code == -signal.SIGKILL
    assert machine.setup("resume").code == 0
    identity = machine.setup("history", "--json").record["changes"][-1]["id"]
    never = machine.setup("rollback", identity, "--packages")
    assert never.code == 10 and f"refused to roll back {identity}: it is rolled-back" in never.err, never
