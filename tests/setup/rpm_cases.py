# SPDX-License-Identifier: Apache-2.0
"""Cases of dnf and zypper. Each asserts the exit code, the message and the state that is left."""
import signal
import subprocess

from cases import hold
from rpm_machine import DnfMachine, ZypperMachine
from schema import check


def installs_then_finds_nothing_to_do(machine: DnfMachine) -> None:
    seen = machine.setup("detect", "--json")
    check(seen.record)
    assert seen.code == 0 and seen.record["served"], seen.record
    assert seen.record["distribution"]["family"] == machine.family
    assert seen.record["distribution"]["package_manager"] == machine.manager
    assert seen.record["libvirt"] == {"installed": False, "mode": "modular"}
    status = machine.setup("status", "--json")
    check(status.record)
    assert status.code == 1 and status.record["host"]["architecture"] == "x86_64"
    assert any("not read from the archive" in note for note in status.record["notes"])

    machine.index()
    plan = machine.setup("plan", "hypervisor", "--json")
    check(plan.record)
    assert plan.code == 1 and [each["name"] for each in plan.record["missing"]] == machine.wanted
    assert {each["candidate"] for each in plan.record["missing"]} == {"99.1-1"}
    assert sorted(each["name"] for each in plan.record["price"]["install"]) == machine.brought
    assert plan.record["price"]["disk"] > 0 and plan.record["price"]["remove"] == []
    assert not machine.packages(), "a plan installed something"

    done = machine.setup("apply", "hypervisor", "--json")
    check(done.record)
    assert done.code == 0 and sorted(each["name"] for each in done.record["packages"]) == machine.brought
    assert done.record["packages"][0]["after"] == "99.1-1" and not machine.installed("unwanted"), "a weak dependency came along"
    before = machine.database()
    again = machine.setup("apply", "hypervisor", "--json")
    check(again.record)
    assert again.code == 0 and not again.record["changed"] and machine.database() == before
    assert "nothing to do" in machine.setup("plan", "hypervisor").out
    assert machine.setup("apply", "tools").code == 0 and machine.installed("virt-manager")


def locks_are_named_and_waited_for(machine: DnfMachine) -> None:
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        for path in machine.locks:
            lock = machine.root / path
            lock.parent.mkdir(parents=True, exist_ok=True)
            lock.write_text(str(sleeper.pid))
            done = machine.setup("apply", "hypervisor", "--lock-timeout", "1")
            assert done.code == 3, done
            assert f"waiting for {machine.manager}: /{path} is held by pid {sleeper.pid} ('sleep 60')" in done.err, done
            assert f"cannot use {machine.manager}: '/{path}' is held by pid {sleeper.pid}" in done.err and "--lock-timeout" in done.err
            lock.unlink()
        assert sleeper.poll() is None, "the holder was ended by somebody else"
    finally:
        sleeper.kill()
        sleeper.wait()
    holder = hold(machine, "var/lib/rpm/.rpm.lock", 60)
    done = machine.setup("apply", "hypervisor", "--lock-timeout", "1")
    holder.kill()
    holder.wait()
    assert done.code == 3 and f"'/var/lib/rpm/.rpm.lock' is held by pid {holder.pid}" in done.err
    assert not machine.packages()
    (machine.root / machine.locks[0]).write_text(str(sleeper.pid))
    assert machine.setup("apply", "hypervisor", "--lock-timeout", "1").code == 0, "a lock of a process that is gone"


def lock_that_is_dropped_is_waited_out(machine: DnfMachine) -> None:
    holder = hold(machine, "var/lib/rpm/.rpm.lock", 2)
    done = machine.setup("apply", "hypervisor", "--lock-timeout", "60")
    holder.wait()
    assert done.code == 0 and f"pid {holder.pid}" in done.err and machine.installed(machine.daemon)


def removal_is_refused(machine: DnfMachine) -> None:
    machine.replace("mine")
    assert machine.run(*machine.add, "mine").code == 0
    machine.replace("qemu-kvm", fields="Obsoletes: mine")
    before = machine.database()
    done = machine.setup("apply", "hypervisor")
    assert done.code == 10 and f"{machine.manager} would remove 'mine'" in done.err, done
    assert machine.database() == before
    assert "1 to remove" in machine.setup("plan", "hypervisor").out


