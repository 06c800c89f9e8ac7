#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""net-setup on a fresh Debian whose network a manager looks after: manager_mission.sh does it there, here the network before and
after the reboot is compared. usage: managers.py nspawn|debian networkd|ifupdown|netplan|nm static|dhcp|vlans|killed
[UNIT], the packaged unit that ends what was killed"""
import json
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[3]
MISSION = SOURCE / "tests/lab/manager_mission.sh"
OF_CONTAINERS = ["openssh-server", "ifupdown"]  # the host `debian` has them
PACKAGES = {"networkd": [], "ifupdown": ["bridge-utils"], "netplan": ["netplan.io"], "nm": ["network-manager"]}
NEW_AT_EACH_BOOT = re.compile(r"life|lft|index|expires|seconds")
LINK_LOCAL = "fe80:"  # the kernel's own; ifupdown leaves a port its one
# What a manager does not set: without a spanning tree NetworkManager leaves the delay, which then delays nothing.
NOT_SET = {"nm": "forward-delay:"}
SECONDS_AT_MOST = 1700


def expect(condition, told) -> None:
    if not condition:
        sys.exit(f"FAILED: {told}")


def run_mission(host: str, manager: str, way: str, unit: list) -> str:
    words = [SOURCE / "scripts/lab", "run", host, "--may-skip", "--timeout", str(SECONDS_AT_MOST)]
    of_container = OF_CONTAINERS + (["dnsmasq-base"] if way == "dhcp" else [])
    for package in PACKAGES[manager] + (of_container if host == "nspawn" else []):
        words += ["--with", package]
    for file in [MISSION, *unit]:
        words += ["--copy", file]
    done = subprocess.run([*words, "--", "./" + MISSION.name, manager, way], stdout=subprocess.PIPE, text=True,
                          check=False, stdin=subprocess.DEVNULL)
    print(done.stdout, flush=True)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return done.stdout


def without_what_is_new(record):
    if isinstance(record, dict):
        return {key: without_what_is_new(value) for key, value in record.items() if not NEW_AT_EACH_BOOT.search(key)}
    if isinstance(record, list):
        return [without_what_is_new(value) for value in record if not str(value).startswith(LINK_LOCAL)]
    return record


def records(said: str, when: str):
    shown = [json.loads(line.split(" ", 2)[2]) for line in said.splitlines() if line.startswith(f"SHOW {when} ")]
    expect(len(shown) == 1, f"no record from {when} the reboot")
    state = [line.split(" ", 2)[2] for line in said.splitlines() if line.startswith(f"YAML {when} ")]
    return without_what_is_new(shown[0]), [line for line in state if not NEW_AT_EACH_BOOT.search(line)]


def main(host: str, manager: str, way: str, *unit: str) -> None:
    said = run_mission(host, manager, way, list(unit))
    (before, state_before), (after, state_after) = records(said, "before"), records(said, "after")
    expect("br0" in json.dumps(before), f"no bridge before the reboot: {before}")
    expect(before == after, f"show differs:\n{json.dumps(before, indent=1)}\n{json.dumps(after, indent=1)}")
    if manager in NOT_SET:
        state_before, state_after = ([line for line in state if NOT_SET[manager] not in line] for state in (state_before, state_after))
    expect(state_before == state_after, "the state file differs:\n" + "\n".join(state_before) + "\n--\n" + "\n".join(state_after))
    print(f"{host}, {manager}, {way}: the same network before and after the reboot")


main(*sys.argv[1:])
