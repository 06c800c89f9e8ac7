# SPDX-License-Identifier: Apache-2.0
"""Waits for what another process does."""
import time


def wait_until(holds, otherwise: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)
