# SPDX-License-Identifier: Apache-2.0
"""run_fresh.py HOSTS PROGRAM SUITE CASE: one case in this process's mount namespace, which must be private."""
import os
import subprocess
import sys
from pathlib import Path

import booted
import fresh_cases
import fresh_ssh_cases
from fresh_host import FreshHost
from skip import skip


def main() -> None:
    place, program = Path(sys.argv[1]).resolve() / sys.argv[3], Path(sys.argv[2])
    case = next(getattr(each, sys.argv[4]) for each in (fresh_cases, fresh_ssh_cases) if hasattr(each, sys.argv[4]))
    if os.geteuid() != 0:
        skip("not root")
    repository = getattr(case, "repository", "repo")
    if not (place / repository / "names").exists():
        skip(f"there is no fresh host, see setup-host-{sys.argv[3]}")
    booted.need_nspawn()

    def another() -> FreshHost:
        return FreshHost(place, program, repository)

    try:
        host = another()
    except subprocess.CalledProcessError as problem:
        skip(f"no overlay can be mounted here: {problem}")
    case(host, another)


main()
