# SPDX-License-Identifier: Apache-2.0
"""A fault before and after each step of a launch: it fails, is interrupted, or is killed. Nothing is ever left, for a
killed kept launch after the next vm-run."""
import unittest

from host import VmRunTest, make_image, no_keys_of_the_caller, processes, wait_for

IMAGE = ("--image", "/run/base.qcow2", "--memory", "32M", "--net", "none", "--wait", "none", "--add-disk", "1M")
KEPT_STEPS = ("folder", "overlay", "disk", "seed", "define", "start", "attach", "resume")
EPHEMERAL_STEPS = ("folder", "overlay", "disk", "seed", "create", "attach", "resume")
KILLED = -9


def moments(steps):
    return [(moment, step) for step in range(len(steps)) for moment in ("before", "after")]


class Faults(VmRunTest):
    def setUp(self):
        make_image("/run/base.qcow2")
        no_keys_of_the_caller()
        super().setUp()

    def launch(self, code, fault, *words):
        return self.expect(code, "launch", "web", *IMAGE, *words, env={"KVMKIT_FAULT": fault})

    def test_a_kept_launch_that_fails_anywhere_is_undone(self):
        for moment, step in moments(KEPT_STEPS):
            with self.subTest(f"{moment} {KEPT_STEPS[step]}"):
                done = self.launch(3, f"fail:{moment}:{step}")
                self.assertIn(f"fault hook: {moment}:{step}", done.stderr)
                self.assert_unchanged("undone")

    def test_an_ephemeral_launch_that_fails_anywhere_is_undone(self):
        for moment, step in moments(EPHEMERAL_STEPS):
            with self.subTest(f"{moment} {EPHEMERAL_STEPS[step]}"):
                self.launch(3, f"fail:{moment}:{step}", "--rm")
                self.assert_unchanged("undone")

    def test_ctrl_c_at_any_step_is_undone(self):
        for moment, step in moments(EPHEMERAL_STEPS):
            with self.subTest(f"{moment} {EPHEMERAL_STEPS[step]}"):
                self.launch(130, f"stop:{moment}:{step}", "--rm")
                self.assert_unchanged("undone")
        for moment, step in moments(KEPT_STEPS)[:-2]:
            with self.subTest(f"{moment} {KEPT_STEPS[step]}"):
                self.launch(130, f"stop:{moment}:{step}")
                self.assert_unchanged("undone")

    def test_a_killed_ephemeral_launch_is_undone_by_its_guardian(self):
        for moment, step in moments(EPHEMERAL_STEPS):
            with self.subTest(f"{moment} {EPHEMERAL_STEPS[step]}"):
                self.launch(KILLED, f"kill:{moment}:{step}", "--rm")
                self.wait_until_unchanged("undone")

    def test_a_killed_kept_launch_is_undone_by_gc(self):
        for moment, step in moments(KEPT_STEPS):
            with self.subTest(f"{moment} {KEPT_STEPS[step]}"):
                self.launch(KILLED, f"kill:{moment}:{step}")
                record = self.expect_json(0, "gc")
                self.assertEqual((len(record["undone"]), record["failed"]), (1, []))
                self.assert_unchanged("undone")

    def test_what_cannot_be_undone_is_named_and_undone_by_a_later_gc(self):
        process = self.start("launch", "web", *IMAGE, "--rm", env={"KVMKIT_FAULT": "fail:undo:1"})
        self.assertIn("is started", process.stdout.readline())
        self.expect(0, "stop", "web", "--force", "--timeout", "0")
        _, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 4, err)
        self.assertRegex(err, "could not undo: create overlay .*fault hook: undo:1")
        wait_for("the guardian, under the same fault, has given up", lambda: not processes("vm-run"))
        self.expect(0, "gc")
        self.assert_unchanged("a try without the fault removes it")


if __name__ == "__main__":
    unittest.main(verbosity=2)
