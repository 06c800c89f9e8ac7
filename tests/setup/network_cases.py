# SPDX-License-Identifier: Apache-2.0
"""Cases of libvirt's network, users' groups and the option nested, with stub packages; the network namespace is this case's own."""
import os
import signal
import subprocess
import time

from machine import Machine
from schema import check

XML = "etc/libvirt/qemu/networks/default.xml"
LINK = "etc/libvirt/qemu/networks/autostart/default.xml"
POLICY = "usr/sbin/policy-rc.d"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def uplink(address: str) -> None:
    """A card with an address, as a host has one that is itself a VM of libvirt's."""
    ip("link", "add", "up0", "type", "veth", "peer", "name", "up1")
    ip("addr", "add", address, "dev", "up0")
    ip("link", "set", "up0", "up")


def kinds(result) -> list:
    return [step["kind"] for step in result.record["steps"]]


def the_network_leaves_the_hosts_addresses_alone(machine: Machine) -> None:
    uplink("192.168.122.50/24")
    plan = machine.setup("plan", "--json")
    check(plan.record)
    assert kinds(plan) == ["refresh-lists", "hold-libvirt", "install-packages", "move-network", "release-libvirt", "grant-device",
                           "change-network"], plan
    assert any("in place of 192.168.122.0/24: this host has address 192.168.122.50/24 of up0" in note for note in plan.record["notes"])
    done = machine.setup("apply", "--json")
    check(done.record)
    assert done.code == 0 and done.record["network"] == {
        "range": "192.168.123.0/24", "bridge": "virbr0", "autostart": True, "active": False}, done
    xml = machine.root / XML
    assert "address='192.168.123.1'" in xml.read_text() and "end='192.168.123.254'" in xml.read_text()
    assert xml.stat().st_mode & 0o777 == 0o600 and os.readlink(machine.root / LINK) == f"/{XML}"
    assert not (machine.root / POLICY).exists()
    assert any("starts when libvirt does" in note for note in done.record["notes"])
    before = (xml.stat().st_ino, xml.stat().st_mtime_ns)
    assert "nothing to do" in machine.setup("apply").out and (xml.stat().st_ino, xml.stat().st_mtime_ns) == before
    status = machine.setup("status", "--json")
    check(status.record)
    assert status.code == 0 and status.record["network"]["range"] == "192.168.123.0/24"
    assert machine.setup("rollback").code == 0
    assert "address='192.168.122.1'" in xml.read_text() and not (machine.root / LINK).is_symlink()


def a_range_is_taken_or_refused(machine: Machine) -> None:
    uplink("10.20.0.9/16")
    assert machine.setup("apply", "hypervisor").code == 0
    xml = machine.root / XML
    before = xml.read_text()
    refused = machine.setup("apply", "network", "--default-net", "10.20.30.0/24")
    assert refused.code == 10 and "the host has address 10.20.0.9/16 of up0" in refused.err and "--default-net auto" in refused.err
    wrong = machine.setup("apply", "network", "--default-net", "10.20.30.1/24")
    assert wrong.code == 2 and "cannot use '10.20.30.1/24' for libvirt's network" in wrong.err
    assert xml.read_text() == before
    assert machine.setup("apply", "network", "--default-net", "10.30.0.0/25").code == 0
    assert "address='10.30.0.1' netmask='255.255.255.128'" in xml.read_text() and "end='10.30.0.126'" in xml.read_text()
    assert "nothing to do" in machine.setup("apply", "network").out, "auto leaves what is settled"


def the_network_is_switched_off(machine: Machine) -> None:
    assert machine.setup("apply").code == 0 and (machine.root / LINK).is_symlink()
    off = machine.setup("apply", "network", "--default-net", "off")
    assert off.code == 0 and not (machine.root / LINK).is_symlink(), off
    assert "nothing to do" in machine.setup("apply", "network", "--default-net", "off").out
    uplink("192.168.122.50/24")
    kept = machine.setup("apply", "network", "--default-net", "keep")
    assert kept.code == 0 and "nothing to do" in kept.out and "is not started: with its range 192.168.122.0/24" in kept.out
    assert machine.setup("rollback").code == 0 and (machine.root / LINK).is_symlink()


