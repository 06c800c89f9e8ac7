# SPDX-License-Identifier: Apache-2.0
"""Cases of packages, locks and failures. Each asserts the exit code, the message and the state that is left."""
import fcntl
import json
import os
import signal
import subprocess
import sys
import time

from machine import Machine
from schema import check
from stubs import NAMES

WANTED = [name for name in NAMES if name not in ("kmod", "unwanted")]


def installs_then_finds_nothing_to_do(machine: Machine) -> None:
    status = machine.setup("status", "--json")
    check(status.record)
    assert status.code == 1 and not status.record["complete"]
    plan = machine.setup("plan", "--json")
    check(plan.record)
    assert plan.code == 1 and len(plan.record["missing"]) == len(WANTED), plan.record["missing"]
    assert machine.setup("apply", "--dry-run").code == 1
    for option in ("--lock-timeout", "--timeout"):
        wrong = machine.setup("apply", "--dry-run", option, "soon")
        assert wrong.code == 2 and f"{option}: 'soon' is not a time" in wrong.err
    assert not machine.installed("vlan"), "a dry run installed something"

    form = machine.setup("apply", "--progress", "bars")
    assert form.code == 2 and "'bars' is no form of progress" in form.err
    wrong = machine.setup("apply", "nothing", "--progress", "json")
    failure = json.loads(wrong.err)
    check(failure)
    assert wrong.code == failure["exit"] == 2 and "unknown component 'nothing'" in failure["error"]["message"]
    done = machine.setup("apply", "--json", "--progress", "json")
    check(done.record)
    assert done.code == 0 and done.record["changed"] and done.record["steps"] == plan.record["steps"]
    told = [json.loads(line) for line in done.err.splitlines()]
    for line in told:
        check(line)
    assert [line["text"] for line in told if line["kind"] == "note" and "to fetch" not in line["text"]] == [
        step["text"] for step in done.record["steps"]]
    assert {line["phase"] for line in told if line["kind"] == "packages"} >= {"install"} and told == sorted(told, key=lambda line: line["t_ms"])
    assert sorted(each["name"] for each in done.record["packages"]) == sorted(WANTED)
    assert done.record["service"] == {"manager": "none", "unit": None, "state": "stopped", "enabled": False}
    assert any("virtlogd -d && libvirtd -d" in note for note in done.record["notes"])
    assert not machine.installed("unwanted"), "a recommended package came along"
    device = (machine.root / "dev/kvm").stat()
    assert device.st_mode & 0o7777 == 0o660 and done.record["device"]["open_to_group"]

    before = machine.database()
    again = machine.setup("apply", "--json")
    check(again.record)
    assert again.code == 0 and not again.record["changed"] and again.record["transaction"] is None
    assert "nothing to do" in machine.setup("apply").out
    assert machine.database() == before, "the second run wrote dpkg's database"
    assert machine.setup("apply", "--dry-run").code == 0
    assert machine.setup("status").code == 0
    priced = machine.setup("plan", "--json").record
    check(priced)
    assert priced["steps"] == [] and priced["price"] is None


