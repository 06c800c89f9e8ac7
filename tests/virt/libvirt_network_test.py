# SPDX-License-Identifier: Apache-2.0
"""vm-run on libvirt's own networks: named, started on request, and taken where nobody names any."""
import json
import pathlib
import unittest

from host import virsh
from network_test import PATIENCE, NetworkTest, guest

NETWORK = """<network><name>lan</name><forward mode='open'/><bridge name='virbr7'/>
<ip address='198.51.100.1' netmask='255.255.255.0'><dhcp><range start='198.51.100.10' end='198.51.100.90'/></dhcp></ip>
</network>"""


class OnANetworkOfLibvirt(NetworkTest):
    def setUp(self):
        super().setUp()
        pathlib.Path("/run/lan.xml").write_text(NETWORK, encoding="utf-8")
        virsh("net-define", "/run/lan.xml")
        self.addCleanup(virsh, "net-undefine", "lan")

    def active(self):
        return "lan" in virsh("net-list", "--name")

    def test_one_that_is_off_or_unknown_is_told_before_anything_is_made(self):
        done = self.expect(3, "launch", "web", *guest("web"), "--net", "network=lan")
        self.assertIn("cannot use network 'lan': it is off\n  hint: start it with --net-start", done.stderr)
        done = self.expect(3, "launch", "web", *guest("web"), "--net", "network=none")
        self.assertIn("cannot use network 'none': libvirt knows none of that name", done.stderr)

    def test_it_is_started_on_request_and_leases_an_address(self):
        record = self.expect_json(0, "launch", "web", *guest("web"), "--net", "network=lan", "--net-start", "--wait", "ip",
                                  *PATIENCE)
        self.assertRegex(record["address"]["ip"], r"^198\.51\.100\.\d+$")
        self.assertEqual(self.expect(0, "ip", "web").stdout, record["address"]["ip"] + "\n")
        self.expect(0, "rm", "web", "--force")
        self.assertTrue(self.active(), "others may use it: it stays on")
        virsh("net-destroy", "lan")

    def test_a_launch_that_fails_stops_what_it_started(self):
        words = ("launch", "web", *guest("web"), "--net", "network=lan", "--net-start", "--wait", "none")
        for fault in ("fail:after:0", "fail:after:2"):
            self.expect(3, *words, env={"KVMKIT_FAULT": fault})
            self.assertFalse(self.active(), fault)
        self.expect(-9, *words, env={"KVMKIT_FAULT": "kill:after:2"})
        self.assertTrue(self.active())
        self.expect(0, "gc")
        self.assertFalse(self.active(), "gc stops it as well")


class WhereNobodyNamesANetwork(NetworkTest):
    """libvirt's network "default" is taken where it runs, as one can call VMs there."""

    def setUp(self):
        super().setUp()
        if "default" in virsh("net-list", "--all", "--name"):  # as Debian ships it: 192.168.122.0/24, off
            shipped = virsh("net-dumpxml", "default", "--inactive")
            virsh("net-undefine", "default")
            self.addCleanup(self.define, shipped)
        self.define(NETWORK.replace(">lan<", ">default<"))
        self.addCleanup(virsh, "net-undefine", "default")

    @staticmethod
    def define(xml):
        pathlib.Path("/run/default.xml").write_text(xml, encoding="utf-8")
        virsh("net-define", "/run/default.xml")

    def why(self, *words):
        lines = self.expect(1, "plan", "web", *guest("web"), "--why", *words).stdout.splitlines()
        at = next(i for i, line in enumerate(lines) if "network card 1" in line)
        return " ".join(line.strip() for line in lines[at:at + 3])

    def test_the_default_network_is_taken_if_it_runs(self):
        virsh("net-start", "default")
        self.addCleanup(virsh, "net-destroy", "default")
        self.assertIn("libvirt's network 'default' runs", self.why())
        xml = self.expect(0, "launch", "web", *guest("web"), "--print-xml").stdout
        self.assertIn('<source network="default" />', xml)
        self.assertNotIn("network 'default'", self.why("--net", "user"))
        record = self.expect_json(0, "launch", "web", *guest("web"), "--wait", "ip", *PATIENCE)
        self.assertEqual([card["net"] for card in record["nics"]], ["network=default"])
        self.assertRegex(record["address"]["ip"], r"^198\.51\.100\.\d+$")
        self.expect(0, "rm", "web", "--force")
        done = self.expect(0, "launch", "web{1..2}", *guest("web"), "--net", "auto", "--wait", "none", "--json")
        cards = [vm["launch"]["nics"][0]["net"] for vm in json.loads(done.stdout)["vms"]]
        self.expect(0, "rm", "web{1..2}", "--force")
        self.assertEqual(cards, 2 * ["network=default"])

    def test_one_that_is_off_is_left_off_and_nobody_can_call(self):
        self.assertIn("libvirt's network 'default' is off", self.why())
        self.assertIn('<interface type="user">', self.expect(0, "launch", "web", *guest("web"), "--print-xml").stdout)
        for names in ("web", "web{1..2}"):
            done = self.expect(10, "launch", names, *guest("web"), "--wait", "ssh")
            self.assertIn("cannot wait for ssh: nobody can call a VM with --net user; libvirt's network 'default' is off",
                          done.stderr)
        done = self.expect(10, "launch", "web", *guest("web"), "--wait", "ssh", "--print-xml")
        self.assertIn("\n  hint: start it: virsh -c qemu:///system net-start default\n", done.stderr)
        pathlib.Path("/run/two.yaml").write_text(
            "defaults: {kernel: /run/guest/vmlinuz, initrd: /run/guest/initrd}\n"
            "vms: [{name: web, net: 'user,fwd=2222:22', wait: ssh}, {name: other, wait: ssh}]\n", encoding="utf-8")
        done = self.expect(10, "launch", "--file", "/run/two.yaml")  # the first one alone would have gone
        self.assertIn("nobody can call a VM with --net user", done.stderr)
        self.assertEqual(virsh("list", "--all", "--name").split(), [])
        done = self.expect(2, "launch", "web", *guest("web"), "--net", "auto", "--net", "user")
        self.assertIn("--net auto goes with no other --net", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
