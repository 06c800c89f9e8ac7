# SPDX-License-Identifier: Apache-2.0
"""Cases under a systemd that really runs: the machine is booted by systemd-nspawn, and the case is a unit in it."""
import subprocess

import booted
from machine import Machine
from stubs import DAEMON


def boot(machine: Machine, script: dict) -> dict:
    booted.need_nspawn()
    for place in ("dev", "run", "proc"):
        subprocess.run(["umount", "-l", machine.root / place], check=True)
    return booted.boot(machine.root, script, {"/srv/repo": machine.repo, "/host-setup": machine.program,
                                              "/kvm-check": machine.program.parent / "kvm-check"})


def systemd_starts_libvirt(machine: Machine) -> None:
    answers = boot(machine, {
        "undone": "KVMKIT_FAULT=fail:after:9 /host-setup apply",
        "undone_state": "systemctl is-enabled libvirtd.service; systemctl is-active libvirtd.socket libvirt-guests.service;"
                        " ls /run/libvirt/network /etc/libvirt/qemu/networks/autostart; cat /proc/sys/net/ipv4/ip_forward",
        "apply": "/host-setup apply",
        "state": "systemctl is-enabled libvirtd.service && systemctl is-active libvirtd.socket libvirtd.service",
        "network": "ls /run/libvirt/network /etc/libvirt/qemu/networks/autostart",
        "again": "/host-setup apply",
        "status": "/host-setup status --json",
    })
    assert answers["undone"][0] == 4 and "vlan 99.1 (installed)" in answers["undone"][1]
    assert answers["undone_state"][1].split()[:3] == ["disabled", "inactive", "inactive"]
    assert "default.xml" not in answers["undone_state"][1] and "\n0\n" in answers["undone_state"][1]
    code, text = answers["apply"]
    assert code == 0 and "did: enable libvirtd.service" in text and "did: start libvirtd.socket" in text
    assert "did: wait for libvirt to answer" in text and "by hand" not in text
    assert answers["state"][0] == 0 and answers["network"][1].count("default.xml") == 2
    assert "did: start libvirt-guests.service" in text
    assert answers["again"][0] == 0 and "nothing to do" in answers["again"][1]
    assert '"state": "running"' in answers["status"][1] and '"enabled": true' in answers["status"][1]