def components_are_done_alone(machine: Machine) -> None:
    done = machine.setup("apply", "hypervisor")
    assert done.code == 0 and machine.installed("qemu-utils")
    assert (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o600, "modules were not asked for"
    plan = machine.setup("plan", "--json").record
    assert [step["kind"] for step in plan["steps"]] == ["grant-device", "change-network"]
    wrong = machine.setup("apply", "hypervisr")
    assert wrong.code == 2 and "did you mean 'hypervisor'" in wrong.err


def hold(machine: Machine, path: str, seconds: float) -> subprocess.Popen:
    """A process that holds an fcntl lock, as apt and dpkg do."""
    code = ("import fcntl,sys,time; f=open(sys.argv[1],'a'); fcntl.lockf(f,fcntl.LOCK_EX); "
            "print('held',flush=True); time.sleep(float(sys.argv[2]))")
    target = machine.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    holder = subprocess.Popen([sys.executable, "-c", code, target, str(seconds)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    return holder


def held_locks_are_named_and_waited_for(machine: Machine) -> None:
    before = machine.database()
    for path in ("var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock", "var/lib/apt/lists/lock", "var/cache/apt/archives/lock"):
        holder = hold(machine, path, 60)
        try:
            done = machine.setup("apply", "--lock-timeout", "1")
        finally:
            holder.kill()
            holder.wait()
        assert done.code == 3, done
        assert f"waiting for apt: /{path} is held by pid {holder.pid}" in done.err
        assert f"cannot use apt: '/{path}' is held by pid {holder.pid} (" in done.err and "--lock-timeout" in done.err
        assert holder.returncode == -signal.SIGKILL, "the holder was ended by somebody else"
    assert machine.database() == before


def a_lock_that_is_dropped_is_waited_out(machine: Machine) -> None:
    holder = hold(machine, "var/lib/dpkg/lock-frontend", 2)
    done = machine.setup("apply", "--lock-timeout", "60")
    holder.wait()
    assert done.code == 0 and f"pid {holder.pid}" in done.err and machine.installed("vlan")


def a_failing_postinst_lists_what_stays(machine: Machine) -> None:
    machine.replace("qemu-utils", scripts={"postinst": "#!/bin/sh\necho the disk is on fire >&2\nexit 7\n"})
    done = machine.setup("apply")
    assert done.code == 4, done
    assert "cannot install packages" in done.err and "the disk is on fire" in done.err
    assert "returned error exit status 7" in done.err
    assert "the disk is on fire" in (machine.root / "var/lib/kvmkit/host-setup-packages.log").read_text()
    assert "qemu-utils 99.1 (half-configured)" in done.err and "vlan 99.1 (installed)" in done.err
    assert "dpkg --configure -a" in done.err
    assert (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o600
    assert not (machine.root / "usr/sbin/policy-rc.d").exists(), "libvirt may start again"


def a_mirror_that_moved_on_is_told(machine: Machine) -> None:
    """The lists are of today, and the file that they name is gone."""
    machine.run("apt-get", "update")
    (machine.repo / "vlan.deb").unlink()
    before = machine.database()
    done = machine.setup("apply")
    assert done.code == 3 and "Failed to fetch" in done.err and "hint: is the network up? if it is, the lists are out of date: apt-get update" in done.err
    assert machine.database() == before


def a_missing_candidate_is_named(machine: Machine) -> None:
    machine.drop("vlan")
    before = machine.database()
    done = machine.setup("apply")
    assert done.code == 3 and "cannot find package 'vlan'" in done.err and "'bookworm'" in done.err
    assert machine.database() == before


def an_update_that_lies_is_found(machine: Machine) -> None:
    """One source lacks a component that is asked for: apt-get update warns, and ends with 0 for all that."""
    pool = machine.repo / "dists/stable"
    (pool / "main/binary-amd64").mkdir(parents=True)
    (pool / "main/binary-amd64/Packages").write_text("")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (pool / "Release").write_text(f"Suite: stable\nCodename: stable\nArchitectures: amd64\nComponents: main\n"
                                  f"Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n {empty} 0 main/binary-amd64/Packages\n")
    machine.sources("copy:/srv/repo ./", "copy:/srv/repo stable main universe")
    lied = machine.run("apt-get", "update", "--error-on=any")
    assert lied.code == 0 and "doesn't have the component 'universe'" in lied.err + lied.out, "apt no longer lies: adjust"

    machine.drop("vlan")
    for stale in (machine.root / "var/lib/apt/lists").glob("*_*"):
        stale.unlink()
    done = machine.setup("apply")
    assert done.code == 3 and "cannot find package 'vlan'" in done.err
    assert "doesn't have the component 'universe'" in done.err and not machine.installed("qemu-utils")

    machine.sources("copy:/srv/repo ./", "http://127.0.0.1:1/ ./")
    machine.replace("vlan")
    warned = machine.setup("apply")
    assert warned.code == 0 and "could not read all sources" in warned.err and "127.0.0.1" in warned.err


def a_removal_is_refused(machine: Machine) -> None:
    machine.replace("firewall-of-mine")
    machine.run("apt-get", "update")
    assert machine.run("apt-get", "-y", "install", "firewall-of-mine").code == 0
    machine.replace("iptables", fields="Conflicts: firewall-of-mine\n")
    machine.run("apt-get", "update")
    before = machine.database()
    done = machine.setup("apply")
    assert done.code == 10 and "apt would remove 'firewall-of-mine'" in done.err
    assert machine.database() == before and machine.installed("firewall-of-mine")
    assert "1 to remove" in machine.setup("plan").out


def a_full_disk_is_refused(machine: Machine) -> None:
    machine.replace("qemu-utils", files={"usr/share/big": os.urandom(400_000)})
    cache = machine.root / "var/cache/apt/archives"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "small", cache], check=True)
    (cache / "partial").mkdir()
    before = machine.database()
    done = machine.setup("apply")
    assert done.code == 10 and "'/var/cache/apt/archives' needs" in done.err and "128 KiB free" in done.err
    assert machine.database() == before


def what_is_mounted_read_only_is_refused(machine: Machine) -> None:
    """Before dpkg finds it out, which leaves packages half configured."""
    before = machine.database()
    for place in ("etc", "usr"):
        folder = machine.root / place
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        done = machine.setup("apply")
        assert done.code == 10 and f"'/{place}' is mounted read-only" in done.err and "remount,rw" in done.err, done
        assert machine.database() == before
        subprocess.run(["umount", folder], check=True)
    assert machine.setup("apply").code == 0


def a_killed_run_is_finished_by_the_next(machine: Machine) -> None:
    policy = machine.root / "usr/sbin/policy-rc.d"
    assert machine.setup("apply", KVMKIT_FAULT="kill:before:2").code == -signal.SIGKILL
    assert not machine.installed("vlan") and "libvirt must not start" in policy.read_text()
    assert machine.setup("apply", KVMKIT_FAULT="kill:after:3").code == -signal.SIGKILL
    assert not policy.exists() and machine.installed("vlan") and (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o660
    done = machine.setup("apply")
    assert done.code == 0 and "undid transaction" in done.err and machine.installed("vlan")
    assert (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o660
    assert "nothing to do" in machine.setup("apply").out


def a_question_cannot_hang_it(machine: Machine) -> None:
    """A debconf question without a default, a conffile that was changed, and a script that reads wherever it can."""
    template = "Template: vlan/why\nType: string\nDescription: Why?\n Say why.\n"
    config = "#!/bin/sh\nset -e\n. /usr/share/debconf/confmodule\ndb_input critical vlan/why || true\ndb_go || true\n"
    postinst = ("#!/bin/sh\nread answer; echo \"stdin said '$answer'\"\n"
                "if read answer </dev/tty; then exit 9; fi\nexit 0\n")
    (machine.root / "etc/vlan.conf").write_text("mine\n")
    machine.replace("vlan", scripts={"config": config, "templates": template, "postinst": postinst,
                                     "conffiles": "/etc/vlan.conf\n"}, files={"etc/vlan.conf": "theirs\n"})
    began = time.monotonic()
    assert machine.setup("apply").code == 0 and time.monotonic() - began < 60
    assert (machine.root / "etc/vlan.conf").read_text() == "mine\n"


def a_hanging_postinst_is_ended(machine: Machine) -> None:
    machine.replace("vlan", scripts={"postinst": "#!/bin/sh\necho the words before >&2\nsleep 600\n"})
    machine.run("apt-get", "update")
    done = machine.setup("apply", "--timeout", "10")
    assert done.code == 4 and "did not end within 10 s" in done.err and "dpkg --configure -a" in done.err
    assert "vlan 99.1 (half-configured)" in done.err
    assert "vlan.postinst configure" in done.err and "sleep 600" in done.err, "what hangs is named"
    assert "it said last:" in done.err and "the words before" in done.err
    assert "the words before" in (machine.root / "var/lib/kvmkit/host-setup-packages.log").read_text()
    seen = machine.setup("apply")
    assert seen.code == 3 and "dpkg was interrupted" in seen.err and "vlan (half-configured)" in seen.err


def an_interrupted_dpkg_is_seen_first(machine: Machine) -> None:
    updates = machine.root / "var/lib/dpkg/updates"
    updates.mkdir(exist_ok=True)
    (updates / "0000").write_text("")
    for words in (("apply",), ("plan",)):
        done = machine.setup(*words)
        assert done.code == 3 and "dpkg was interrupted" in done.err and "dpkg --configure -a" in done.err
    assert not machine.installed("vlan")


def a_second_instance_is_kept_out(machine: Machine) -> None:
    (machine.root / "run/kvmkit").mkdir()
    for name in ("lock.host-setup", "lock"):
        with open(machine.root / "run/kvmkit" / name, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write(json.dumps({"pid": os.getpid(), "command": "net-setup bridge add br0", "since": int(time.time())}))
            lock.flush()
            done = machine.setup("apply")
        assert done.code == 11 and f"pid {os.getpid()} ('net-setup bridge add br0')" in done.err


def only_root_may_apply(machine: Machine) -> None:
    as_nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/host-setup")
    done = machine.run(*as_nobody, "apply")
    assert done.code == 3 and "only root" in done.err and "sudo host-setup apply" in done.err
    assert machine.run(*as_nobody, "plan").code == 1
    assert machine.run(*as_nobody, "status").code == 1


def a_signal_ends_it_between_steps(machine: Machine) -> None:
    before = machine.database()
    done = machine.setup("apply", KVMKIT_FAULT="stop:after:0")
    assert done.code == 130 and machine.database() == before
    holder = hold(machine, "var/lib/dpkg/lock-frontend", 60)
    waiting = machine.start("/host-setup", "apply")
    while "waiting for apt" not in waiting.stderr.readline():
        assert waiting.poll() is None
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(timeout=20) == 130
    holder.kill()
    holder.wait()


def a_late_failure_gives_the_device_back(machine: Machine) -> None:
    done = machine.setup("apply", KVMKIT_FAULT="fail:after:4")
    assert done.code == 4 and "fault hook" in done.err and "vlan 99.1 (installed)" in done.err
    device = (machine.root / "dev/kvm").stat()
    assert device.st_mode & 0o777 == 0o600 and device.st_gid == 0
    assert machine.setup("apply", KVMKIT_FAULT="fail:after:0").code == 3, "no package changed: the host is as it was"
    assert (machine.root / "dev/kvm").stat().st_gid == 0
    assert machine.setup("apply").code == 0


def other_distributions_are_refused(machine: Machine) -> None:
    release = machine.root / "usr/lib/os-release"
    release.write_text("ID=void\nPRETTY_NAME='Void'\n")
    for command in ("status", "plan", "apply"):
        done = machine.setup(command)
        assert done.code == 10 and "ID=void" in done.err and "supported so far: Debian 11 to 13" in done.err, done
    seen = machine.setup("detect", "--json")
    check(seen.record)
    assert seen.code == 1 and not seen.record["served"] and seen.record["refusal"]["message"] in done.err
    before = machine.database()
    release.write_text("ID=debian\nVERSION_ID=10\nVERSION_CODENAME=buster\nPRETTY_NAME='Debian 10'\n")
    planned = machine.setup("plan")
    assert planned.code == 1 and "qemu-system-x86" in planned.out and "names were not read from the archive" in planned.out
    ended = machine.setup("apply")
    assert ended.code == 10 and "of the third tier, which is planned for only" in ended.err
    assert machine.database() == before


def the_third_tier_is_planned_for_only(machine: Machine) -> None:
    """Told by detect, planned with the lines to type, refused by apply; nothing is asked of a package manager."""
    before = machine.database()
    alpine = "ID=alpine\nVERSION_ID=3.20.1\nPRETTY_NAME='Alpine Linux v3.20'\n"
    trusty = "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=14.04\nVERSION_CODENAME=trusty\nPRETTY_NAME='Ubuntu 14.04'\n"
    for text, install, start in ((alpine, "apk update && apk add qemu-system-x86_64 qemu-modules", "rc-service libvirtd start"),
                                 (trusty, "apt-get update && apt-get install --no-install-recommends qemu-system-x86",
                                  "service libvirt-bin start")):
        (machine.root / "usr/lib/os-release").write_text(text)
        (machine.root / "lib/apk/db").mkdir(parents=True, exist_ok=True)
        (machine.root / "lib/apk/db/installed").write_text("C:Q1x=\nP:dnsmasq\nV:2.90-r3\nA:x86_64\n\nP:dbus\nV:1.14-r1\nA:noarch\n")
        seen = machine.setup("detect", "--json")
        check(seen.record)
        assert seen.code == 1 and seen.record["distribution"]["tier"] == "third" and not seen.record["served"]
        assert any("third tier" in note for note in seen.record["notes"])
        plan = machine.setup("plan", "--json")
        check(plan.record)
        notes = "\n".join(plan.record["notes"])
        assert plan.code == 1 and plan.record["price"] is None and install in notes and start in notes, notes
        assert "virsh net-autostart default" in notes
        done = machine.setup("apply")
        assert done.code == 10 and "planned for only" in done.err and "host-setup plan shows what to do by hand" in done.err, done
        status = machine.setup("status", "--json")
        check(status.record)
        assert status.code == 1
        if text is alpine:
            met = {each["package"]: each["met_by"] for each in status.record["capabilities"]}
            assert met["dnsmasq"] == "dnsmasq" and met["dbus"] == "dbus" and met["polkit"] is None, met
    assert machine.database() == before


def rivals_are_refused(machine: Machine) -> None:
    before = machine.database()
    (machine.root / "etc/pve").mkdir()
    for command in ("status", "plan", "apply"):
        done = machine.setup(command)
        assert done.code == 10 and "this is a Proxmox VE host (/etc/pve: there)" in done.err, done
    assert machine.database() == before


def a_host_is_detected_with_what_was_read(machine: Machine) -> None:
    seen = machine.setup("detect", "--json")
    check(seen.record)
    record = seen.record
    assert seen.code == 0 and record["served"] and record["refusal"] is None and record["live"]
    assert record["distribution"]["id"] == "debian" and record["distribution"]["package_manager"] == "apt"
    assert record["distribution"]["tier"] == "first" and record["init"] == "none"
    assert record["libvirt"] == {"installed": False, "mode": "monolithic"}
    assert {"about": "package-manager", "path": "/usr/bin/apt-get", "found": "there"} in record["evidence"]
    assert machine.setup("apply", "hypervisor").code == 0
    assert machine.setup("detect", "--json").record["libvirt"] == {"installed": True, "mode": "monolithic"}
    assert "what was read:\n" in machine.setup("detect").out


def profiles_and_bundles_are_installed(machine: Machine) -> None:
    for command in (("plan", "--profile", "huge"), ("apply", "--profile", "huge")):
        wrong = machine.setup(*command)
        assert wrong.code == 2 and "unknown profile 'huge'" in wrong.err and "tutorial" in wrong.err
    plan = machine.setup("plan", "--profile", "tutorial", "--json")
    check(plan.record)
    names = {each["name"] for each in plan.record["missing"]}
    assert {"virt-manager", "virtinst", "swtpm", "task-kde-desktop", "qemu-system-x86"} <= names, names
    assert "cloud-image-utils" not in names
    lines = [note for note in plan.record["notes"] if note.startswith("tutorial: ")]
    assert any("libvirt-bin: here libvirt-daemon-system, libvirt-clients" in line for line in lines), lines
    assert any("kubuntu-desktop: here task-kde-desktop" in line for line in lines), lines

    done = machine.setup("apply", "guest-images", "--json")
    check(done.record)
    brought = {each["name"] for each in done.record["packages"]}
    assert done.code == 0 and brought == {"ovmf", "cloud-image-utils", "osinfo-db", "libosinfo-bin"}, brought
    assert machine.setup("apply", "--profile", "workstation").code == 0
    assert machine.installed("virt-manager") and not machine.installed("task-kde-desktop")
    again = machine.setup("apply", "--profile", "workstation", "--json")
    assert again.code == 0 and not again.record["changed"]

    (machine.root / "etc/kvmkit").mkdir(exist_ok=True)
    own = machine.root / "etc/kvmkit/packages.json"
    own.write_text(json.dumps({"schema": "kvmkit.packages/1", "capabilities": [
        {"name": "desktop", "title": "my desktop", "components": ["desktop"],
         "packages": [{"package": "unwanted", "on": {"debian": "*"}}]}]}))
    assert machine.setup("apply", "desktop").code == 0 and machine.installed("unwanted")
    own.write_text("{")
    broken = machine.setup("apply", "desktop")
    assert broken.code == 2 and "cannot read catalogue '/etc/kvmkit/packages.json': it is no JSON" in broken.err
