# SPDX-License-Identifier: Apache-2.0
"""Cases of runs that are killed and gone on with: what was begun ends as if nobody had broken it off."""
import json
import signal
from pathlib import Path

from fresh_host import differences, picture
from machine import Machine
from schema import check
from service_cases import boot
from wait import wait_until

PLAN = "plan.json"


def another(machine: Machine) -> Machine:
    """A host as fresh as the first one was, in its place."""
    return Machine(machine.root.parent.parent, machine.program)


def plan_of(machine: Machine) -> dict:
    machine.run("apt-get", "update")
    assert machine.setup("plan", "-o", f"/{PLAN}").code == 1
    return json.loads((machine.root / PLAN).read_text())


def killed(machine: Machine, moment: str, *words: str) -> str:
    """Kills an application, and yields its id."""
    broken = machine.setup("apply", *words, KVMKIT_FAULT=f"kill:{moment}")
    assert broken.code == -signal.SIGKILL, (moment, broken)
    return machine.setup("history", "--json").record["changes"][-1]["id"]


def end_of(machine: Machine) -> tuple:
    """What a host is in the end: its packages, /etc, and the device."""
    device = (machine.root / "dev/kvm").stat()
    packages = machine.run("dpkg-query", "-W", "-f", "${Package} ${Version} ${Status}\n").out
    return packages, picture(machine.root / "etc"), (device.st_mode, device.st_gid), (machine.root / "usr/sbin/policy-rc.d").exists()


def assert_same_end(reference: tuple, machine: Machine, moment: str) -> None:
    found = end_of(machine)
    other = {name: both for name, both in differences(reference[1], found[1]).items() if not name.endswith("-")}  # passwd-, group-
    assert other == {}, (moment, other)
    assert (found[0], found[2:]) == (reference[0], reference[2:]), moment


def a_plan_that_is_killed_is_made_to_its_end(machine: Machine) -> None:
    """At each record of its journal: resume, then the same plan again; or both in one."""
    plan = plan_of(machine)
    done = machine.setup("apply", "--plan", f"/{PLAN}", "--json")
    assert done.code == 0
    reference, steps = end_of(machine), len(done.record["steps"])
    assert steps == len(plan["steps"]) >= 4
    moments = [f"{when}:{step}" for step in range(steps) for when in ("before", "after")] + ["state:applying", "state:applied"]
    for number, moment in enumerate(moments):
        host = another(machine)
        plan_of(host)
        identity = killed(host, moment, "--plan", f"/{PLAN}")
        if number % 2:
            ended = host.setup("resume", identity, "--finish")
            assert f"undid transaction {identity}" in ended.err, ended
        else:
            resumed = host.setup("resume", identity)
            assert resumed.code == 0 and f"host-setup resume --finish {identity}" in resumed.err, resumed
            ended = host.setup("apply", "--plan", f"/{PLAN}")
        assert ended.code == 0, (moment, ended)
        assert_same_end(reference, host, moment)
        assert "nothing to do" in host.setup("apply").out
        assert [each["state"] for each in host.setup("history", "--json").record["changes"]] == ["rolled-back", "closed"]


def a_plan_that_is_killed_under_systemd_ends_with_a_libvirt_that_answers(machine: Machine) -> None:
    """Where units are enabled and started, and libvirt's network is moved: killed at every third record."""
    machine.run("apt-get", "update")
    for step in range(0, 18, 3):
        host = another(machine)
        answers = boot(host, {
            "plan": f"apt-get update && /host-setup plan -o /{PLAN}",
            "kill": f"(KVMKIT_FAULT=kill:after:{step} /host-setup apply --plan /{PLAN}; exit $?)",
            "resume": "/host-setup resume",
            "apply": f"/host-setup apply --plan /{PLAN}",
            "state": "systemctl is-enabled libvirtd.service && systemctl is-active libvirtd.socket libvirtd.service",
            "network": "ls /run/libvirt/network /etc/libvirt/qemu/networks/autostart",
            "again": "/host-setup apply",
        })
        assert answers["plan"][0] == 1, answers["plan"]
        if answers["kill"][0] == 0:
            assert step > 8, "the fault did not strike"
            return
        assert answers["kill"][0] == 137 and "undid transaction" in answers["resume"][1], step
        assert answers["apply"][0] == 0, (step, answers["apply"])
        assert answers["state"][0] == 0 and answers["network"][1].count("default.xml") == 2, step
        assert "nothing to do" in answers["again"][1], step
    raise AssertionError("there are more steps than this kills")


