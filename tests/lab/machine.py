# SPDX-License-Identifier: Apache-2.0
"""One emulated machine: started, its output passed on as it comes, ended at the deadline at the latest."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from isolation import die_with_parent

POLL_SECONDS = 0.05


class Follower:
    """Passes on what is appended to a file, as far as it has come."""

    def __init__(self, path: Path, sink):
        self.path, self.sink, self.offset = path, sink, 0

    def pass_on(self) -> None:
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                new = file.read()
        except FileNotFoundError:
            return
        self.offset += len(new)
        if new:
            self.sink.write(new)
            self.sink.flush()


class Machine:
    """A running emulator. Leaving the `with` block ends it."""

    def __init__(self, words: list, log: Path, foreground: bool = False, inherit: tuple = ()):
        self.words, self.log, self.foreground, self.inherit = [str(word) for word in words], log, foreground, inherit

    def __enter__(self):
        parent = os.getpid()
        quiet = {} if self.foreground else {"stdin": subprocess.DEVNULL, "start_new_session": True}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.words, preexec_fn=lambda: die_with_parent(parent), pass_fds=self.inherit,
                                            stdout=None if self.foreground else log,
                                            stderr=None if self.foreground else log, **quiet)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait(self, deadline: float, each=lambda: None, until=lambda: False) -> bool:
        """Calls each() until the machine has ended or until() holds; false when the deadline came first."""
        while self.process.poll() is None and not until():
            each()
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        each()
        return True


def followers(folder: Path) -> list:
    return [Follower(folder / "stdout", sys.stdout.buffer), Follower(folder / "stderr", sys.stderr.buffer)]


def pass_on_all(which: list) -> None:
    for follower in which:
        follower.pass_on()