def a_network_that_is_killed_anywhere_is_as_before(machine: Machine) -> None:
    uplink("192.168.122.50/24")
    assert machine.setup("apply", "hypervisor").code == 0
    xml, link = machine.root / XML, machine.root / LINK
    before = (xml.read_bytes(), xml.stat().st_mode, xml.stat().st_mtime_ns)
    moments = [f"{when}:{step}" for step in range(2) for when in ("before", "after")] + ["state:applying", "state:applied"]
    for moment in moments:
        killed = machine.setup("apply", "network", KVMKIT_FAULT=f"kill:{moment}")
        assert killed.code == -signal.SIGKILL, moment
        assert xml.read_bytes() == before[0] or b"192.168.123.1" in xml.read_bytes(), f"{moment}: neither old nor new"
        assert machine.setup("resume").code == 0, moment
        assert (xml.read_bytes(), xml.stat().st_mode, xml.stat().st_mtime_ns) == before and not link.is_symlink(), moment
    failed = machine.setup("apply", "network", KVMKIT_FAULT="fail:after:1")
    assert failed.code == 3 and xml.read_bytes() == before[0] and not link.is_symlink()


def members(machine: Machine, group: str) -> list:
    for line in (machine.root / "etc/group").read_text().splitlines():
        if line.startswith(f"{group}:"):
            return [name for name in line.rsplit(":", 1)[1].split(",") if name]
    return []


def a_user_is_put_into_groups_and_taken_out(machine: Machine) -> None:
    assert machine.run("useradd", "alice").code == 0 and machine.run("groupadd", "--system", "kvm").code == 0
    assert machine.run("usermod", "-aG", "kvm", "alice").code == 0
    away = machine.setup("apply", "hypervisor", "groups", "--user", "alice", "--detailed-exit", "--json")
    check(away.record)
    assert away.code == 0 and away.record["relogin"] == [] and members(machine, "libvirt") == ["alice"], away
    assert machine.setup("rollback").code == 0
    assert members(machine, "libvirt") == [] and members(machine, "kvm") == ["alice"], "only what was added is taken away"
    gid = next(line.split(":")[2] for line in (machine.root / "etc/group").read_text().splitlines() if line.startswith("alice:"))
    session = machine.start("/usr/bin/setpriv", "--reuid", "alice", "--regid", gid, "--clear-groups", "/usr/bin/sleep", "100")
    comm = machine.root / f"proc/{session.pid}/comm"  # of this case's own processes
    deadline = time.monotonic() + 20
    while comm.read_text() != "sleep\n" and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        here = machine.setup("apply", "groups", "--detailed-exit", SUDO_USER="alice")
        assert here.code == 13 and "alice must log in again" in here.out and f"pid {session.pid} (sleep)" in here.out, here
        again = machine.setup("apply", "groups", "--detailed-exit", "--json", SUDO_USER="alice")
        check(again.record)
        assert again.code == 13 and not again.record["changed"] and again.record["relogin"] == ["alice"]
        assert machine.setup("apply", "groups", SUDO_USER="alice").code == 0, "13 only if it is asked for"
    finally:
        session.kill()
        session.wait()
    assert machine.setup("apply", "groups", "--detailed-exit", SUDO_USER="alice").code == 0


def wishes_that_belong_nowhere_are_refused(machine: Machine) -> None:
    before = machine.database()
    for words, code, text in ((("apply", "groups"), 2, "component groups needs --user NAME"),
                              (("apply", "modules", "--user", "root"), 2, "--user belongs to component groups"),
                              (("apply", "modules", "--default-net", "off"), 2, "--default-net belongs to component network"),
                              (("apply", "groups", "--user", "carol"), 3, "cannot put user 'carol' into groups")):
        refused = machine.setup(*words)
        assert refused.code == code and text in refused.err, refused
    assert machine.database() == before
    done = machine.setup("apply", SUDO_USER="somebody.of.a.directory")
    assert done.code == 0 and "somebody.of.a.directory is put into no group" in done.out