def what_was_begun_is_no_leave_for_more(machine: Machine) -> None:
    """Of a plan that was begun, only the rest is made, and nothing but what packages write may be another."""
    plan_of(machine)
    install = next(index for index, step in enumerate(json.loads((machine.root / PLAN).read_text())["steps"])
                   if step["kind"] == "install-packages")
    killed(machine, f"after:{install}", "--plan", f"/{PLAN}")
    assert machine.setup("resume").code == 0 and machine.installed("vlan")
    sources = machine.root / "etc/apt/sources.list"
    kept = sources.read_text()
    sources.write_text(kept + "# mine\n")
    edited = machine.setup("apply", "--plan", f"/{PLAN}")
    assert edited.code == 10 and "\n  /etc/apt/sources.list: was sha256:" in edited.err, edited
    assert "dpkg/status" not in edited.err, "what its own packages wrote is no drift"
    sources.write_text(kept)
    host = another(machine)
    plan_of(host)
    killed(host, f"before:{install}", "--plan", f"/{PLAN}")
    host.replace("vlan", version="99.2")
    host.run("apt-get", "update")
    newer = host.setup("apply", "--plan", f"/{PLAN}")
    assert newer.code == 12 and "package vlan, to be had in version: was 99.1, is 99.2" in newer.err, newer
    assert not host.installed("vlan")


def what_was_not_begun_or_stood_explains_nothing(machine: Machine) -> None:
    """A plan whose packages were not begun, or that was made and rolled back on request, is for a host as it was alone."""
    plan_of(machine)
    killed(machine, "before:0", "--plan", f"/{PLAN}")
    assert machine.setup("resume").code == 0
    machine.replace("extra")
    machine.run("apt-get", "update")
    assert machine.run("apt-get", "-y", "install", "extra").code == 0
    changed = machine.setup("apply", "--plan", f"/{PLAN}")
    assert changed.code == 10 and "\n  /var/lib/dpkg/status: was sha256:" in changed.err and not machine.installed("vlan"), changed
    host = another(machine)
    plan_of(host)
    assert host.setup("apply", "--plan", f"/{PLAN}").code == 0
    assert host.setup("rollback").code == 0
    status = host.root / "var/lib/dpkg/status"
    status.write_text(status.read_text().replace("Package: vlan\nStatus: install ok installed", "Package: vlan\nStatus: install ok half-configured"))
    stood = host.setup("apply", "--plan", f"/{PLAN}")
    assert stood.code == 10 and "\n  /var/lib/dpkg/status: was sha256:" in stood.err, stood
    assert not host.installed("vlan"), "dpkg was told to finish what the plan does not name"


def only_its_own_packages_are_finished(machine: Machine) -> None:
    """A plan that was begun, on a host on which a package of somebody else is half configured."""
    steps = [step["kind"] for step in plan_of(machine)["steps"]]
    killed(machine, f"before:{steps.index('install-packages')}", "--plan", f"/{PLAN}")
    machine.replace("extra", scripts={"postinst": "#!/bin/sh\nexit 7\n"})
    machine.run("apt-get", "update")
    assert machine.run("apt-get", "-y", "install", "extra").code != 0
    again = machine.setup("apply", "--plan", f"/{PLAN}")
    assert again.code == 3 and "extra" in again.err and "--repair" in again.err and not machine.installed("vlan"), again
    finish = machine.setup("resume", "--finish")
    assert finish.code == 10 and "step 'finish what an interrupted dpkg began': was not in the plan" in finish.err, finish
    assert not machine.installed("vlan")


