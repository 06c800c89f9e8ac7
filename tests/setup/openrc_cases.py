# SPDX-License-Identifier: Apache-2.0
"""Cases under OpenRC, real but for its boot, and under sysvinit's tools: libvirt is started and enabled by scripts."""
import signal

from image_cases import image_of, outside
from machine import Machine
from schema import check

LEVEL = "etc/runlevels/default"


def run_openrc(machine: Machine) -> None:
    """As after its boot into the runlevel 'default'."""
    (machine.root / "run/openrc").mkdir()
    (machine.root / "run/openrc/softlevel").write_text("default\n")
    (machine.root / LEVEL).mkdir(parents=True, exist_ok=True)


def levels(machine: Machine) -> list:
    return sorted(path.name for path in (machine.root / LEVEL).iterdir() if "virt" in path.name)


def runs(machine: Machine) -> list:
    return sorted(path.stem for path in (machine.root / "run").glob("virt*.pid")) + \
        sorted(path.stem for path in (machine.root / "run").glob("libvirtd.pid"))


def openrc_starts_libvirt(machine: Machine) -> None:
    run_openrc(machine)
    assert machine.setup("detect", "--json").record["init"] == "openrc"
    plan = machine.setup("plan", "--json")
    check(plan.record)
    assert "libvirt-daemon-system-sysv" in [each["name"] for each in plan.record["missing"]], plan
    done = machine.setup("apply", "--json")
    check(done.record)
    steps = [step["text"] for step in done.record["steps"]]
    assert done.code == 0 and {"enable libvirtd", "start libvirtd", "wait for libvirt to answer"} <= set(steps), steps
    assert done.record["service"] == {"manager": "openrc", "unit": "libvirtd", "state": "running", "enabled": True}
    assert levels(machine) == ["libvirtd", "virtlogd"] and runs(machine) == ["virtlogd", "libvirtd"]
    assert machine.run("rc-service", "libvirtd", "status").code == 0 and "by hand" not in done.err
    again = machine.setup("apply", "--json")
    assert again.code == 0 and not again.record["changed"], again
    assert machine.setup("verify", "services").code == 0
    back = machine.setup("rollback")
    assert back.code == 0 and levels(machine) == [] and runs(machine) == [], back
    refused = machine.setup("apply", "--json", KVMKIT_FAULT="kill:after:5")
    assert refused.code == -signal.SIGKILL
    resumed = machine.setup("resume")
    assert resumed.code == 0 and levels(machine) == [] and runs(machine) == [], resumed


def a_policy_forbids_openrc_too(machine: Machine) -> None:
    assert machine.setup("apply", "hypervisor").code == 0
    run_openrc(machine)
    assert machine.setup("apply", "hypervisor").code == 0 and machine.installed("libvirt-daemon-system-sysv")
    policy = machine.root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    done = machine.setup("apply", "services")
    assert done.code == 0 and "policy-rc.d forbids starting services" in done.out + done.err and runs(machine) == [], done
    policy.unlink()
    (machine.root / "etc/init.d/libvirtd").unlink()
    none = machine.setup("apply", "services")
    assert none.code == 0 and "there is no /etc/init.d/libvirtd" in none.out + none.err, none


def an_image_that_openrc_starts_is_enabled(machine: Machine) -> None:
    """Its /sbin/init is OpenRC's: scripts are put into its runlevel from outside, and none of them is run."""
    image_of(machine)
    init = machine.root / "usr/sbin/init"
    init.unlink()
    init.symlink_to("openrc-init")
    assert outside(machine, "apply", "hypervisor").code == 0
    for moment in ("before:0", "before:1", "after:1"):
        killed = outside(machine, "apply", "services", KVMKIT_FAULT=f"kill:{moment}")
        assert killed.code != 0, killed
        resumed = outside(machine, "resume")
        assert resumed.code == 0 and levels(machine) == [], (moment, resumed)
    assert outside(machine, "apply", "services", KVMKIT_FAULT="fail:before:1").code == 3 and levels(machine) == []
    done = outside(machine, "apply", "services", "--json")
    assert done.code == 0 and done.record["service"]["manager"] == "openrc" and done.record["service"]["enabled"], done
    assert levels(machine) == ["libvirtd", "virtlogd"] and not list((machine.root / "run").glob("*.pid"))
    assert "nothing to" in outside(machine, "resume").out
    assert outside(machine, "rollback").code == 0 and levels(machine) == []


def sysvinit_starts_libvirt(machine: Machine) -> None:
    """The links of its runlevels, with its own update-rc.d; process 1 is named as its init."""
    (machine.root / "etc/inittab").write_text("id:2:initdefault:\n")
    (machine.root / "sbin/openrc").unlink()  # or update-rc.d would tell OpenRC
    (machine.root / "proc/1/comm").write_text("init")  # this case is the first process of its namespace
    assert machine.setup("apply", "hypervisor").code == 0
    for link in (machine.root / "etc").glob("rc?.d/*virt*"):
        link.unlink()  # as where the package leaves that to the administrator
    broken = machine.setup("apply", "services", KVMKIT_FAULT="kill:before:0")
    assert broken.code == -signal.SIGKILL and machine.setup("resume").code == 0
    done = machine.setup("apply", "--json")
    check(done.record)
    links = [path.name[3:] for path in (machine.root / "etc/rc2.d").iterdir() if path.name.startswith("S") and "virt" in path.name]
    assert done.code == 0 and done.record["service"]["manager"] == "sysvinit" and sorted(links) == ["libvirtd", "virtlogd"], done
    assert runs(machine) == ["virtlogd", "libvirtd"] and "nothing to do" in machine.setup("apply").out
    back = machine.setup("rollback")
    links = list((machine.root / "etc").glob("rc?.d/*virt*"))
    assert back.code == 0 and links == [] and runs(machine) == [], (back, links)
