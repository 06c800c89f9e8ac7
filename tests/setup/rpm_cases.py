# SPDX-License-Identifier: Apache-2.0
"""Cases of dnf and zypper. Each asserts the exit code, the message and the state that is left."""
import json
import shutil
import signal
import subprocess

import pacman_cases
import repo_mirror_cases
from cases import hold
from pacman_machine import PacmanMachine
from rpm_machine import Dnf5Machine, DnfMachine, ZypperMachine
from rpm_stubs import make_package, write_groups
from schema import check


def installs_then_finds_nothing_to_do(machine: DnfMachine) -> None:
    seen = machine.setup("detect", "--json")
    check(seen.record)
    assert seen.code == 0 and seen.record["served"], seen.record
    assert seen.record["distribution"]["family"] == machine.family
    assert seen.record["distribution"]["package_manager"] == machine.manager
    assert seen.record["libvirt"] == {"installed": False, "mode": machine.mode}
    status = machine.setup("status", "--json")
    check(status.record)
    assert status.code == 1 and status.record["host"]["architecture"] == "x86_64"
    assert any("not read from the archive" in note for note in status.record["notes"])

    machine.index()
    plan = machine.setup("plan", "hypervisor", "--json")
    check(plan.record)
    assert plan.code == 1 and [each["name"] for each in plan.record["missing"]] == machine.wanted
    assert {each["candidate"] for each in plan.record["missing"]} == {machine.version}
    assert sorted(each["name"] for each in plan.record["price"]["install"]) == machine.brought
    assert plan.record["price"]["disk"] > 0 and plan.record["price"]["remove"] == []
    assert not machine.packages(), "a plan installed something"

    done = machine.setup("apply", "hypervisor", "--json")
    check(done.record)
    assert done.code == 0 and sorted(each["name"] for each in done.record["packages"]) == machine.brought
    assert done.record["packages"][0]["after"] == machine.version and not machine.installed("unwanted"), "a weak dependency came along"
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
    holder = machine.hold(60)
    done = machine.setup("apply", "hypervisor", "--lock-timeout", "1")
    holder.kill()
    holder.wait()
    assert done.code == 3 and f"'/var/lib/rpm/.rpm.lock' is held by pid {holder.pid}" in done.err
    assert not machine.packages()
    (machine.root / machine.locks[0]).write_text(str(sleeper.pid))
    assert machine.setup("apply", "hypervisor", "--lock-timeout", "1").code == 0, "a lock of a process that is gone"


def dnf5_lock_is_named_and_waited_for(machine: DnfMachine) -> None:
    """dnf5 would wait for its own locks without an end."""
    for path in ("run/dnf/rpmtransaction.lock", "var/lib/rpm/.rpm.lock"):
        holder = hold(machine, path, 60)
        done = machine.setup("apply", "hypervisor", "--lock-timeout", "1")
        holder.kill()
        holder.wait()
        assert done.code == 3 and f"cannot use dnf5: '/{path}' is held by pid {holder.pid}" in done.err, done
    assert not machine.packages()


def progress_is_told(machine: DnfMachine) -> None:
    """Of what is fetched and what is installed, to its end, as its own words have it."""
    machine.index()
    done = machine.setup("apply", "hypervisor", "--progress", "json", "--json")
    lines = [json.loads(line) for line in done.err.splitlines()]
    for line in lines:
        check(line)
    told = [line for line in lines if line["kind"] == "packages"]
    assert done.code == 0 and told and told[-1]["percent"] == 100, done
    assert any("qemu-kvm" in line["text"] and line["phase"] == "install" for line in told), told
    if machine.manager == "dnf5":
        fetched = [line["percent"] for line in told if line["phase"] == "fetch"]
        assert fetched == sorted(fetched) and fetched[-1] == 100, told


def lock_that_is_dropped_is_waited_out(machine: DnfMachine) -> None:
    holder = machine.hold(2)
    done = machine.setup("apply", "hypervisor", "--lock-timeout", "60")
    holder.wait()
    assert done.code == 0 and f"pid {holder.pid}" in done.err and machine.installed(machine.daemon)


def removal_is_refused(machine: DnfMachine) -> None:
    machine.replace("mine")
    assert machine.run(*machine.add, "mine").code == 0
    machine.replace(machine.emulator, fields="Obsoletes: mine")
    before = machine.database()
    done = machine.setup("apply", "hypervisor")
    assert done.code == 10 and f"{machine.manager} would remove 'mine'" in done.err, done
    assert machine.database() == before
    assert "1 to remove" in machine.setup("plan", "hypervisor").out