def a_policy_of_the_administrator_comes_back(machine: Machine) -> None:
    policy = machine.root / POLICY
    policy.write_text("#!/bin/sh\necho asked about $1 >>/asked\nexit 0\n")
    policy.chmod(0o750)
    before = (policy.read_bytes(), policy.stat().st_mode, policy.stat().st_mtime_ns, policy.stat().st_ino)
    machine.replace("vlan", scripts={"postinst": "#!/bin/sh\n/usr/sbin/policy-rc.d vlan start\n/usr/sbin/policy-rc.d libvirtd start; [ $? = 101 ]\n"})
    assert machine.setup("apply", KVMKIT_FAULT="kill:before:2").code == -signal.SIGKILL
    assert machine.setup("resume").code == 0
    assert (policy.read_bytes(), policy.stat().st_mode, policy.stat().st_mtime_ns, policy.stat().st_ino) == before
    assert machine.setup("apply").code == 0
    assert "asked about vlan" in (machine.root / "asked").read_text()
    assert (policy.read_bytes(), policy.stat().st_mode, policy.stat().st_mtime_ns, policy.stat().st_ino) == before
    assert not policy.with_name("policy-rc.d.before-kvmkit").exists()


def what_does_not_hold_is_named(machine: Machine) -> None:
    before = machine.database()
    fresh = machine.setup("verify", "--json")
    check(fresh.record)
    found = {each["id"]: each for each in fresh.record["findings"]}
    assert fresh.code == 1 and found["packages"]["state"] == "fails" and "vlan" in found["packages"]["evidence"]
    assert found["qemu-img"]["state"] == "fails" and found["capabilities"]["hint"] == "host-setup apply services"
    assert machine.database() == before
    assert machine.setup("apply").code == 0
    (machine.root / "run/libvirt/network").mkdir(parents=True)
    (machine.root / "run/libvirt/network/default.xml").write_text("<networkstatus/>")
    ip("link", "add", "virbr0", "type", "bridge")
    lacks = machine.setup("verify", "network")
    assert lacks.code == 1 and "virbr0 lacks an address in 192.168.122.0/24" in lacks.out
    ip("addr", "add", "192.168.122.1/24", "dev", "virbr0")
    assert machine.setup("verify", "network", "services").code == 0
    uplink("192.168.122.50/24")
    clash = machine.setup("verify", "network")
    assert clash.code == 1 and "virbr0 is in the way of address 192.168.122.50/24 of up0" in clash.out
    nobody = machine.run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/host-setup", "verify", "network")
    assert nobody.code == 3 and "Permission denied" in nobody.out


def the_option_nested_waits_for_a_reboot(machine: Machine) -> None:
    """A kernel of the test's own making: kvm_amd is loaded, and somebody uses it."""
    info = machine.root.parent / "cpuinfo"
    info.write_text("processor\t: 0\nflags\t\t: fpu svm\n")
    subprocess.run(["mount", "--bind", info, machine.root / "proc/cpuinfo"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "sys", machine.root / "sys"], check=True)
    module = machine.root / "sys/module/kvm_amd"
    (module / "parameters").mkdir(parents=True)
    for name, text in (("initstate", "live\n"), ("refcnt", "2\n"), ("parameters/nested", "0\n")):
        (module / name).write_text(text)
    option = machine.root / "etc/modprobe.d/kvmkit-nested.conf"
    done = machine.setup("apply", "nested", "--detailed-exit", "--json")
    check(done.record)
    assert done.code == 13 and kinds(done) == ["set-file"] and option.read_text() == "options kvm_amd nested=1\n", done
    assert done.record["reboot"] == ["module kvm_amd is in use, and takes the option nested only when it is loaded"]
    again = machine.setup("apply", "nested", "--detailed-exit")
    assert again.code == 13 and "nothing to do" in again.out and "reboot needed: module kvm_amd is in use" in again.out
    assert machine.setup("apply", "nested").code == 0
    verified = machine.setup("verify", "nested")
    assert verified.code == 1 and "is in use" in verified.out
    (module / "parameters/nested").write_text("1\n")
    assert machine.setup("verify", "nested").code == 0
    assert machine.setup("rollback").code == 0 and not option.exists()
    (module / "parameters/nested").write_text("0\n")
    option.with_name("zz-hardening.conf").write_text("options kvm_amd nested=0\n")
    beaten = machine.setup("apply", "nested")
    assert beaten.code == 10 and "/etc/modprobe.d/zz-hardening.conf switches it off, and wins" in beaten.err
    (module / "initstate").unlink()
    built_in = machine.setup("plan", "nested")
    assert built_in.code == 0 and "reboot needed: kvm_amd is a part of the kernel" in built_in.out
    assert "kvm_amd.nested=1" in built_in.out
