# SPDX-License-Identifier: Apache-2.0
"""Cases of what was done earlier: listed, shown and taken back."""
import subprocess

from machine import Machine
from schema import check


def what_was_done_is_listed_and_taken_back(machine: Machine) -> None:
    empty = machine.setup("history")
    assert empty.code == 0 and empty.out == ""
    for command in ("history", "show", "confirm"):
        nobody = machine.run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/host-setup", command,
                             *(["nothing"] if command == "show" else []))
        assert nobody.code == 3 and "only root may" in nobody.err, nobody
    none = machine.setup("rollback")
    assert none.code == 3 and "there is no change to roll back" in none.err and "host-setup history" in none.err
    first = machine.setup("apply", "hypervisor", "--json").record["transaction"]
    second = machine.setup("apply", "modules", "--json").record["transaction"]
    listed = machine.setup("history", "--json")
    check(listed.record)
    assert [each["id"] for each in listed.record["changes"]] == [first, second]
    assert f"{second}  " in machine.setup("history").out
    shown = machine.setup("show", second, "--json")
    check(shown.record)
    assert shown.record["change"]["steps"] == [
        {"text": "open /dev/kvm to group kvm (mode 0660)", "done": True, "undone": False}]
    assert "  done    open /dev/kvm" in machine.setup("show", second).out
    absent = machine.setup("show", "nothing")
    assert absent.code == 3 and "there is no change nothing" in absent.err

    device = machine.root / "dev/kvm"
    assert device.stat().st_mode & 0o777 == 0o660
    below = machine.setup("rollback", first)
    assert below.code == 10 and f"{second} was made on top of it" in below.err and f"host-setup rollback {second}" in below.err
    nobody = machine.run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/host-setup", "rollback")
    assert nobody.code == 3 and "only root may" in nobody.err
    done = machine.setup("rollback", second)
    assert done.code == 0 and f"undone: {second}" in done.out and device.stat().st_mode & 0o777 == 0o600
    twice = machine.setup("rollback", second)
    assert twice.code == 10 and "it is rolled-back" in twice.err
    stays = machine.setup("rollback", "--json")
    check(stays.record)
    assert stays.code == 0 and stays.record["transaction"] == first and "its packages stay" in stays.record["notes"][0]
    assert machine.installed("vlan")


def a_running_vm_keeps_what_it_runs_on(machine: Machine) -> None:
    assert machine.setup("apply").code == 0
    vm = machine.root / "usr/bin/qemu-system-x86_64"
    subprocess.run(["cp", machine.root / "usr/bin/sleep", vm], check=True)
    process = machine.start("/usr/bin/qemu-system-x86_64", "60")
    try:
        done = machine.setup("rollback")
    finally:
        process.kill()
        process.wait()
    assert done.code == 10 and f"VMs run on what it brought: pid {process.pid} (qemu-system-x86)" in done.err, done
    assert (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o660
    assert machine.setup("rollback").code == 0


def what_cannot_be_undone_is_named_and_tried_again(machine: Machine) -> None:
    assert machine.setup("apply").code == 0
    failed = machine.setup("rollback", KVMKIT_FAULT="fail:undo:4")
    assert failed.code == 4 and "could not undo all of" in failed.err and "open /dev/kvm" in failed.err
    assert "host-setup resume" in failed.err
    damaged = machine.setup("rollback")
    assert damaged.code == 3 and "there is no change to roll back" in damaged.err
    again = machine.setup("resume")
    assert again.code == 0 and "undid transaction" in again.out
    assert (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o600


def what_was_left_stays_while_a_newer_change_stands_on_it(machine: Machine) -> None:
    device = machine.root / "dev/kvm"
    left = machine.setup("apply", "--json").record["transaction"]
    assert machine.setup("rollback", KVMKIT_FAULT="fail:undo:4").code == 4 and device.stat().st_mode & 0o777 == 0o660
    above = machine.setup("apply", "--json", KVMKIT_FAULT="fail:undo:4")
    assert above.code == 0 and "open /dev/kvm" in above.err, above
    newer = above.record["transaction"]

    resumed = machine.setup("resume")
    told = f"what is left of {left} stays: {newer} was made on top of it"
    assert resumed.code == 4 and told in resumed.err and f"host-setup rollback {newer}" in resumed.err, resumed
    named = machine.setup("resume", left)
    assert named.code == 10 and told in named.err, named
    again = machine.setup("apply")
    assert again.code == 0 and told in again.err and device.stat().st_mode & 0o777 == 0o660, again

    assert machine.setup("rollback").code == 0 and machine.setup("resume").code == 0
    assert device.stat().st_mode & 0o777 == 0o600