def failure_takes_back_what_it_installed(machine: DnfMachine) -> None:
    """dnf ends with 0 where a script failed after the installation, zypper with 107; before it, with 1 and 8."""
    words = {"dnf": ("dnf calls it a success, and these failed: POSTIN scriptlet in rpm package", "dnf ended with 1"),
             "dnf5": ("dnf5 ended with 1", "dnf5 ended with 1"),
             "zypper": ("a script of a package failed", "zypper ended with 8")}[machine.manager]
    machine.index()
    assert machine.run(*machine.add, "shell").code == 0
    for script, word in zip(("%post", "%pre"), words):
        machine.replace(machine.daemon, scripts=f"{script}\necho the disk is on fire >&2\nexit 7\n")
        done = machine.setup("apply", "hypervisor")
        assert done.code == 3 and f"install packages '{' '.join(machine.wanted)}'" in done.err and word in done.err, done
        assert machine.packages() == ["shell-99.1"], machine.packages()
        assert "on fire" in (machine.root / "var/lib/kvmkit/host-setup-packages.log").read_text()


DISPLAY_MANAGER = "a-display-manager-with-a-name-that-is-too-long-for-a-line"


def desktop_comes_as_a_group(machine: DnfMachine) -> None:
    """An environment of groups: its packages are what is missing, installed and taken back, and dnf's mark is not set."""
    write_groups(machine.root, "workstation-product-environment", "graphical-server-environment")
    for name in ("gnome-shell", DISPLAY_MANAGER, "mutter", "mine"):
        make_package(machine.root, name, fields="Requires: mutter" if name == "gnome-shell" else "")
    machine.index()
    assert machine.run(*machine.add, "mine").code == 0
    plan = machine.setup("plan", "desktop", "--json")
    check(plan.record)
    assert sorted(each["name"] for each in plan.record["missing"]) == [DISPLAY_MANAGER, "gnome-shell"], plan
    assert sorted(each["name"] for each in plan.record["price"]["install"]) == [DISPLAY_MANAGER, "gnome-shell", "mutter"]
    assert any("environment, 2 packages are not installed" in note for note in plan.record["notes"]), plan
    done = machine.setup("apply", "desktop", "--json")
    assert done.code == 0 and sorted(each["name"] for each in done.record["packages"]) == [DISPLAY_MANAGER, "gnome-shell", "mutter"]
    before = machine.database()
    again = machine.setup("apply", "desktop", "--json")
    check(again.record)
    assert again.code == 0 and not again.record["changed"] and machine.database() == before, again
    assert machine.setup("verify", "desktop").code == 0
    back = machine.setup("rollback")
    assert back.code == 0 and machine.packages() == ["mine-99.1"], machine.packages()
    assert machine.run(*machine.add, DISPLAY_MANAGER).code == 0
    rest = machine.setup("apply", "desktop", "--json")
    assert rest.code == 0 and sorted(each["name"] for each in rest.record["packages"]) == ["gnome-shell", "mutter"], rest
    assert machine.setup("rollback").code == 0 and machine.packages() == [f"{DISPLAY_MANAGER}-99.1", "mine-99.1"]


def group_that_no_repository_has_is_named(machine: DnfMachine) -> None:
    machine.index()
    planned = machine.setup("plan", "desktop", "--json")
    assert any("find out what group" in note for note in planned.record["notes"]), planned
    done = machine.setup("apply", "desktop")
    assert done.code == 3 and "-environment': no repository that is enabled has it" in done.err and not machine.packages(), done


def desktop_comes_as_a_pattern(machine: ZypperMachine) -> None:
    """Patterns are packages: what one requires comes with it, and goes with it."""
    for name, fields in (("plasma", ""), ("sddm", ""), ("mine", ""), ("patterns-kde-kde", "Provides: pattern() = kde\nRequires: plasma")):
        make_package(machine.root, name, fields=fields)
    machine.index()
    assert machine.run(*machine.add, "mine").code == 0
    done = machine.setup("apply", "desktop", "--json")
    assert done.code == 0 and machine.packages() == ["mine-99.1", "patterns-kde-kde-99.1", "plasma-99.1", "sddm-99.1"], done
    again = machine.setup("apply", "desktop", "--json")
    assert again.code == 0 and not again.record["changed"], again
    assert machine.setup("rollback").code == 0 and machine.packages() == ["mine-99.1"], machine.packages()


