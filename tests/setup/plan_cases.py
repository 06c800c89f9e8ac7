# SPDX-License-Identifier: Apache-2.0
"""Cases of what is decided before: plans that were saved, what kvm-check found, packages that may go."""
import json
import os
import shutil

from machine import Machine
from schema import check

PLAN = "plan.json"


def save(machine: Machine, *words: str) -> dict:
    """Saves a plan, and yields it."""
    saved = machine.setup("plan", *words, "-o", f"/{PLAN}")
    assert saved.code == 1 and "saved; to make just this: host-setup apply --plan /plan.json" in saved.err
    assert (machine.root / PLAN).stat().st_mode & 0o777 == 0o600
    plan = json.loads((machine.root / PLAN).read_text())
    check(plan)
    return plan


def rewrite(machine: Machine, plan: dict) -> None:
    (machine.root / PLAN).write_text(json.dumps(plan))


def a_saved_plan_is_made_and_no_other(machine: Machine) -> None:
    before = machine.database()
    unknown = machine.setup("plan", "-o", f"/{PLAN}")
    assert unknown.code == 10 and "not known until the package lists are fetched" in unknown.err, unknown
    assert "apt-get update; then run this again" in unknown.err and not (machine.root / PLAN).exists()
    shown = machine.setup("plan")
    assert "the price is known once the package lists are fetched, which apply does first; to see it now: apt-get update" in shown.out
    assert machine.database() == before
    machine.run("apt-get", "update")
    plan = save(machine)
    seen = {each["path"]: each["seen"] for each in plan["read"]}
    assert seen["etc/group"].startswith("sha256:") and seen["etc/kvmkit/packages.json"] == "absent"
    assert {each["name"] for each in plan["price"]["install"]} >= {"vlan", "qemu-utils"}
    done = machine.setup("apply", "--plan", f"/{PLAN}", "--json")
    check(done.record)
    assert done.code == 0 and machine.installed("vlan")
    assert [step["text"] for step in done.record["steps"]] == [step["text"] for step in plan["steps"]]
    made = machine.database()
    twice = machine.setup("apply", "--plan", f"/{PLAN}")
    assert twice.code == 10 and f"this host is not as it was at {plan['made']}" in twice.err
    assert "\n  /var/lib/dpkg/status: was sha256:" in twice.err and "host-setup plan -o FILE" in twice.err
    assert machine.database() == made
    nothing = machine.setup("plan", "-o", f"/{PLAN}")
    assert nothing.code == 0 and machine.setup("apply", "--plan", f"/{PLAN}").out.startswith("nothing to do")


def a_host_that_drifted_is_named_path_by_path(machine: Machine) -> None:
    machine.run("apt-get", "update")
    save(machine)
    before = machine.database()
    folder = machine.root / "etc/modprobe.d"
    folder.mkdir(exist_ok=True)
    (folder / "mine.conf").write_text("options kvm ignore_msrs=1\n")
    device = machine.root / "dev/kvm"
    os.chmod(device, 0o666)
    machine.replace("vlan", version="99.2")
    machine.run("apt-get", "update")
    drifted = machine.setup("apply", "--plan", f"/{PLAN}")
    assert drifted.code == 10, drifted
    for line in ("/etc/modprobe.d/mine.conf: was absent, is sha256:", "/dev/kvm: was mode 0600, gid 0, is mode 0666, gid 0",
                 "package vlan, to be had in version: was 99.1, is 99.2",
                 "step 'open /dev/kvm to group kvm (mode 0660)': was to be made, is not to be made, or otherwise"):
        assert f"\n  {line}" in drifted.err, line
    assert machine.database() == before and machine.setup("history").out == ""
    (folder / "mine.conf").unlink()
    os.chmod(device, 0o600)
    machine.replace("vlan")
    machine.run("apt-get", "update")
    assert machine.setup("apply", "--plan", f"/{PLAN}").code == 0 and machine.installed("vlan")


def a_plan_that_is_not_this_hosts_is_refused(machine: Machine) -> None:
    machine.run("apt-get", "update")
    plan = save(machine)
    (machine.root / "link").symlink_to("/etc/passwd")
    for place in ("/dev/null", "/link", "-"):
        nowhere = machine.setup("plan", "-o", place)
        assert nowhere.code == 2 and f"cannot save plan to '{place}': it is no plain file" in nowhere.err, nowhere
    assert (machine.root / "dev/null").is_char_device()
    for mode in (0o620, 0o602):
        os.chmod(machine.root / PLAN, mode)
        open_to_others = machine.setup("apply", "--plan", f"/{PLAN}")
        assert open_to_others.code == 10 and "others than root can write it" in open_to_others.err, open_to_others
    os.chmod(machine.root / PLAN, 0o600)
    rewrite(machine, plan | {"version": "\x1b[2J0.0"})
    assert "\x1b" not in machine.setup("apply", "--plan", f"/{PLAN}").err
    for part, value, message in (("version", "0.0.1", "version 0.0.1 of host-setup made it, and this is version"),
                                 ("host", {"machine": "1" * 32, "name": "other"}, f"it is of another host: machine {'1' * 32}, here "),
                                 ("host", {"machine": None, "name": "other"}, "it is of another host: ")):
        rewrite(machine, plan | {part: value})
        other = machine.setup("apply", "--plan", f"/{PLAN}")
        assert other.code == 10 and message in other.err and "host-setup plan -o FILE" in other.err, other
    for text, message in (("{}", "this is no plan that host-setup saved"), ("nothing", "this is no plan that host-setup saved"),
                          (json.dumps({"schema": plan["schema"]}), "something is missing in it, or was edited")):
        (machine.root / PLAN).write_text(text)
        broken = machine.setup("apply", "--plan", f"/{PLAN}")
        assert broken.code == 2 and message in broken.err, broken
    rewrite(machine, plan)
    for words, also in ((("hypervisor",), "'hypervisor'"), (("--profile", "server"), "--profile"), (("--dry-run",), "--dry-run"),
                        (("--default-net", "off"), "--default-net")):
        more = machine.setup("apply", "--plan", f"/{PLAN}", *words)
        assert more.code == 2 and f"and {also} asks for more" in more.err, more
    absent = machine.setup("apply", "--plan", "/nowhere")
    assert absent.code == 3 and "cannot open plan '/nowhere': No such file" in absent.err
    image = machine.setup("plan", "--root", "/srv", "-o", "/x")
    assert image.code == 2 and "leave out --root or --output" in image.err
    nobody = machine.run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/host-setup", "plan", "-o", "/x")
    assert nobody.code == 3 and "cannot save plan, with all that it depends on: only root may" in nobody.err
    assert not machine.installed("vlan") and machine.setup("history").out == ""