def a_masked_unit_is_refused(machine: Machine) -> None:
    for unit in ("libvirtd.service", "libvirtd.socket"):
        (machine.root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    policy = machine.root / "usr/sbin/policy-rc.d"
    answers = boot(machine, {
        "masked": "/host-setup apply",
        "installed": "dpkg-query -W vlan",
        "unmask": "rm /etc/systemd/system/libvirtd.service /etc/systemd/system/libvirtd.socket && systemctl daemon-reload",
        "policy": f"printf '#!/bin/sh\\nexit 101\\n' >/{policy.relative_to(machine.root)} && chmod 755 /usr/sbin/policy-rc.d",
        "forbidden": "/host-setup apply",
        "state": "systemctl is-active libvirtd.socket",
    })
    assert answers["masked"][0] == 10 and "it is masked" in answers["masked"][1]
    assert "systemctl unmask" in answers["masked"][1] and answers["installed"][0] != 0
    assert answers["forbidden"][0] == 0 and "policy-rc.d forbids starting services" in answers["forbidden"][1]
    assert answers["state"][1].split() == ["inactive"]


def a_daemon_that_does_not_answer_is_stopped_again(machine: Machine) -> None:
    broken = "exec 3<&-\nexit 1\n"
    answers = boot(machine, {
        "install": "/host-setup apply hypervisor",
        "break": f"printf '{broken}' >/usr/sbin/libvirtd && sed -i 's,/usr/bin/perl,/bin/sh,' /usr/lib/systemd/system/libvirtd.service"
                 " && systemctl daemon-reload",
        "apply": "/host-setup apply services",
        "state": "systemctl is-enabled libvirtd.service; systemctl is-active libvirtd.socket",
    })
    assert answers["install"][0] == 0 and answers["break"][0] == 0
    code, text = answers["apply"]
    assert code == 12 and "cannot reach libvirt at '/run/libvirt/libvirt-sock'" in text, code
    assert "hint: look at: systemctl status libvirtd" in text
    state = answers["state"][1].split()
    assert state[0] == "disabled" and state[1] in ("inactive", "failed"), state


def a_libvirt_without_qemu_is_stopped_again(machine: Machine) -> None:
    """It answers on its socket, as it does where its driver of QEMU is not installed."""
    words = "no connection driver available for qemu:///system"
    answers = boot(machine, {
        "install": "/host-setup apply hypervisor",
        "break": f"printf '#!/bin/sh\\necho error: {words} >&2\\nexit 1\\n' >/usr/bin/virsh",
        "apply": "/host-setup apply services",
        "state": "systemctl is-enabled libvirtd.service; systemctl is-active libvirtd.socket",
    })
    assert answers["install"][0] == 0 and answers["break"][0] == 0
    code, text = answers["apply"]
    assert code == 12 and words in text and "libvirt-daemon-driver-qemu" in text, answers["apply"]
    assert answers["state"][1].split() == ["disabled", "inactive"], answers["state"]


def a_killed_start_is_undone(machine: Machine) -> None:
    """Power goes before and after each step with units: resume leaves libvirt as it was, disabled and stopped."""
    moments = [f"{when}:{step}" for step in range(3) for when in ("before", "after")] + ["state:applied"]
    state = "systemctl is-enabled libvirtd.service; systemctl is-active libvirtd.service libvirtd.socket"
    script = {"install": "/host-setup apply hypervisor"}
    for moment in moments:
        name = moment.replace(":", "-")
        script[f"kill-{name}"] = f"(KVMKIT_FAULT=kill:{moment} /host-setup apply services; exit $?)"
        script[f"resume-{name}"] = f"/host-setup resume; {state}"
    script["apply"] = f"/host-setup apply services && {state}"
    answers = boot(machine, script)
    assert answers["install"][0] == 0
    for moment in moments:
        name = moment.replace(":", "-")
        assert answers[f"kill-{name}"][0] == 137, moment
        told = answers[f"resume-{name}"][1].splitlines()
        assert "undid transaction" in told[0] and told[1:4] == ["disabled", "inactive", "inactive"], (moment, told)
    assert "enabled\nactive\nactive\n" in answers["apply"][1]


MODULAR = """[Unit]
Description=stub of virtqemud
[Service]
ExecStart=/usr/bin/perl /usr/sbin/virtqemud
[Install]
WantedBy=multi-user.target
"""
LISTENER = """[Socket]
ListenStream=/run/libvirt/{0}-sock
Service={0}.service
[Install]
WantedBy=sockets.target
"""


def make_modular(machine: Machine) -> None:
    """Has the stub of libvirt bring a daemon for each driver, and no libvirtd."""
    files = {"usr/sbin/virtqemud": DAEMON}
    for name in ("virtqemud", "virtnetworkd"):
        files |= {f"usr/lib/systemd/system/{name}.service": MODULAR, f"usr/lib/systemd/system/{name}.socket": LISTENER.format(name)}
    machine.replace("libvirt-daemon-system", files=files)


def kvm_check_mends_modular_daemons(machine: Machine) -> None:
    """The remedy names units that are there, and --fix starts them, as the remedy would."""
    make_modular(machine)
    check = "/kvm-check run --only libvirt.service --json --no-probe"
    state = "systemctl is-enabled virtqemud.socket virtnetworkd.socket; systemctl is-active virtqemud.socket virtnetworkd.socket"
    answers = boot(machine, {
        "install": "/host-setup apply hypervisor && systemctl daemon-reload",
        "found": check,
        "fix": check + " --fix --yes",
        "state": state,
        "rest": "for name in virtqemud virtnetworkd; do systemctl disable $name.socket $name.service; systemctl stop $name.socket"
                f" $name.service; done; {check}",
        "remedy": "systemctl enable --now virtqemud.socket && systemctl enable --now virtnetworkd.socket && " + check,
        "remedy_state": state,
    })
    assert answers["install"][0] == 0 and answers["found"][0] == 0, answers["found"]
    for command in ("systemctl enable --now virtqemud.socket", "systemctl enable --now virtnetworkd.socket"):
        assert command in answers["found"][1] and command in answers["rest"][1], answers["found"]
    assert answers["fix"][0] == 0 and '"status": "pass"' in answers["fix"][1], answers["fix"]
    assert "start virtqemud.socket" in answers["fix"][1] and "libvirtd" not in answers["fix"][1].split('"fix"')[1], answers["fix"]
    on = ["enabled", "enabled", "active", "active"]
    assert answers["state"][1].split() == on and answers["remedy_state"][1].split() == on, answers["state"]
    assert '"status": "pass"' in answers["remedy"][1]


def modular_daemons_are_started_and_libvirtd_is_not(machine: Machine) -> None:
    """As packages leave a fresh host whose distribution has a daemon for each driver: at boot, but not yet."""
    make_modular(machine)
    state = ("systemctl is-enabled virtqemud.service virtqemud.socket virtnetworkd.socket; systemctl is-active virtqemud.socket virtnetworkd.socket;"
             " systemctl show --property=LoadState libvirtd.service virtstoraged.socket")
    answers = boot(machine, {
        "install": "/host-setup apply hypervisor && systemctl daemon-reload",
        "undone": "KVMKIT_FAULT=fail:before:18 /host-setup apply services",
        "undone_state": state,
        "apply": "/host-setup apply services",
        "state": state,
        "again": "/host-setup apply services",
        "status": "/host-setup status --json",
        "rollback": "/host-setup rollback",
        "back": state,
        "preset": "systemctl enable virtqemud.socket",
        "started": "/host-setup apply services",
        "preset_state": state,
    })
    off = ["disabled", "disabled", "disabled", "inactive", "inactive", "LoadState=not-found", "LoadState=not-found"]
    assert answers["install"][0] == 0, answers["install"]
    assert answers["undone"][0] == 3 and answers["undone_state"][1].split() == off, answers["undone_state"]
    assert answers["apply"][0] == 0 and "did: start virtqemud.socket" in answers["apply"][1], answers["apply"]
    assert "libvirtd is left alone" in answers["apply"][1]
    assert answers["state"][1].split() == ["enabled", "enabled", "enabled", "active", "active", *off[5:]]
    assert "nothing to do" in answers["again"][1]
    assert '"unit": "virtqemud.socket"' in answers["status"][1] and '"state": "running"' in answers["status"][1]
    assert answers["rollback"][0] == 0 and answers["back"][1].split() == off
    assert "enable" not in answers["started"][1].split("did:", 1)[1], "what is started at boot is not for us to say"
    assert answers["preset_state"][1].split() == ["disabled", "enabled", "disabled", "active", "inactive", *off[5:]]
