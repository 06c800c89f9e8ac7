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
    """A command to time; `before` and `undo` run around it in each round, untimed. Exit codes outside `accept` fail the
    benchmark."""

    def __init__(self, name, argv, undo=None, accept=(0,), before=None):
        self.name, self.argv, self.undo, self.accept, self.before = name, argv, undo, accept, before
        self.seconds = []

    def execute(self):
        """Runs it and says how long that took."""
        start = time.monotonic()
        done = subprocess.run(self.argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=900)
        elapsed = time.monotonic() - start
        if done.returncode not in self.accept:
            sys.exit(f"{self.name} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
        return elapsed

    def run(self, record):
        if self.before:
            subprocess.run(self.before, stdin=subprocess.DEVNULL, capture_output=True, timeout=900, check=True)
        elapsed = self.execute()
        if self.undo:
            subprocess.run(self.undo, stdin=subprocess.DEVNULL, capture_output=True, timeout=900)
        if record:
            self.seconds.append(elapsed)


def need(*programs):
    """Exits with what to install where a peer is missing: a comparison without the peer is none."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}\n  hint: apt-get install cpu-checker libvirt-clients virtinst virt-what")


def compare(title, ours, peers, rounds=9, warm_up=1):
    """Runs all of them and prints a table, then one JSON line. KVMKIT_BENCH_ROUNDS=N: at most so many rounds."""
    everything = [ours, *peers]
    rounds = min(rounds, int(os.environ.get("KVMKIT_BENCH_ROUNDS", rounds)))
    for number in range(warm_up + rounds):
        for command in everything:
            command.run(record=number >= warm_up)
    report(f"{title} ({rounds} rounds, interleaved, {os.cpu_count()} CPUs)", {one.name: one.seconds for one in everything})


def report(title, seconds):
    """seconds: name -> measurements, ours first. Prints a table, then one JSON line."""
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    ours = next(iter(medians))
    print(title)
    for name, taken in seconds.items():
        print(f"  {name:<28} median {medians[name] * 1000:8.1f} ms  ({min(taken) * 1000:.1f} to {max(taken) * 1000:.1f})"
              f"  {ours} takes {medians[ours] / medians[name]:.2f} of it")
    print(json.dumps({"schema": "kvmkit.bench/1", "title": title.split(" (")[0], "rounds": len(seconds[ours]),
                      "median_ms": {name: round(median * 1000, 2) for name, median in medians.items()},
                      "ratio": {name: round(medians[ours] / median, 3) for name, median in medians.items() if name != ours}}))