def killed_while_apt_works(machine: Machine, *words: str) -> Path:
    """Kills host-setup while a package is set up, and apt and dpkg are not; yields what is there once they are done."""
    machine.replace("vlan", scripts={"postinst": "#!/bin/sh\ntouch /srv/begun\nsleep 8\ntouch /srv/ended\n"})
    process = machine.start("/host-setup", "apply", *words)
    wait_until((machine.root / "srv/begun").exists, "the package was not set up", 60)
    process.kill()
    process.wait()
    return machine.root / "srv/ended"


def what_has_no_inverse_is_waited_for(machine: Machine) -> None:
    """Nothing of packages alone is undone, and apt is at work on them for all that."""
    ended = killed_while_apt_works(machine, "hypervisor")
    assert not (machine.root / "usr/sbin/policy-rc.d").exists(), "libvirt is not held off where its network was not asked for"
    barred = machine.setup("resume", "--lock-timeout", "1")
    assert barred.code == 3 and "cannot use apt: '/var/lib/dpkg/lock" in barred.err and not ended.exists(), barred
    assert machine.setup("resume").code == 0 and ended.exists()


def what_a_killed_run_began_is_waited_for(machine: Machine) -> None:
    """libvirt stays held off until apt and dpkg are done."""
    ended, policy = killed_while_apt_works(machine), machine.root / "usr/sbin/policy-rc.d"
    barred = machine.setup("resume", "--lock-timeout", "1")
    assert barred.code == 3 and "cannot use apt: '/var/lib/dpkg/lock" in barred.err and "--lock-timeout" in barred.err, barred
    assert policy.exists() and not ended.exists(), "libvirt could start in the middle of its installation"
    busy = machine.setup("apply", "--lock-timeout", "1")
    assert busy.code == 3 and "is held by" in busy.err and policy.exists() and not ended.exists(), busy
    login = machine.setup("ssh-root", "--lock-timeout", "1")
    assert login.code == 3 and "is held by" in login.err and policy.exists() and not ended.exists(), login
    resumed = machine.setup("resume")
    assert resumed.code == 0 and "waiting for apt: /var/lib/dpkg/lock" in resumed.err and ended.exists(), resumed
    assert not policy.exists()
    identity = machine.setup("history", "--json").record["changes"][-1]["id"]
    finished = machine.setup("resume", identity, "--finish")
    assert finished.code == 0 and machine.installed("vlan") and "nothing to do" in machine.setup("apply").out, finished


def killed_then_drifted(machine: Machine) -> tuple:
    """A saved plan that was cut, on a host that somebody changed since: its transaction, the file, and what that was."""
    plan_of(machine)
    identity = killed(machine, "before:1", "--plan", f"/{PLAN}")
    sources = machine.root / "etc/apt/sources.list"
    kept = sources.read_text()
    sources.write_text(kept + "# mine\n")
    return identity, sources, kept


def what_could_not_be_finished_is_finished_by_the_next_try(machine: Machine) -> None:
    """What the first try undid, and what it says of that; and what was refused before anything was undone."""
    identity, sources, kept = killed_then_drifted(machine)
    first = machine.setup("resume", "--finish")
    assert first.code == 12 and f"\nwhat was begun is undone: {identity}" in first.err and "/etc/apt/sources.list: was" in first.err, first
    second = machine.setup("resume", "--finish")
    assert second.code == 10 and "/etc/apt/sources.list: was" in second.err and "is undone" not in second.err, second
    sources.write_text(kept)
    vlan = machine.repo / "vlan.deb"
    vlan.rename(machine.repo / "aside")
    third = machine.setup("resume", "--finish")
    assert third.code == 3 and not machine.installed("vlan"), third
    (machine.repo / "aside").rename(vlan)
    ended = machine.setup("resume", "--finish", "--json")
    check(ended.record)
    assert ended.code == 0 and ended.record["schema"].startswith("kvmkit.host-setup.apply/") and machine.installed("vlan"), ended
    none = machine.setup("resume", "--finish", "--json")
    check(none.record)
    assert none.code == 0 and none.record["schema"] == "kvmkit.host-setup.resume/1"


