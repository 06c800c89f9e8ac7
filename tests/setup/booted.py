# SPDX-License-Identifier: Apache-2.0
"""A root that is booted by systemd-nspawn, with its own systemd: a script in it runs, and the machine goes down."""
import contextlib
import os
import shutil
import subprocess
from pathlib import Path

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


def need_nspawn() -> None:
    if shutil.which("systemd-nspawn") is None:
        skip("systemd-nspawn is not installed (package systemd-container)")
    if not os.listdir("/sys/fs/cgroup"):
        skip("no control groups are mounted here (/sys/fs/cgroup is empty), and systemd needs them")


def boot(root: Path, script: dict, binds: dict, seconds: int = 180) -> dict:
    """Runs the lines of a script on the booted machine; yields exit code and output of each, in order of their names. `binds` says
    what of this machine can be read where."""
    need_nspawn()
    shutil.rmtree(root / "answers", ignore_errors=True)
    (root / "answers").mkdir()
    lines = []
    for name, command in script.items():
        lines.append(f"{{ {command}\n}} >/answers/{name}.out 2>/answers/{name}.err; echo $? >/answers/{name}.code\n")
    (root / "case").write_text("".join(lines))
    (root / "etc/systemd/system/case.service").write_text(UNIT)
    wants = root / "etc/systemd/system/default.target.wants"
    wants.mkdir(exist_ok=True)
    if not (wants / "case.service").is_symlink():
        (wants / "case.service").symlink_to("/etc/systemd/system/case.service")
    sweep_groups()
    booted = subprocess.run(["timeout", "-k", "5", str(seconds), "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
                             "--private-network", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
                             *[f"--bind-ro={here}:{there}" for there, here in binds.items()], "-D", root],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    print(booted.stdout[:3000], booted.stdout[3000:][-3000:], booted.stderr[-2000:])
    answers = {}
    for name in script:
        parts = {kind: root / f"answers/{name}.{kind}" for kind in ("code", "out", "err")}
        if not parts["code"].exists():
            said = "".join(parts[kind].read_text() for kind in ("out", "err") if parts[kind].exists())
            raise AssertionError(f"'{script[name]}' did not end within {seconds} s, or the machine did not come up; it said:\n{said}")
        answers[name] = (int(parts["code"].read_text()), parts["out"].read_text() + parts["err"].read_text())
        print(f"# {script[name]} -> {answers[name][0]}\n{answers[name][1][-4000:]}")
    return answers
