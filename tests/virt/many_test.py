# SPDX-License-Identifier: Apache-2.0
"""Several VMs by one command: each a transaction of its own, one report, nothing left where nothing shall be."""
import json
import os
import pathlib
import re
import signal
import unittest

from host import IDLE, IdleVmTest, open_journals, processes, virsh, wait_for


class Many(IdleVmTest):
    def names(self):
        return sorted(virsh("list", "--name").split())

    def test_a_range_is_launched_with_one_report(self):
        record = self.expect_json(0, "launch", "web{1..5}", *IDLE)
        self.assertEqual((record["launched"], record["failed"]), (5, 0))
        self.assertEqual(self.names(), [f"web{n}" for n in range(1, 6)])
        self.assertEqual(sorted(vm["launch"]["qemu_pid"] for vm in record["vms"]), processes("qemu-system-x86"))
        self.assertEqual(len({vm["launch"]["uuid"] for vm in record["vms"]}), 5)
        self.assertEqual(record["host_after"]["vcpus"], 5)

    def test_names_that_the_shell_has_spelt_out_are_launched_alike(self):
        self.expect(0, "launch", "web1", "web2", "db{1..2}", *IDLE)
        self.assertEqual(self.names(), ["db1", "db2", "web1", "web2"])
        self.assertIn("VM 'web1' is named twice", self.expect(2, "launch", "web1", "web{1..2}", *IDLE).stderr)

    def test_several_are_removed_by_one_command(self):
        self.expect(0, "launch", "web{1..4}", *IDLE)
        self.expect(0, "launch", "db", *IDLE)
        virsh("destroy", "web4")
        refused = self.expect(10, "rm", "web{1..3}", "db")
        for name in ("web1", "web2", "web3", "db"):
            self.assertIn(f"refused to remove VM '{name}': it runs", refused.stderr)
        record = self.expect_json(22, "rm", "web{3..4}", "none")
        self.assertEqual([(vm["name"], vm["removed"]) for vm in record["vms"]],
                         [("web3", False), ("web4", True), ("none", False)])
        self.assertEqual((record["removed"], record["failed"]), (1, 2))
        self.assertIn("cannot find VM 'none'", record["vms"][2]["error"])
        self.assertEqual(self.expect(0, "rm", "web{1..3}", "db", "--force").stderr, "4 of 4 VMs are removed\n")
        self.assertEqual(virsh("list", "--all", "--name").split(), [])
        self.assertIn("'web{1..'", self.expect(2, "rm", "web{1..").stderr)
        self.assertIn("VM 'web2' is named twice", self.expect(2, "rm", "web2", "web{1..3}").stderr)

    def test_ctrl_c_cuts_no_removal_in_two(self):
        self.expect(0, "launch", "a{1..18}", "b", *IDLE)
        interrupting = {"KVMKIT_FAULT": "stop:undo:0"}
        record = self.expect_json(130, "rm", "a{1..18}", "--force", env=interrupting)
        self.assertEqual((record["removed"], record["failed"]), (16, 2))  # as many as are removed at a time
        left = [vm["name"] for vm in record["vms"] if not vm["removed"]]
        self.assertEqual({vm["error"] for vm in record["vms"]}, {None, "interrupted before it was removed"})
        self.assertEqual(self.names(), sorted([*left, "b"]))
        self.assertEqual(open_journals(), [])
        self.expect(0, "rm", "b", "--force", env=interrupting)
        self.assertEqual(self.names(), left)

    def test_one_that_fails_takes_no_other_with_it_unless_asked(self):
        self.expect(0, "launch", "web2", *IDLE)
        done = self.expect(22, "launch", "web{1..3}", *IDLE)
        self.assertRegex(done.stdout, r"(?m)^web1 +started .*\nweb2 +failed .*\nweb3 +started ")
        self.assertIn("web2: cannot launch VM 'web2': the name is taken by a VM that vm-run made (running)", done.stderr)
        self.assertEqual(self.names(), ["web1", "web2", "web3"])
        done = self.expect(3, "launch", "a,web2,b", *IDLE, "--all-or-nothing")
        self.assertRegex(done.stdout, r"(?m)^a +removed ")
        self.assertEqual(self.names(), ["web1", "web2", "web3"])
        self.expect(3, "launch", "web{1..3}", *IDLE)

    def test_all_or_nothing_keeps_all_where_all_succeed(self):
        self.expect(0, "launch", "web{1..3}", *IDLE, "--all-or-nothing")
        self.assertEqual(self.expect_json(0, "gc")["undone"], [])
        self.assertEqual(self.names(), ["web1", "web2", "web3"])

    def test_ctrl_c_ends_those_in_the_foreground(self):
        process = self.start("launch", "try{1..3}", *IDLE, "--rm")
        self.assertIn("OUTCOME", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 130)
        self.assert_unchanged("all are removed")

    def test_a_killed_one_leaves_nothing_of_those_in_the_foreground(self):
        process = self.start("launch", "try{1..3}", *IDLE, "--rm")
        self.assertIn("OUTCOME", process.stdout.readline())
        process.kill()
        process.wait(timeout=10)
        self.wait_until_unchanged("the guardian has tidied up", 40)

    def test_a_fault_in_each_undoes_each(self):
        self.expect(3, "launch", "web{1..3}", *IDLE, env={"KVMKIT_FAULT": "fail:after:4"})
        self.assert_unchanged("undone")

    def test_a_dry_run_and_what_cannot_be_had_for_several(self):
        done = self.expect(1, "launch", "web{1..2}", *IDLE, "--dry-run")
        self.assertIn("would define VM 'web2'", done.stdout)
        self.assertIn("are for one VM", self.expect(2, "launch", "web{1..2}", *IDLE, "--console").stderr)
        self.assertIn("no range of names", self.expect(2, "launch", "web{2..1}", *IDLE).stderr)

    def test_the_calls_to_libvirt_for_each_further_vm_are_few(self):
        def calls(names):
            log = pathlib.Path("/run/rpc.log")
            log.unlink(missing_ok=True)
            self.expect(0, "launch", names, *IDLE, env={"LIBVIRT_LOG_FILTERS": "1:rpc",
                                                        "LIBVIRT_LOG_OUTPUTS": f"1:file:{log}"})
            return len(re.findall(r"RPC_CLIENT_MSG_TX_QUEUE.* type=0 ", log.read_text()))
        few, many = calls("a{1..2}"), calls("b{1..4}")
        self.assertGreater(few, 0)
        print(f"calls to libvirt for each further VM: {(many - few) / 2}")
        self.assertLessEqual(many - few, 2 * 8)

    def test_the_calls_to_libvirt_for_each_further_removal_are_few(self):
        self.expect(0, "launch", "a{1..2}", "b{1..4}", *IDLE)

        def calls(names):
            log = pathlib.Path("/run/rpc.log")
            log.unlink(missing_ok=True)
            self.expect(0, "rm", names, "--force", env={"LIBVIRT_LOG_FILTERS": "1:rpc", "LIBVIRT_LOG_OUTPUTS": f"1:file:{log}"})
            return len(re.findall(r"RPC_CLIENT_MSG_TX_QUEUE.* type=0 ", log.read_text()))
        few, many = calls("a{1..2}"), calls("b{1..4}")
        self.assertGreater(few, 0)
        print(f"calls to libvirt for each further removal: {(many - few) / 2}")
        self.assertLessEqual(many - few, 2 * 6)


if __name__ == "__main__":
    assert json and os and wait_for
    unittest.main(verbosity=2)