def what_was_rolled_back_on_request_is_finished_on_request_alone(machine: Machine) -> None:
    made = machine.setup("apply", "hypervisor", "modules", "--json").record["transaction"]
    assert machine.setup("rollback").code == 0
    refused = machine.setup("resume", "--finish")
    assert refused.code == 10 and f"refused to finish {made}: it was made, and rolled back on request" in refused.err, refused
    device = machine.root / "dev/kvm"
    assert device.stat().st_mode & 0o777 == 0o600
    assert machine.setup("resume", "--finish", made).code == 0 and device.stat().st_mode & 0o777 == 0o660
    assert machine.setup("rollback", KVMKIT_FAULT="kill:undo:0").code == -signal.SIGKILL
    ended = machine.setup("resume", "--finish")
    assert ended.code == 0 and "undid transaction" in ended.out and "to go on" not in ended.err, ended
    assert device.stat().st_mode & 0o777 == 0o600, "what was asked for was the rollback"


def what_another_version_began_is_refused_before_it_is_undone(machine: Machine) -> None:
    identity = killed(machine, "before:1", "hypervisor", "modules")
    order = machine.root / f"var/lib/kvmkit/txn/host-setup/{identity}/{PLAN}"
    order.write_text(json.dumps(json.loads(order.read_text()) | {"version": "0.0.1"}))
    order.chmod(0o600)
    refused = machine.setup("resume", "--finish")
    assert refused.code == 10 and "refused to go on: version 0.0.1 of host-setup began it" in refused.err, refused
    assert "hint: host-setup resume undoes it; then: host-setup apply hypervisor modules" in refused.err, refused
    change = machine.setup("history", "--json").record["changes"][-1]
    assert change["state"] not in ("rolled-back", "closed"), change
    assert machine.setup("resume").code == 0
    after = machine.setup("resume", "--finish")
    assert after.code == 10 and "hint: host-setup apply hypervisor modules" in after.err, after