def missing_package_is_named(machine: DnfMachine) -> None:
    machine.drop(machine.emulator)
    machine.repository("gone", "baseurl=http://127.0.0.1:1/\nskip_if_unavailable=1\n")
    done = machine.setup("apply", "hypervisor")
    assert done.code == 3 and f"cannot find package '{machine.emulator}': no repository that is enabled has it" in done.err, done
    assert "could not read all sources" in done.err and ("gone" in done.err or "127.0.0.1:1" in done.err)
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
    machine.replace("mine", fields=f"Requires: {machine.emulator}")
    assert machine.run(*machine.add, "mine").code == 0
    held = machine.setup("rollback")
    assert held.code == 10 and "'mine' would have to go, too" in held.err, held
    assert machine.installed(machine.emulator) and machine.installed("mine")
    assert machine.run(*machine.drop_alone, "mine").code == 0
    back = machine.setup("rollback", "--packages", "--json")
    check(back.record)
    removed = [each["name"] for each in back.record["removed"]]
    assert back.code == 0 and back.record["notes"] == [] and machine.emulator in removed, back
    assert machine.packages() == [f"{machine.needed}-99.1"] and machine.needed not in removed


def killed_run_is_undone_by_the_next(machine: DnfMachine) -> None:
    machine.index()
    assert machine.run(*machine.add, "shell").code == 0  # with a database that is empty again, zypper ends with 8
    assert machine.setup("apply", "hypervisor", KVMKIT_FAULT="kill:after:0").code == -signal.SIGKILL
    assert machine.installed(machine.daemon)
    undone = machine.setup("resume")
    assert undone.code == 0 and machine.packages() == ["shell-99.1"], undone
    assert machine.setup("apply", "hypervisor").code == 0 and machine.installed(machine.emulator)


def dead_repository_does_not_spoil_the_others(machine: DnfMachine) -> None:
    """dnf refuses to work with it, zypper leaves it out and ends with 106."""
    machine.repository("gone", "baseurl=http://127.0.0.1:1/\n")
    done = machine.setup("apply", "hypervisor")
    if machine.manager != "zypper":
        assert done.code == 3 and f"cannot refresh package lists: {machine.manager} ended with 1" in done.err, done
        assert "Failed to download metadata" in done.err and "gone" in done.err and not machine.packages()
    else:
        assert done.code == 0 and "zypper refresh could not read all sources" in done.err and "'gone'" in done.err, done
        assert machine.setup("apply", "hypervisor").code == 0 and machine.installed(machine.emulator)


def image_is_planned_for(machine: DnfMachine) -> None:
    """An image's database is read from a copy by this machine's rpm; one that cannot be read leaves all to be planned."""
    machine.index()
    assert machine.run(*machine.add, machine.needed, machine.emulator).code == 0
    image = machine.root / "srv/image"
    (image / "etc").mkdir(parents=True)
    (image / "var/lib").mkdir(parents=True)
    (image / "lib64").mkdir()
    (image / "lib64/ld-linux-x86-64.so.2").touch()
    shutil.copy(machine.root / "usr/lib/os-release", image / "etc/os-release")
    shutil.copytree(machine.root / "var/lib/rpm", image / "var/lib/rpm")
    before = sorted((path.name, path.stat().st_mtime_ns) for path in (image / "var/lib/rpm").iterdir())
    plan = machine.setup("plan", "--root", "/srv/image", "hypervisor", "--json")
    check(plan.record)
    wanted = [each for each in machine.wanted if each != machine.emulator]
    assert plan.code == 1 and [each["name"] for each in plan.record["missing"]] == wanted, plan
    assert sorted((path.name, path.stat().st_mtime_ns) for path in (image / "var/lib/rpm").iterdir()) == before, "it was written"
    assert not list((machine.root / "var/cache/kvmkit").glob("rpm-image*"))
    for path in (image / "var/lib/rpm").glob("*"):
        path.write_bytes(b"no database")
    blind = machine.setup("plan", "--root", "/srv/image", "hypervisor", "--json")
    check(blind.record)
    assert blind.code == 1 and len(blind.record["missing"]) == len(machine.wanted), blind
    assert any("what is installed is not known" in note for note in blind.record["notes"])


