#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""golden.py itself: it notices each kind of difference, and an accepting run does not count as passed."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

GOLDEN = pathlib.Path(__file__).with_name("golden.py")


class Golden(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.cases = self.folder / "cases.json"
        self.write_case("echo hello; echo oops >&2; exit 1", 1)

    def write_case(self, script, code):
        self.cases.write_text(json.dumps([{"name": "case", "args": ["-c", script], "exit": code}]))

    def golden(self, *words):
        return subprocess.run([sys.executable, GOLDEN, "/bin/sh", self.cases, *words], capture_output=True, text=True,
                              check=False)

    def test_an_accepting_run_is_not_a_pass_and_the_next_one_is(self):
        self.assertEqual(self.golden().returncode, 1)
        accepted = self.golden("--accept")
        self.assertEqual(accepted.returncode, 77)
        self.assertIn("accepted, not passed: 2 files changed", accepted.stdout)
        self.assertEqual(self.golden().returncode, 0)

    def test_each_difference_is_noticed(self):
        self.golden("--accept")
        for script, code in (("echo hullo; echo oops >&2; exit 1", 1), ("echo hello; exit 1", 1),
                             ("echo hello; echo oops >&2; exit 0", 1)):
            self.write_case(script, code)
            self.assertEqual(self.golden().returncode, 1, script)

    def test_exit_codes_are_not_accepted(self):
        self.write_case("echo hello; echo oops >&2; exit 3", 1)
        self.golden("--accept")
        self.assertEqual(self.golden().returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