def what_kvm_check_found_is_done(machine: Machine) -> None:
    shutil.copy(machine.program.parent / "kvm-check", machine.root / "kvm-check")
    found = machine.run("/kvm-check", "run", "--json", "--no-probe", "--only", "qemu.binary,kvm.module,mem.available").record
    assert found["host"]["boot"]
    record = machine.root / "found.json"

    def write(**host) -> None:
        record.write_text(json.dumps(found | {"host": found["host"] | host}))

    for host, message in (({"boot": None}, "the record is of a recorded host"),
                          ({"boot": "0-0"}, "it is of another boot, or host: boot 0-0, here "),
                          ({"machine": "1" * 32}, f"it is of another host: machine {'1' * 32}, here ")):
        write(**host)
        other = machine.setup("apply", "--from", "/found.json")
        assert other.code == 10 and message in other.err and "kvm-check run --json | host-setup apply --from -" in other.err, other
    write()
    for words, code, message in ((("--from", "/found.json", "hypervisor"), 2, "--from says what is to be done"),
                                 (("--from", "/nowhere"), 3, "cannot open '/nowhere', what kvm-check found"),
                                 (("--from", "/etc/passwd"), 2, "this is no record of kvm-check run")):
        wrong = machine.setup("apply", *words)
        assert wrong.code == code and message in wrong.err, wrong
    record.write_text(json.dumps({"schema": found["schema"], "host": {}}))
    old = machine.setup("apply", "--from", "/found.json")
    assert old.code == 2 and "or another version wrote it" in old.err
    found["checks"].append(found["checks"][0] | {"id": "mem.hugepages", "status": "warn", "remedy": {
        "summary": "reserve some", "commands": ["sysctl vm.nr_hugepages=64"], "where": "this-host"}})
    write()
    asked = machine.run("sh", "-c", "cat /found.json | /host-setup apply --from - --dry-run --json")
    check(asked.record)
    assert asked.code == 1 and asked.record["components"] == ["hypervisor"]
    assert "qemu.binary: component hypervisor" in asked.record["notes"]
    assert "mem.hugepages is not host-setup's to mend: reserve some: sysctl vm.nr_hugepages=64" in asked.record["notes"]
    done = machine.setup("apply", "--from", "/found.json", "--json")
    check(done.record)
    assert done.code == 0 and machine.installed("qemu-utils")
    assert asked.record["notes"][:-1] == done.record["notes"] and "the price is known once" in asked.record["notes"][-1]
    assert (machine.root / "dev/kvm").stat().st_mode & 0o777 == 0o600, "nothing was wrong with it"
    assert machine.setup("apply", "--from", "/found.json").out.startswith("nothing to do")


def a_package_may_go_where_it_is_named(machine: Machine) -> None:
    machine.replace("firewall-of-mine")
    machine.run("apt-get", "update")
    assert machine.run("apt-get", "-y", "install", "firewall-of-mine").code == 0
    machine.replace("iptables", fields="Conflicts: firewall-of-mine\n")
    machine.run("apt-get", "update")
    before = machine.database()
    other = machine.setup("apply", "hypervisor", "--allow-remove", "vim")
    assert other.code == 10 and "apt would remove 'firewall-of-mine'" in other.err
    assert "to let it go: --allow-remove firewall-of-mine" in other.err and machine.database() == before
    assert "1 to remove: firewall-of-mine" in machine.setup("plan", "hypervisor").out
    plan = save(machine, "hypervisor", "--allow-remove", "firewall-of-mine")
    assert plan["price"]["remove"] == ["firewall-of-mine"]
    done = machine.setup("apply", "--plan", f"/{PLAN}", "--json")
    check(done.record)
    assert done.code == 0 and "packages that go: firewall-of-mine" in done.err
    assert machine.installed("iptables") and not machine.installed("firewall-of-mine")
    assert {"name": "firewall-of-mine", "before": "99.1", "after": None} in [
        {key: each[key] for key in ("name", "before", "after")} for each in done.record["packages"]]
