# SPDX-License-Identifier: Apache-2.0
"""A VM on the driver inside vm-run that switches itself off, again and again: its end and the console's end come from two
threads at once, and neither may wait for the other for ever."""
import unittest

from host import BOOT_SECONDS, GUEST, VmRunTest, cmdline

TIMES = 20


class PowerOff(VmRunTest):
    daemon = False

    def test_every_run_comes_to_its_end(self):
        for number in range(TIMES):
            with self.subTest(number):
                done = self.expect(0, "launch", "off", *GUEST, "--rm", "--net", "none", "--timeout", str(BOOT_SECONDS),
                                   "--console", *cmdline("kvmkit.name=off kvmkit.mode=poweroff"))
                self.assertIn("KVMKIT-GUEST ready NAME=off", done.stdout)
                self.assert_unchanged("after the power-off")


if __name__ == "__main__":
    unittest.main(verbosity=2)
