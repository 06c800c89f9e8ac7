# SPDX-License-Identifier: Apache-2.0
"""net-setup's steps that go to the kernel together: kills and failures between the requests of a window, links that are
made anew, and where in the file a refusal belongs. usage: batch_test.py NET-SETUP SCHEMAS"""
import lab
import state_test
from lab import ip, links, world
from state_test import BRIDGE, FILE, GONE, whole_world

ANEW = """
interfaces:
- {name: p0, type: ethernet, state: up}
- name: vx1
  type: vxlan
  state: up
  vxlan: {id: 7, base-iface: p0, remote: 192.0.2.9, destination-port: 4789}
- name: vx2
  type: vxlan
  state: up
  mtu: 1400
  vxlan: {id: 8, base-iface: p0, remote: 192.0.2.9, destination-port: 4789}
  ipv4: {enabled: true, address: [{ip: 198.51.100.1, prefix-length: 24}, {ip: 198.51.100.2, prefix-length: 24}]}
- name: br0
  type: linux-bridge
  state: up
  bridge: {port: [{name: vx1, stp-hairpin-mode: true, stp-path-cost: 300}]}
routes:
  config:
  - {destination: 203.0.113.0/24, next-hop-interface: vx2, next-hop-address: 198.51.100.254, metric: 50}
"""
CHANGED = """
interfaces:
- {name: vx1, type: vxlan, state: up, vxlan: {id: 17, base-iface: p0, remote: 192.0.2.9, destination-port: 4789}}
- {name: vx2, type: vxlan, state: up, vxlan: {id: 7, base-iface: p0, remote: 192.0.2.9, destination-port: 4790}}
"""


class Windows(state_test.State):
    def each_request(self, text):
        """Fails and kills before each request: all is as it was, at once or after the next run. Returns how many."""
        before = whole_world()
        path = self.write(text)
        for request in range(1000):
            done = self.tool(f"apply {path} --confirm none", fault=f"fail:request:{request}")
            if done.returncode == 0:
                return request
            self.assertEqual((done.returncode, whole_world()), (3, before), f"request {request}: {done.stderr}")
            self.expect(f"apply {path} --confirm none", -9, fault=f"kill:request:{request}")
            self.wait_for_the_lock()
            self.expect("bridge del nix", 0)
            self.assertEqual(whole_world(), before, f"request {request}")
        return None

    def test_a_fault_between_the_requests_of_a_window_leaves_all_as_it_was(self):
        self.assertGreater(self.each_request(BRIDGE), 15)
        self.assertEqual(self.apply(BRIDGE).stderr, "nothing to do\n")

    def test_the_same_while_taking_apart(self):
        self.apply(BRIDGE)
        self.assertGreater(self.each_request(GONE), 10)

    def test_a_refusal_in_a_window_undoes_what_came_before_and_after(self):
        before = whole_world()
        ip("link add link p0 name mv0 type macvlan")  # p0 cannot be a port
        with_it = whole_world()
        self.apply(BRIDGE, 3)
        self.assertEqual(whole_world(), with_it)
        ip("link del mv0")
        self.assertEqual(whole_world(), before)

    def test_many_links_come_and_go(self):
        def file(state):
            return "interfaces:\n" + "".join(f"- {{name: br{n}, type: linux-bridge, state: {state}}}\n" for n in range(60))
        before = world()
        ip("link add mine group 7 type bridge")
        self.apply(file("up"))
        self.assertEqual(len(links()), 3 + 1 + 60)
        self.assertTrue(all(link["group"] == "default" for name, link in links().items() if name != "mine"))
        there = whole_world()
        self.apply(file("absent"), 3, fault="fail:request:60")
        self.assertEqual(whole_world(), there)
        self.apply(file("absent"))
        self.assertEqual(set(world()), {*before, "mine"})
        self.expect("undo", 0)
        self.assertEqual(whole_world(), there)


class MadeAnew(state_test.State):
    def test_keeps_what_hangs_on_it(self):
        self.apply(ANEW)
        before = whole_world()
        self.each_fault(CHANGED)
        self.apply(CHANGED)
        after = whole_world()
        self.assertEqual((after["settings"]["vx1"][0]["id"], after["settings"]["vx2"][0]["id"]), (17, 7))
        self.assertEqual(after["settings"]["vx2"][0]["port"], 4790)
        self.assertEqual(after["settings"]["vx1"][1], before["settings"]["vx1"][1])
        self.assertEqual((after["routes"], after["links"]), (before["routes"], before["links"]))
        self.assertEqual(self.apply(CHANGED).stderr, "nothing to do\n")
        self.expect("undo", 0)
        self.assertEqual(whole_world(), before)

    def test_is_refused_where_something_unknown_lies_on_it(self):
        self.apply(ANEW)
        ip("link add link vx2 name mv0 type macvlan mode bridge")
        before = whole_world()
        done = self.apply(CHANGED, 10)
        self.assertIn("cannot make 'vx2' anew: 'mv0', a macvlan, lies on it", done.stderr)
        self.assertEqual(whole_world(), before)


class Places(state_test.State):
    def expect_at(self, text, key, message):
        """The kernel's refusal is told at the line and column of that key's value."""
        done = self.apply(text, 3)
        lines = text.splitlines()
        line = next(number for number, row in enumerate(lines, 1) if f"{key}: " in row)
        column = lines[line - 1].index(f"{key}: ") + len(key) + 3
        self.assertIn(f"{FILE}:{line}:{column}: {message}", done.stderr)

    def test_an_option_that_alone_is_changed(self):
        self.apply(ANEW)
        self.expect_at("interfaces:\n- name: vx2\n  type: vxlan\n  state: up\n  vxlan:\n    remote: 2001:db8::9\n", "remote", "cannot set ")

    def test_of_a_route(self):
        self.expect_at("interfaces:\n- name: p0\n  type: ethernet\n  state: up\n"
                       "  ipv4: {enabled: true, address: [{ip: 192.0.2.1, prefix-length: 24}]}\n"
                       "routes:\n  config:\n  - destination: 198.51.100.0/24\n    next-hop-interface: p0\n"
                       "    next-hop-address: 192.0.2.254\n    source: 203.0.113.1\n", "source", "cannot add route ")

    def test_an_mtu(self):
        ip("link add link p0 name mv0 type macvlan")
        self.expect_at("interfaces:\n- name: mv0\n  state: up\n  mtu: 9000\n", "mtu", "cannot set the MTU of link 'mv0' to 9000")


if __name__ == "__main__":
    lab.enter()
    lab.run_tests()
