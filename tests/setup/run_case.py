# SPDX-License-Identifier: Apache-2.0
"""run_case.py LAB PROGRAM CASE: one case in this process's mount namespace, which must be private."""
import os
import subprocess
import sys
from pathlib import Path

import cases
import fault_cases
import history_cases
import image_cases
import mirror_cases
import network_cases
import openrc_cases
import plan_cases
import removal_cases
import resume_cases
import rpm_cases
import service_cases
import ssh_cases
from machine import Machine
from skip import skip


def main() -> None:
    lab, program, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    if os.geteuid() != 0:
        skip("not root")
    if not (lab / "root").exists():
        skip("the lab's root could not be made, see setup-root")
    modules = (cases, service_cases, fault_cases, mirror_cases, history_cases, network_cases, plan_cases, ssh_cases,
               resume_cases, image_cases, openrc_cases, removal_cases)
    case = rpm_cases.case_of(name) or next(getattr(each, name) for each in modules if hasattr(each, name))
    try:
        machine = (rpm_cases.machine_of(name) or Machine)(lab, program)
    except subprocess.CalledProcessError as problem:
        skip(f"no overlay can be mounted here: {problem}")
    case(machine)


main()
