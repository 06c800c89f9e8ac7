#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/lab itself: what comes back, the deadline, and that nothing stays when it is ended or killed at any moment.
usage: harness.py answers | ends TIMES"""
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

SOURCE = pathlib.Path(__file__).resolve().parents[3]
LAB = [str(SOURCE / "scripts/lab"), "run"]
MARK = "KVMKIT_LAB_TEST_MARK"


def expect(condition, told) -> None:
    if not condition:
        sys.exit(f"FAILED: {told}")


def lab(*words, host="amd"):
    return subprocess.run([*LAB, host, *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def answers() -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = lab("--output", folder, "--", "sh", "-c", "echo to stdout; echo to stderr >&2; exit 7")
        expect((done.returncode, done.stdout, done.stderr) == (7, "to stdout\n", "to stderr\n"), done)
        kept = {path.name: path.read_text(errors="replace") for path in pathlib.Path(folder).iterdir()}
        expect((kept["exit"], kept["stdout"], kept["stderr"]) == ("7\n", "to stdout\n", "to stderr\n"), kept)
        expect("reboot: Power down" in kept["serial.log"] or "sysrq" in kept["serial.log"], kept["serial.log"][-300:])
        suite = xml.fromstring(kept["junit.xml"])
        expect((suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "1", "0"), kept["junit.xml"])
    done = lab("--timeout", "25", "--", "sleep", "1000")
    expect(done.returncode == 124 and "the deadline came first" in done.stderr, done)
    expect("last lines:" in done.stderr, done)
    done = lab("--boots", "1", "--", "lab-reset")
    expect(done.returncode == 125 and "more than 1 boots" in done.stderr, done)
    expect(lab("--", "no-such-command").returncode == 127, "a command that is not there")


def left_behind(mark: str) -> list:
    """Processes whose environment holds the mark, wherever they are."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            pass
    return found


def mounts() -> str:
    return pathlib.Path("/proc/self/mounts").read_text()


def namespaces() -> set:
    found = set()
    for kind in ("mnt", "net", "pid"):
        for link in pathlib.Path("/proc").glob(f"[0-9]*/ns/{kind}"):
            try:
                found.add(os.readlink(link))
            except OSError:
                pass
    return found


def ends(times: int, host="amd", seconds=20) -> None:
    """Ended by each signal at random moments of a run of about so many seconds."""
    for number in range(times):
        mark = f"{os.getpid()}.{number}"
        before = mounts()
        process = subprocess.Popen([*LAB, host, "--", "sleep", "5"], env={**os.environ, MARK: mark}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        moment, with_signal = random.uniform(0, seconds), (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[number % 3]
        time.sleep(moment)
        if with_signal == signal.SIGINT:
            os.killpg(process.pid, with_signal)  # as a terminal sends Ctrl-C
        else:
            process.send_signal(with_signal)
        process.wait(timeout=20)
        deadline = time.monotonic() + 5
        while left_behind(mark) and time.monotonic() < deadline:
            time.sleep(0.05)
        expect(not left_behind(mark), f"{with_signal.name} after {moment:.1f} s left {left_behind(mark)}")
        expect(mounts() == before, f"{with_signal.name} after {moment:.1f} s left a mount")
        print(f"{with_signal.name:>8} after {moment:4.1f} s: exit code {process.returncode}, nothing left", flush=True)


if __name__ == "__main__":
    answers() if sys.argv[1] == "answers" else ends(int(sys.argv[2]))
