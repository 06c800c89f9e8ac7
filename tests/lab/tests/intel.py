#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What kvm-check says on the lab's Intel host: intel.py VARIANT. That host has no Python: the record is judged out here."""
import json
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[3]


def expect(condition, told) -> None:
    if not condition:
        sys.exit(f"FAILED: {told}")


def ask(*options, command="run"):
    """Exit code and record of `kvm-check COMMAND`."""
    words = [SOURCE / "scripts/lab", "run", "intel", "--may-skip", *options, "--", "kvm-check", *command.split(), "--json",
             "--timeout", "60s"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    print(done.stdout, done.stderr, sep="\n")
    if done.returncode == 77 or not done.stdout.startswith("{"):
        sys.exit(done.returncode or 1)
    return done.returncode, json.loads(done.stdout)


def check(*options):
    """Exit code, record, and the status of each check."""
    code, record = ask(*options)
    return code, record, {one["id"]: one for one in record["checks"]}


def expect_ready(*options) -> dict:
    code, record, checks = check(*options)
    expect((code, record["summary"]["verdict"], record["host"]["cpu"]["flag"]) == (0, "ready", "vmx"), record["summary"])
    expect([checks[name]["status"] for name in ("kvm.run_real", "kvm.run_long", "kvm.guest_speed")] == ["pass"] * 3, checks)
    return checks


def nested_on() -> None:
    checks = expect_ready()
    expect([checks[name]["status"] for name in ("nested.param", "nested.offered", "kvm.msr_writeback")] == ["pass"] * 3, checks)
    code, record = ask(command="nested --prove")
    expect((code, record["verdict"], record["gets"], record["run"]["status"]) == (0, "proved", "vmx", "pass"), record)


def nested_off() -> None:
    finding = expect_ready("--nested", "off")["nested.param"]
    expect(finding["status"] == "warn" and "nested is N" in finding["evidence"], finding)
    expect(any("kvm_intel nested=1" in line for line in finding["remedy"]["commands"]), finding)
    code, record = ask("--nested", "off", command="nested --prove")
    expect((code, record["verdict"], record["missing"]["id"]) == (1, "unavailable", "nested.param"), record)


def firmware_off() -> None:
    code, record, checks = check("--firmware-off")
    expect((code, record["summary"]["verdict"], record["recommendation"]["accel"]) == (1, "unusable", "tcg"), record["summary"])
    finding = checks["cpu.virt_ext"]
    expect(finding["status"] == "fail" and "switched off in the firmware" in finding["evidence"], finding)
    expect(finding["remedy"]["where"] == "firmware" and "VT-x" in finding["remedy"]["summary"], finding)
    causes = {one["because"] for one in checks.values() if one["status"] == "skip" and one["because"]}
    expect(causes == {"cpu.virt_ext"}, checks)


VARIANTS = {case.__name__.replace("_", "-"): case for case in (nested_on, nested_off, firmware_off)}

if __name__ == "__main__":
    VARIANTS[sys.argv[1]]()