def an_order_is_finished_or_named(machine: Machine) -> None:
    """Without a plan that order is gone on with that was given; what leaves none is named."""
    identity = killed(machine, "before:2", "hypervisor", "modules")
    wrong = machine.setup("resume", "nothing")
    assert wrong.code == 3 and "there is no change nothing" in wrong.err
    unfit = machine.setup("resume", "--progress", "bars", "--finish")
    assert unfit.code == 2 and "undid" not in unfit.out, unfit
    ended = machine.setup("resume", identity, "--finish", "--json")
    check(ended.record)
    assert ended.code == 0 and machine.installed("vlan") and ended.record["components"] == ["hypervisor", "modules"], ended
    assert (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o660
    changes = machine.setup("history", "--json").record["changes"]
    assert changes[-1]["command"] == changes[0]["command"] == "host-setup apply hypervisor modules", "what is to be given again"
    none = machine.setup("resume", "--json")
    check(none.record)
    assert none.record["undone"] == []
    again = machine.setup("resume", changes[-1]["id"])
    assert again.code == 10 and "it is closed" in again.err, again
    assert "nothing to resume" in machine.setup("resume", "--finish").out
    journal = machine.root / f"var/lib/kvmkit/txn/host-setup/{changes[0]['id']}/{PLAN}"
    assert journal.stat().st_mode & 0o777 == 0o600
    Path(journal).unlink()
    blind = machine.setup("resume", changes[0]["id"], "--finish")
    assert blind.code == 3 and "leaves nothing to go by" in blind.err and "host-setup apply hypervisor modules" in blind.err, blind


def of_several_the_newest_is_finished(machine: Machine) -> None:
    """Two runs were killed, and the second one has not cleaned up after the first."""
    older = killed(machine, "before:0", "hypervisor")
    folder = machine.root / "var/lib/kvmkit/txn/host-setup"
    aside = machine.root / "srv/aside"
    (folder / older).rename(aside)
    newer = killed(machine, "before:0", "hypervisor", "modules")
    aside.rename(folder / older)
    ended = machine.setup("resume", "--finish", "--json")
    assert ended.code == 0 and ended.record["components"] == ["hypervisor", "modules"], ended
    assert f"undid transaction {newer}" in ended.err and f"undid transaction {older}" in ended.err
    assert f"going on with {newer}: host-setup apply hypervisor modules" in ended.err
    assert (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o660


def nothing_older_is_finished_over_what_stands(machine: Machine) -> None:
    """A run was killed, and was not undone when another change was made, which stands."""
    older = killed(machine, "before:0", "hypervisor", "modules")
    folder = machine.root / "var/lib/kvmkit/txn/host-setup"
    aside = machine.root / "srv/aside"
    (folder / older).rename(aside)
    stands = machine.setup("apply", "hypervisor")
    assert stands.code == 0, stands
    aside.rename(folder / older)
    barred = machine.setup("resume", "--finish", "--json")
    assert barred.code == 4 and f"what is left of {older} stays" in barred.err, barred
    assert machine.setup("rollback").code == 0
    ended = machine.setup("resume", "--finish", "--json")
    assert ended.code == 0 and ended.record.get("undone") == [older], ended


def what_is_refused_once_something_is_undone_says_so(machine: Machine) -> None:
    """It is not so that nothing was touched: by a plan that drifted, and by ssh-root."""
    identity, sources, kept = killed_then_drifted(machine)
    drifted = machine.setup("apply", "--plan", f"/{PLAN}")
    assert drifted.code == 12 and f"\nwhat was begun is undone: {identity}" in drifted.err and "sources.list: was" in drifted.err, drifted
    again = machine.setup("apply", "--plan", f"/{PLAN}")
    assert again.code == 10 and "is undone" not in again.err, again
    sources.write_text(kept)
    second = killed(machine, "before:1", "hypervisor", "modules")
    login = machine.setup("ssh-root")
    assert login.code == 12 and f"\nwhat was begun is undone: {second}" in login.err and "authorized_keys" in login.err, login
    host = another(machine)
    plan_of(host)
    assert host.setup("apply", "--plan", f"/{PLAN}").code == 0 and host.setup("rollback").code == 0
    stood = host.setup("resume", "--finish")
    assert stood.code == 10 and "rolled back on request" in stood.err and "host-setup plan -o FILE" in stood.err, stood


def what_dpkg_was_cut_off_in_is_finished_by_the_next(machine: Machine) -> None:
    """Without a plan, and without being told: the power goes while dpkg sets up a package that the order brings, or another."""
    parent = "$(sed -n 's/^PPid:[^0-9]*//p' /proc/{}/status)"
    once = (f"#!/bin/sh\ntest -e /srv/again && exit 0\napt={parent.format('$PPID')}\nsetup={parent.format('$apt')}\n"
            "kill -9 $setup $apt $PPID\n")
    machine.replace("vlan", scripts={"postinst": once})
    machine.run("apt-get", "update")
    cut(machine)
    (machine.root / "srv/again").touch()
    done = machine.setup("apply", "--json")
    assert done.code == 0 and "dpkg was broken off in a run of host-setup's own" in done.err and machine.installed("vlan"), done
    assert done.record["steps"][1]["kind"] == "finish-packages" and not (machine.root / "usr/sbin/policy-rc.d").exists(), done
    host = another(machine)
    host.replace("vlan", scripts={"postinst": once})
    host.run("apt-get", "update")
    cut(host)
    host.replace("extra", scripts={"postinst": "#!/bin/sh\nexit 7\n"})
    assert host.run("dpkg", "-i", "/srv/repo/extra.deb").code != 0
    (host.root / "srv/again").touch()
    foreign = host.setup("apply")
    assert foreign.code in (3, 12) and "extra (half-configured)" in foreign.err and "--repair" in foreign.err, foreign


def cut(machine: Machine) -> None:
    """Kills host-setup, and then apt and dpkg with a package half set up, as a power cut does."""
    assert machine.setup("apply", "hypervisor").code == -signal.SIGKILL
    assert "vlan half-configured" in machine.run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", "vlan").out