def centos_7_is_planned_for_only(machine: DnfMachine) -> None:
    machine.index()
    assert machine.run(*machine.add, machine.emulator).code == 0
    (machine.root / "usr/lib/os-release").write_text(
        'ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n')
    seen = machine.setup("detect", "--json")
    check(seen.record)
    assert seen.code == 1 and seen.record["distribution"]["package_manager"] == "yum" and seen.record["distribution"]["tier"] == "third"
    plan = machine.setup("plan", "hypervisor", "services", "--json")
    check(plan.record)
    notes = "\n".join(plan.record["notes"])
    assert plan.code == 1 and "yum makecache && yum install libvirt" in notes and "systemctl enable --now libvirtd" in notes, notes
    assert machine.emulator not in [each["name"] for each in plan.record["missing"]], "it is there"
    done = machine.setup("apply", "hypervisor")
    assert done.code == 10 and "planned for only" in done.err and machine.packages() == ["qemu-kvm-99.1"], done


def an_image_is_left_to_what_makes_it(machine: DnfMachine) -> None:
    """Of rpm-ostree, or with snapshots that are read-only: what installs is named, and the rest is done after it."""
    machine.index()
    if machine.manager == "zypper":
        (machine.root / "usr/lib/os-release").write_text('ID="opensuse-microos"\nID_LIKE="suse opensuse"\nPRETTY_NAME="openSUSE MicroOS"\n')
        (machine.root / "usr/sbin/transactional-update").touch()
        command = "transactional-update pkg install"
    else:
        (machine.root / "run/ostree-booted").touch()
        command = "rpm-ostree install"
    for verb in ("plan", "apply"):
        done = machine.setup(verb, "hypervisor", "modules")
        assert done.code == 10 and f"hint: {command} {' '.join(machine.wanted)}; after a reboot" in done.err, done
    assert not machine.packages() and f"packages come by {command}; once they are there, host-setup does the rest" in machine.setup("detect").out
    with (machine.root / "etc/group").open("a") as groups:
        groups.write("kvm:x:300:\n")
    assert machine.setup("apply", "modules").code == 0 and (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o660
    if machine.manager != "zypper":
        (machine.root / "run/ostree-booted").unlink()
        (machine.root / "sysroot/ostree/repo").mkdir(parents=True)
        assert machine.setup("plan", "hypervisor").code == 1, "a container from which an image is built"


CASES = (installs_then_finds_nothing_to_do, progress_is_told, locks_are_named_and_waited_for, lock_that_is_dropped_is_waited_out, removal_is_refused,
         failure_takes_back_what_it_installed, missing_package_is_named, unsolvable_installation_is_told,
         rollback_removes_what_it_brought_and_no_more, killed_run_is_undone_by_the_next, dead_repository_does_not_spoil_the_others,
         an_image_is_left_to_what_makes_it)
OF_DNF = (image_is_planned_for, centos_7_is_planned_for_only, desktop_comes_as_a_group, group_that_no_repository_has_is_named)
OF_DNF5 = tuple(each for each in CASES if each is not locks_are_named_and_waited_for) + (
    dnf5_lock_is_named_and_waited_for, image_is_planned_for, desktop_comes_as_a_group, group_that_no_repository_has_is_named)
WITH_PACMAN = (installs_then_finds_nothing_to_do, lock_that_is_dropped_is_waited_out, killed_run_is_undone_by_the_next)

# What these are called for each manager: dnf_removal_is_refused, zypper_removal_is_refused.
MIRRORS = repo_mirror_cases.CASES
MACHINES = {"dnf": (DnfMachine, CASES + OF_DNF + MIRRORS + repo_mirror_cases.OF_DNF), "dnf5": (Dnf5Machine, OF_DNF5 + MIRRORS),
            "zypper": (ZypperMachine, (*CASES, desktop_comes_as_a_pattern) + MIRRORS + repo_mirror_cases.OF_ZYPPER), "pacman": (PacmanMachine, WITH_PACMAN + pacman_cases.CASES + MIRRORS)}


def machine_of(name: str):
    """The class of machine that a case of this name wants; None: it is none of these."""
    return MACHINES[name.partition("_")[0]][0] if case_of(name) else None


def case_of(name: str):
    manager, _, rest = name.partition("_")
    return next((each for each in MACHINES.get(manager, (None, ()))[1] if rest == each.__name__), None)
