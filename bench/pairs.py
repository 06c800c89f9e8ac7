# SPDX-License-Identifier: Apache-2.0
"""Times whole commands side by side: one warm-up, then rounds in which every command runs once, so that load on the
machine hits all of them alike. A figure alone means nothing on another machine; the ratio of two does."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time


class Command:
    """A command to time; `undo` runs after each round, untimed. Exit codes outside `accept` fail the benchmark."""

    def __init__(self, name, argv, undo=None, accept=(0,)):
        self.name, self.argv, self.undo, self.accept = name, argv, undo, accept
        self.seconds = []

    def run(self, record):
        start = time.monotonic()
        done = subprocess.run(self.argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
        elapsed = time.monotonic() - start
        if self.undo:
            subprocess.run(self.undo, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
        if done.returncode not in self.accept:
            sys.exit(f"{self.name} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
        if record:
            self.seconds.append(elapsed)

    @property
    def median(self):
        return statistics.median(self.seconds)


def need(*programs):
    """Exits with what to install where a peer is missing: a comparison without the peer is none."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}\n  hint: apt-get install cpu-checker libvirt-clients virtinst virt-what")


def compare(title, ours, peers, rounds=9):
    """Runs all of them and prints a table, then one JSON line."""
    everything = [ours, *peers]
    for number in range(rounds + 1):
        for command in everything:
            command.run(record=number > 0)
    print(f"{title} ({rounds} rounds, interleaved, {os.cpu_count()} CPUs)")
    for command in everything:
        low, high = min(command.seconds), max(command.seconds)
        ratio = ours.median / command.median
        print(f"  {command.name:<28} median {command.median * 1000:8.1f} ms  ({low * 1000:.1f} to {high * 1000:.1f})"
              f"  {ours.name} takes {ratio:.2f} of it")
    print(json.dumps({"schema": "kvmkit.bench/1", "title": title, "rounds": rounds,
                      "median_ms": {c.name: round(c.median * 1000, 2) for c in everything},
                      "ratio": {c.name: round(ours.median / c.median, 3) for c in peers}}))
