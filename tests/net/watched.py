# SPDX-License-Identifier: Apache-2.0
"""Changes on trial at the host of uplink.py: started, waited for, and looked at once they have ended."""
import os
import pathlib
import signal
import subprocess

import lab
import uplink
from uplink import everything

THERE = "lan-bridge eth0"
SECONDS_AT_MOST = 10


def is_held(pid):
    return "State:\tT" in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")


class Watched(uplink.Uplink):
    def start(self, words, fault=None, **how):
        environment = {**os.environ, **({"KVMKIT_FAULT": fault} if fault else {})}
        run = subprocess.Popen([lab.TOOL, *words.split()], stderr=subprocess.PIPE, text=True, env=environment,
                               **{"stdin": subprocess.DEVNULL, **how})
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run

    def status(self):
        return self.record("status --json")

    def ask(self, words=THERE, timeout="60s", **how):
        """A change that is made and waits for an answer."""
        run = self.start(f"{words} --confirm ask --timeout {timeout}", **how)
        self.wait_for(lambda: self.status()["state"] == "applied", "the change")
        return run

    def expect_end(self, run, code, message):
        said = run.stderr.read()
        self.assertEqual(run.wait(SECONDS_AT_MOST), code, said)
        self.assertIn(message, said)

    def states(self):
        return [change["state"] for change in self.record("history --json")["changes"]]

    def expect_undone_by_itself(self):
        self.wait_for(lambda: everything() == self.before, "what was before")
        self.wait_for_the_lock()
        self.assertEqual(self.states()[-1], "rolled-back")

    def abandon(self):
        """A change whose run and watchdog were killed."""
        run = self.ask()
        run.send_signal(signal.SIGSTOP)
        os.kill(self.status()["watchdog_pid"], signal.SIGKILL)
        run.kill()
        run.wait()
        self.wait_for_the_lock()
