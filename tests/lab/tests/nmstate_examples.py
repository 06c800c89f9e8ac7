# SPDX-License-Identifier: Apache-2.0
"""Each example file of nmstate on a kernel that has all of it: applied, read back and taken away again, or refused by the key
that is not supported. Runs on the host `net` with two cards beside the first. The files lie beside the project:
../shared/fixtures/net/nmstate-examples. usage: nmstate_examples.py NET-SETUP SCHEMAS"""
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "tests/net"))
import lab  # noqa: E402
from lab import links  # noqa: E402
from state_test import whole_world  # noqa: E402

EXAMPLES = SOURCE.parent / "shared/fixtures/net/nmstate-examples"
CARDS = ("eth1", "eth2")
SKIPPED = 77

# What takes away again what the file made; None: it makes nothing where nothing is.
APPLIED = {
    "bond_linuxbridge_vlan_up.yml": "bond_linuxbridge_vlan_absent.yml",
    "bond_linuxbridge_vlan_absent.yml": None,
    "bond_port_absent.yml": None,
    "dns_edit_eth1.yml": None,
    "dns_remove.yml": None,
    "eth1_del_all_routes.yml": None,
    "linuxbrige_eth1_absent.yml": None,
    "linuxbrige_eth1_up.yml": "linuxbrige_eth1_absent.yml",
    "linuxbrige_eth1_up_port_vlan.yml": "linuxbrige_eth1_absent.yml",
    "veth1_absent.yml": None,
    "veth1_up.yml": "veth1_absent.yml",
    "vlan101_eth1_absent.yml": None,
    "vlan101_eth1_down.yml": None,
    "vlan101_eth1_up.yml": "vlan101_eth1_absent.yml",
}
# Exit code, and the words that name what is not supported.
REFUSED = {
    "bond_port_up.yml": (2, "'priority' is not supported"),
    "dynamic_hostname.yml": (2, "'hostname' is not supported"),
    "eth1_add_route.yml": (2, "'cwnd' is not supported"),
    "eth1_add_route_rule.yml": (2, "'route-rules' is not supported"),
    "eth1_del_all_route_rules.yml": (2, "'route-rules' is not supported"),
    "mac_vlan_absent.yml": (2, "type 'mac-vlan' is not supported"),
    "mac_vlan_create.yml": (2, "type 'mac-vlan' is not supported"),
    "mac_vtap_absent.yml": (2, "type 'mac-vtap' is not supported"),
    "mac_vtap_create.yml": (2, "type 'mac-vtap' is not supported"),
    "static_hostname.yml": (2, "'hostname' is not supported"),
    "vrf0_absent.yml": (2, "type 'vrf' is not supported"),
    "vrf0_with_eth1.yml": (2, "type 'vrf' is not supported"),
}


class Examples(lab.Lab):
    @classmethod
    def setUpClass(cls):
        """The host's own cards come along into the namespace of this test."""
        for name in CARDS:
            subprocess.run(["nsenter", "--net", "--target", str(os.getppid()), "ip", "link", "set", name, "netns", str(os.getpid())],
                           check=True)

    def setUp(self):
        for name in CARDS:
            lab.ip(f"link set {name} up")

    def changes(self, path):
        """Whether applying the file changed anything; applied again it does not."""
        changed = self.expect(f"apply {path} --confirm none", 0).stderr != "nothing to do\n"
        if changed:
            self.assertEqual(self.expect(f"apply {path} --confirm none", 0).stderr, "nothing to do\n", path)
        return changed

    def expect_that_show_asks_for_nothing(self):
        shown = pathlib.Path("/run/lab/shown.yml")
        shown.write_text(self.expect("show --format yaml", 0).stdout, encoding="utf-8")
        self.assertEqual(self.expect(f"plan {shown}", 0).stdout, "")

    def test_each_has_its_row(self):
        self.assertEqual({path.name for path in EXAMPLES.iterdir()}, set(APPLIED) | set(REFUSED))

    def test_is_applied_read_back_and_taken_away_again(self):
        before = whole_world()
        for name, opposite in APPLIED.items():
            with self.subTest(name):
                changes = int(self.changes(EXAMPLES / name))
                if opposite:
                    self.expect_that_show_asks_for_nothing()
                    self.assertNotEqual(links().keys(), before["links"].keys())
                    changes += self.changes(EXAMPLES / opposite)
                    self.assertEqual(links().keys(), before["links"].keys())
                for _ in range(changes):
                    self.expect("undo", 0)
                self.assertEqual(whole_world(), before)

    def test_is_refused_by_the_key_and_touches_nothing(self):
        before = whole_world()
        for name, (code, words) in REFUSED.items():
            with self.subTest(name):
                done = self.expect(f"apply {EXAMPLES / name} --confirm none", code)
                self.assertIn(words, done.stderr)
                self.assertIn(f"{EXAMPLES / name}:", done.stderr)
        self.assertEqual(whole_world(), before)


if __name__ == "__main__":
    if not EXAMPLES.is_dir():
        print("skipped: no ../shared")
        sys.exit(SKIPPED)
    lab.enter()
    lab.run_tests()
