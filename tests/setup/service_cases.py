# SPDX-License-Identifier: Apache-2.0
"""Cases under a systemd that really runs: the machine is booted by systemd-nspawn, and the case is a unit in it."""
import contextlib
import os
import shutil
import subprocess

from machine import Machine
from skip import skip

UNIT = """[Unit]
Description=the case
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh /case
ExecStopPost=/bin/systemctl --no-block poweroff --force
[Install]
WantedBy=default.target
"""


def sweep_groups() -> None:
    """Removes the empty control groups that systemd-nspawn leaves: it does not start where one hierarchy alone has them."""
    for hierarchy in ("", "unified", "systemd"):
        for name in ("payload", "supervisor"):
            for folder, _, _ in os.walk(os.path.join("/sys/fs/cgroup", hierarchy, name), topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)


def boot(machine: Machine, script: dict) -> dict:
    """Runs the lines of a script on the booted machine; yields exit code and output of each, in order of their names."""
    if shutil.which("systemd-nspawn") is None:
        skip("systemd-nspawn is not installed (package systemd-container)")
    if not os.listdir("/sys/fs/cgroup"):
        skip("no control groups are mounted here (/sys/fs/cgroup is empty), and systemd needs them")
    (machine.root / "answers").mkdir()
    lines = []
    for name, command in script.items():
        lines.append(f"{{ {command}; }} >/answers/{name}.out 2>/answers/{name}.err; echo $? >/answers/{name}.code\n")
    (machine.root / "case").write_text("".join(lines))
    (machine.root / "etc/systemd/system/case.service").write_text(UNIT)
    wants = machine.root / "etc/systemd/system/default.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "case.service").symlink_to("/etc/systemd/system/case.service")
    sweep_groups()
    for place in ("dev", "run", "proc"):
        subprocess.run(["umount", "-l", machine.root / place], check=True)
    booted = subprocess.run(["timeout", "-k", "5", "90", "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
                             "--private-network", f"--bind-ro={machine.repo}:/srv/repo",
                             f"--bind-ro={machine.program}:/host-setup", "-D", machine.root],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    print(booted.stdout[-3000:], booted.stderr[-2000:])
    answers = {}
    for name in script:
        parts = {kind: machine.root / f"answers/{name}.{kind}" for kind in ("code", "out", "err")}
        assert parts["code"].exists(), f"'{script[name]}' was not run: the machine did not come up"
        answers[name] = (int(parts["code"].read_text()), parts["out"].read_text() + parts["err"].read_text())
        print(f"# {script[name]} -> {answers[name][0]}\n{answers[name][1]}")
    return answers


def systemd_starts_libvirt(machine: Machine) -> None:
    answers = boot(machine, {
        "undone": "KVMKIT_FAULT=fail:after:4 /host-setup apply",
        "undone_state": "systemctl is-enabled libvirtd.service; systemctl is-active libvirtd.socket",
        "apply": "/host-setup apply",
        "state": "systemctl is-enabled libvirtd.service && systemctl is-active libvirtd.socket libvirtd.service",
        "again": "/host-setup apply",
        "status": "/host-setup status --json",
    })
    assert answers["undone"][0] == 4 and "vlan 99.1 (installed)" in answers["undone"][1]
    assert answers["undone_state"][1].split() == ["disabled", "inactive"]
    code, text = answers["apply"]
    assert code == 0 and "did: enable libvirtd.service" in text and "did: start libvirtd.socket" in text
    assert "did: wait for libvirt to answer" in text and "by hand" not in text
    assert answers["state"][0] == 0
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