def failure_takes_back_what_it_installed(machine: DnfMachine) -> None:
    """dnf ends with 0 where a script failed after the installation, zypper with 107; before it, with 1 and 8."""
    words = {"dnf": ("dnf calls it a success, and these failed: POSTIN scriptlet in rpm package", "dnf ended with 1"),
             "zypper": ("a script of a package failed", "zypper ended with 8")}[machine.manager]
    machine.index()
    assert machine.run(*machine.add, "shell").code == 0
    for script, word in zip(("%post", "%pre"), words):
        machine.replace(machine.daemon, scripts=f"{script}\necho the disk is on fire >&2\nexit 7\n")
        done = machine.setup("apply", "hypervisor")
        assert done.code == 3 and f"install packages '{' '.join(machine.wanted)}'" in done.err and word in done.err, done
        assert machine.packages() == ["shell-99.1"], machine.packages()
        assert "on fire" in (machine.root / "var/lib/kvmkit/host-setup-packages.log").read_text()


def missing_package_is_named(machine: DnfMachine) -> None:
    machine.drop("qemu-kvm")
    machine.repository("gone", "baseurl=http://127.0.0.1:1/\nskip_if_unavailable=1\n")
    done = machine.setup("apply", "hypervisor")
    assert done.code == 3 and "cannot find package 'qemu-kvm': no repository that is enabled has it" in done.err, done
    assert "could not read all sources" in done.err and "repositor" in done.err and "gone" in done.err
    assert not machine.packages()


def unsolvable_installation_is_told(machine: DnfMachine) -> None:
    machine.drop(machine.daemon)
    machine.replace(machine.daemon, fields="Requires: nowhere")
    done = machine.setup("apply", "hypervisor")
    assert done.code == 3 and f"nothing provides nowhere needed by {machine.daemon}-99.2-1.noarch" in done.err, done
    assert not machine.packages()


def rollback_removes_what_it_brought_and_no_more(machine: DnfMachine) -> None:
    machine.index()
    assert machine.run(*machine.add, machine.needed).code == 0
    assert machine.setup("apply", "hypervisor").code == 0
    machine.replace("mine", fields="Requires: qemu-kvm")
    assert machine.run(*machine.add, "mine").code == 0
    held = machine.setup("rollback")
    assert held.code == 10 and "'mine' would have to go, too" in held.err, held
    assert machine.installed("qemu-kvm") and machine.installed("mine")
    assert machine.run(*machine.drop_alone, "mine").code == 0
    back = machine.setup("rollback")
    assert back.code == 0 and "its packages stay" not in back.out + back.err, back
    assert machine.packages() == [f"{machine.needed}-99.1"], machine.packages()


def killed_run_is_undone_by_the_next(machine: DnfMachine) -> None:
    machine.index()
    assert machine.run(*machine.add, "shell").code == 0  # with a database that is empty again, zypper ends with 8
    assert machine.setup("apply", "hypervisor", KVMKIT_FAULT="kill:after:0").code == -signal.SIGKILL
    assert machine.installed(machine.daemon)
    undone = machine.setup("resume")
    assert undone.code == 0 and machine.packages() == ["shell-99.1"], undone
    assert machine.setup("apply", "hypervisor").code == 0 and machine.installed("qemu-kvm")


def dead_repository_does_not_spoil_the_others(machine: DnfMachine) -> None:
    """dnf refuses to work with it, zypper leaves it out and ends with 106."""
    machine.repository("gone", "baseurl=http://127.0.0.1:1/\n")
    done = machine.setup("apply", "hypervisor")
    if machine.manager == "dnf":
        assert done.code == 3 and "cannot refresh package lists: dnf ended with 1" in done.err, done
        assert "Failed to download metadata for repo 'gone'" in done.err and not machine.packages()
    else:
        assert done.code == 0 and "zypper refresh could not read all sources" in done.err and "'gone'" in done.err, done
        assert machine.setup("apply", "hypervisor").code == 0 and machine.installed("qemu-kvm")


# What these are called for each manager: dnf_removal_is_refused, zypper_removal_is_refused.
MACHINES = {"dnf": DnfMachine, "zypper": ZypperMachine}
CASES = (installs_then_finds_nothing_to_do, locks_are_named_and_waited_for, lock_that_is_dropped_is_waited_out, removal_is_refused,
         failure_takes_back_what_it_installed, missing_package_is_named, unsolvable_installation_is_told,
         rollback_removes_what_it_brought_and_no_more, killed_run_is_undone_by_the_next, dead_repository_does_not_spoil_the_others)


def machine_of(name: str):
    """The class of machine that a case of this name wants; None: it is none of these."""
    return MACHINES[name.partition("_")[0]] if case_of(name) else None


def case_of(name: str):
    manager, _, rest = name.partition("_")
    return next((each for each in CASES if manager in MACHINES and rest == each.__name__), None)
