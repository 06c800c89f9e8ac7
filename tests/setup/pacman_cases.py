# SPDX-License-Identifier: Apache-2.0
"""Cases of pacman alone. Each asserts the exit code, the message and the state that is left."""
import time

from pacman_machine import PacmanMachine
from schema import check

LISTS = "var/lib/pacman/sync/stubs.db"


def lock_is_waited_for_or_called_abandoned(machine: PacmanMachine) -> None:
    machine.index()
    holder = machine.hold(60)
    done = machine.setup("apply", "hypervisor", "--lock-timeout", "1")
    assert done.code == 3 and f"'/var/lib/pacman/db.lck' is held by pid {holder.pid} (" in done.err, done
    assert "--lock-timeout" in done.err and machine.setup("plan", "hypervisor").code == 1, "a look needs no lock"
    holder.kill()
    holder.wait()
    began = time.monotonic()
    left = machine.setup("apply", "hypervisor", "--lock-timeout", "600")
    assert left.code == 3 and "'/var/lib/pacman/db.lck' was left behind" in left.err and time.monotonic() - began < 300, left
    assert "rm /var/lib/pacman/db.lck" in left.err and (machine.root / "var/lib/pacman/db.lck").exists(), "a lock was broken"
    assert not machine.packages()


def removal_is_refused(machine: PacmanMachine) -> None:
    """A conflict, which pacman --print does not look for, and a replacement, to which --noconfirm says yes."""
    machine.replace("mine")
    assert machine.run(*machine.add, "mine").code == 0
    for fields in ({"conflict": ["mine<100"]}, {"replaces": ["mine"]}):
        machine.publish(machine.emulator, fields=fields)
        machine.age_lists()
        before = machine.database()
        done = machine.setup("apply", "hypervisor")
        assert done.code == 10 and "pacman would remove 'mine'" in done.err, done
        assert machine.database() == before
        assert "1 to remove" in machine.setup("plan", "hypervisor").out
    machine.publish(machine.emulator, fields={"conflict": ["mine>100"]})
    machine.age_lists()
    assert machine.setup("apply", "hypervisor").code == 0 and machine.installed("mine")


def host_is_upgraded_along_and_never_in_part(machine: PacmanMachine) -> None:
    machine.index()
    assert machine.run(*machine.add, "base").code == 0
    (machine.root / LISTS).unlink()  # as a host whose lists are to be fetched anew
    (machine.root / LISTS).parent.rmdir()
    machine.publish("base", fields={"depend": ["unwanted"]})
    plan = machine.setup("plan", "hypervisor", "--json")
    check(plan.record)
    assert any("upgrades the whole host" in note for note in plan.record["notes"])
    assert not (machine.root / LISTS).exists(), "a plan fetched lists"
    assert machine.setup("apply", "hypervisor").code == 0
    assert "base-99.2" in machine.packages() and machine.installed(machine.emulator)
    assert (machine.root / LISTS).exists() and not (machine.root / "var/cache/kvmkit/pacman").exists()
    back = machine.setup("rollback")
    assert back.code == 0 and machine.packages() == ["base-99.2", "unwanted-99.1"], (back, machine.packages())


def failure_leaves_lists_that_fit_the_packages(machine: PacmanMachine) -> None:
    """A file of somebody else, which pacman finds last, and a package that the mirror does not have."""
    machine.index()
    lists = machine.root / LISTS
    before = lists.read_bytes()
    machine.publish(machine.daemon, files={"usr/share/stubs/clash": "theirs\n"})
    (machine.root / "usr/share/stubs").mkdir(parents=True, exist_ok=True)
    (machine.root / "usr/share/stubs/clash").write_text("mine\n")
    machine.age_lists()
    done = machine.setup("apply", "hypervisor")
    assert done.code == 3 and "conflicting files" in done.err and "clash exists in filesystem" in done.err, done
    assert lists.read_bytes() == before and not machine.packages(), "lists that are newer than the packages"
    assert "exists in filesystem" in (machine.root / "var/lib/kvmkit/host-setup-packages.log").read_text()

    machine.age_lists()
    for package in (machine.root / "srv/arch").glob("dnsmasq-*"):
        package.unlink()
    done = machine.setup("apply", "hypervisor")
    assert done.code == 3 and "dnsmasq" in done.err and lists.read_bytes() == before and not machine.packages(), done


def failing_script_takes_back_what_it_installed(machine: PacmanMachine) -> None:
    """pacman ends with 0 where a script failed."""
    machine.index()
    machine.replace(machine.daemon, script="post_install() {\n  echo the disk is on fire >&2\n  exit 7\n}\n")
    done = machine.setup("apply", "hypervisor")
    assert done.code == 3 and "pacman calls it a success, and a script or hook failed" in done.err, done
    assert "on fire" in done.err and not machine.packages(), machine.packages()


def settings_that_lie_beside_are_told(machine: PacmanMachine) -> None:
    machine.replace("dnsmasq", files={"etc/dnsmasq.conf": "theirs\n"})
    assert machine.run(*machine.add, "dnsmasq").code == 0
    (machine.root / "etc/dnsmasq.conf").write_text("mine\n")
    machine.publish("dnsmasq", version="99.3-1", files={"etc/dnsmasq.conf": "theirs, new\n"})
    machine.age_lists()
    done = machine.setup("apply", "hypervisor")
    assert done.code == 0 and "/etc/dnsmasq.conf.pacnew lies beside settings of this host" in done.err, done
    assert (machine.root / "etc/dnsmasq.conf").read_text() == "mine\n"


def unsolvable_installation_is_told(machine: PacmanMachine) -> None:
    machine.replace(machine.daemon, fields={"depend": ["nowhere"]})
    done = machine.setup("apply", "hypervisor")
    assert done.code == 3 and "unable to satisfy dependency 'nowhere' required by libvirt" in done.err and not machine.packages(), done


def rollback_removes_what_it_brought_and_no_more(machine: PacmanMachine) -> None:
    machine.index()
    assert machine.run(*machine.add, machine.needed).code == 0
    assert machine.setup("apply", "hypervisor").code == 0
    machine.replace("mine", fields={"depend": [machine.emulator]})
    assert machine.run(*machine.add, "mine").code == 0
    held = machine.setup("rollback")
    assert held.code == 10 and "'mine' would have to go, too" in held.err and machine.installed(machine.emulator), held
    assert machine.run(*machine.drop_alone, "mine").code == 0
    back = machine.setup("rollback")
    assert back.code == 0 and machine.packages() == [f"{machine.needed}-99.1"], machine.packages()


def dead_repository_is_refused(machine: PacmanMachine) -> None:
    """pacman ends with 1 where one of several was not read, and the lists of the others stay as they were, too."""
    machine.index()
    before = (machine.root / LISTS).stat().st_mtime_ns
    machine.repository("gone", "http://127.0.0.1:1/")
    machine.age_lists()
    done = machine.setup("apply", "hypervisor")
    assert done.code == 3 and "cannot refresh package lists: pacman ended with 1" in done.err and "gone" in done.err, done
    assert (machine.root / LISTS).stat().st_mtime_ns == before and not machine.packages()


# Those of dnf and zypper that hold here as they are are in rpm_cases.py.
CASES = (lock_is_waited_for_or_called_abandoned, removal_is_refused, host_is_upgraded_along_and_never_in_part,
         failure_leaves_lists_that_fit_the_packages, failing_script_takes_back_what_it_installed, settings_that_lie_beside_are_told,
         unsolvable_installation_is_told, rollback_removes_what_it_brought_and_no_more, dead_repository_is_refused)
