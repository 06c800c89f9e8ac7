# SPDX-License-Identifier: Apache-2.0
"""A skip that says why, and that is a failure where tests must run."""
import os
import sys


def skip(reason: str) -> None:
    print(f"skipped: {reason}")
    sys.exit(1 if os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1" else 77)
