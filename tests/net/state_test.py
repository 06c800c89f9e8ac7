# SPDX-License-Identifier: Apache-2.0
"""net-setup's state files on a real kernel: what apply makes of them, what fails half-way, and what is said.
usage: state_test.py NET-SETUP SCHEMAS [full]   full: the kernel must have VLANs, bonds, dummies and VLAN filtering"""
import json
import os
import pathlib
import subprocess
import sys
import unittest

import lab
from lab import ip, links, world

FULL = "full" in sys.argv
FILE = pathlib.Path("/run/lab/state.yml")

BRIDGE = """
interfaces:
- name: br0
  type: linux-bridge
  state: up
  mtu: 1400
  ipv4:
    enabled: true
    address: [{ip: 192.0.2.1, prefix-length: 24}, {ip: 192.0.2.2, prefix-length: 24}]
  ipv6:
    enabled: true
    address: [{ip: '2001:db8::1', prefix-length: 64}]
  bridge:
    options: {mac-ageing-time: 120, group-forward-mask: 8, stp: {enabled: false}}
    port: [{name: p0, stp-hairpin-mode: true, stp-path-cost: 200}, {name: va}]
- name: va
  type: veth
  state: up
  veth: {peer: vb}
- name: vb
  type: veth
  state: up
  ipv6: {enabled: false}
- name: vx0
  type: vxlan
  state: up
  mac-address: 02:00:00:00:00:42
  vxlan: {id: 42, remote: 192.0.2.77, destination-port: 4789}
routes:
  config:
  - {destination: 198.51.100.0/24, next-hop-interface: br0, next-hop-address: 192.0.2.254, metric: 50}
  - {destination: '2001:db8:1::/48', next-hop-interface: br0, next-hop-address: '2001:db8::fe'}
"""
GONE = """
interfaces:
- {name: br0, state: absent}
- {name: va, state: absent}
- {name: vx0, state: absent}
"""
OPTION = "interfaces:\n- name: br0\n  type: linux-bridge\n  state: up\n  bridge: {{options: {{{}}}}}\n"
LAYERS = """
interfaces:
- name: bond0
  type: bond
  state: up
  link-aggregation:
    mode: active-backup
    options: {miimon: 100}
    port: [d0, d1]
- {name: d0, type: dummy, state: up}
- {name: d1, type: dummy, state: up}
- name: bond0.7
  type: vlan
  state: up
  vlan: {base-iface: bond0, id: 7}
  ipv4: {enabled: true, address: [{ip: 192.0.2.7, prefix-length: 24}]}
- name: qinq
  type: vlan
  state: up
  vlan: {base-iface: bond0, id: 100, protocol: 802.1ad}
- name: qinq.9
  type: vlan
  state: up
  vlan: {base-iface: qinq, id: 9}
- name: br0
  type: linux-bridge
  state: up
  bridge:
    port:
    - {name: p0, vlan: {mode: trunk, enable-native: true, tag: 10, trunk-tags: [{id: 100}, {id-range: {min: 200, max: 299}}]}}
    - {name: d2, vlan: {mode: access, tag: 20}}
- {name: d2, type: dummy, state: up}
- name: br0.30
  type: vlan
  state: up
  vlan: {base-iface: br0, id: 30}
"""

TAKEN_APART = "interfaces:\n" + "".join(f"- {{name: {name}, state: absent}}\n" for name in ("br0", "bond0", "d0", "d1", "d2"))


def whole_world():
    """All that apply may touch, as ip(8) and bridge(8) see it."""
    def seen(*words):
        return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout or "[]")

    def settings(link):
        data = dict(link.get("linkinfo", {}).get("info_data", {}))
        for timer in ("hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "bridge_id", "root_id", "active_slave"):
            data.pop(timer, None)
        port = dict(link.get("linkinfo", {}).get("info_slave_data", {}))
        keep = ("hairpin", "cost", "priority", "isolated", "learning", "flood")
        return data, {key: port[key] for key in keep if key in port}

    routes = [{key: route.get(key) for key in ("dst", "gateway", "dev", "metric", "protocol")}
              for family in ("-4", "-6") for route in seen("ip", family, "-j", "route", "show", "table", "main")
              if route.get("protocol") != "kernel"]
    vlans = {entry["ifname"]: entry["vlans"] for entry in seen("bridge", "-j", "vlan", "show")}
    switched_off = {name: pathlib.Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").read_text() for name in links()}
    return {"links": world(), "settings": {name: settings(link) for name, link in links().items()},
            "routes": routes, "vlans": vlans, "ipv6": switched_off}


class State(lab.Lab):
    def write(self, text):
        FILE.write_text(text, encoding="utf-8")
        return str(FILE)

    def plan(self, text):
        """The steps that are still to be made."""
        done = self.tool(f"plan {self.write(text)}")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.stdout.splitlines()

    def apply(self, text, code=0, **how):
        # watchdog_test.py tests those who watch over a change and confirm it.
        return self.expect(f"apply {self.write(text)} --confirm none", code, **how)

    def each_fault(self, text):
        """Fails and kills around each step, on slow hosts at every fourth in turn: all is as it was, at most a run later."""
        before = whole_world()
        for step in range(0, len(self.plan(text)), 4 if FULL else 1):
            kinds = (("fail", 3), ("kill", -9))
            for kind, code in kinds if not FULL else (kinds[step // 4 % 2],):
                for moment in ("before", "after") if not FULL else ("after",):
                    with self.subTest(kind=kind, moment=moment, step=step):
                        self.apply(text, code, fault=f"{kind}:{moment}:{step}")
                        if kind == "kill":
                            self.wait_for_the_lock()  # of the watchdog, where routes lead through what is changed
                            self.expect("bridge del nix", 0)
                        self.assertEqual(whole_world(), before)


@unittest.skipIf(FULL, "on the lab's slow hosts only what needs their kernel")
class Bridges(State):
    def test_makes_it_so_and_asked_again_does_nothing(self):
        self.apply(BRIDGE)
        after = whole_world()
        br0 = after["links"]["br0"]
        self.assertEqual((br0["addresses"], br0["mtu"], br0["up"], br0["group"]),
                         (["192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64"], 1400, True, "default"))
        self.assertEqual(br0["mac"], after["links"]["p0"]["mac"])
        options, _ = after["settings"]["br0"]
        self.assertEqual((options["ageing_time"], options["stp_state"], options["forward_delay"]), (12000, 0, 0))
        self.assertEqual(after["settings"]["p0"][1]["hairpin"], True)
        self.assertEqual(after["settings"]["p0"][1]["cost"], 200)
        self.assertEqual(after["settings"]["vx0"][0]["id"], 42)
        self.assertEqual(after["links"]["vx0"]["mac"], "02:00:00:00:00:42")
        self.assertEqual(after["ipv6"]["vb"], "1\n")
        self.assertEqual([(route["dst"], route["metric"]) for route in after["routes"]],
                         [("198.51.100.0/24", 50), ("2001:db8:1::/48", 1024)])
        self.assertEqual(self.apply(BRIDGE).stderr, "nothing to do\n")
        self.assertEqual(whole_world(), after)

    def test_a_fault_at_any_step_leaves_all_as_it_was(self):
        self.each_fault(BRIDGE)

    def test_a_fault_while_taking_apart_leaves_all_as_it_was(self):
        self.apply(BRIDGE)
        self.each_fault(GONE)

    def test_takes_apart_what_is_absent(self):
        before = whole_world()
        self.apply(BRIDGE)
        self.apply(GONE)
        after = whole_world()
        after["links"]["p0"]["up"] = before["links"]["p0"]["up"]  # a port that was switched on stays so
        self.assertEqual(after, before)

    def test_both_ends_of_a_veth_may_be_named_as_absent(self):
        before = whole_world()
        self.apply("interfaces:\n- {name: va, type: veth, state: up, veth: {peer: vb}}\n")
        self.each_fault("interfaces: [{name: va, state: absent}, {name: vb, state: absent}]")
        self.apply("interfaces: [{name: vb, state: absent}, {name: va, state: absent}]")
        self.assertEqual(whole_world(), before)

    def test_a_spanning_tree_is_not_waited_for(self):
        self.apply("interfaces:\n- name: br0\n  type: linux-bridge\n  state: up\n"
                   "  bridge: {options: {stp: {enabled: true, forward-delay: 15}}, port: [{name: p0}]}\n")
        self.assertEqual(links()["p0"]["linkinfo"]["info_slave_data"]["state"], "listening")
        self.assertEqual((world()["br0"]["up"], world()["p0"]["master"]), (True, "br0"))

    def test_changes_in_place_and_undoes_that_too(self):
        self.apply(BRIDGE)
        index = links()["br0"]["ifindex"]
        changed = BRIDGE.replace("mac-ageing-time: 120", "mac-ageing-time: 60").replace("mtu: 1400", "mtu: 1300") \
            .replace("{ip: 192.0.2.1, prefix-length: 24}, ", "").replace("stp-path-cost: 200", "stp-path-cost: 300")
        self.each_fault(changed)
        self.apply(changed)
        after = whole_world()
        self.assertEqual(links()["br0"]["ifindex"], index)
        self.assertEqual(after["links"]["br0"]["addresses"], ["192.0.2.2/24", "2001:db8::1/64"])
        self.assertEqual((after["settings"]["br0"][0]["ageing_time"], after["links"]["br0"]["mtu"]), (6000, 1300))
        self.assertEqual(after["settings"]["p0"][1]["cost"], 300)

    def test_what_the_kernel_refuses_is_told_at_its_place_in_the_file_and_undone(self):
        before = whole_world()
        text = BRIDGE.replace("next-hop-address: 192.0.2.254", "next-hop-address: 203.0.113.9")
        done = self.apply(text, 3)
        line = next(number for number, row in enumerate(text.splitlines(), 1) if "203.0.113.9" in row)
        self.assertIn(f"{FILE}:{line}:", done.stderr)
        self.assertIn("cannot add route 198.51.100.0/24 via 203.0.113.9 dev br0 metric 50: ", done.stderr)
        self.assertIn("^", done.stderr)
        self.assertEqual(whole_world(), before)

    def test_what_cannot_be_planned_is_told_at_its_place(self):
        text = "interfaces:\n- name: br0\n  type: linux-bridge\n  state: up\n  bridge:\n    port:\n    - name: nix\n"
        done = self.apply(text, 3)
        self.assertIn(f"{FILE}:7:7: cannot attach port 'nix' to 'br0': it does not exist\n", done.stderr)
        ip("addr add 192.0.2.9/24 dev p0")
        done = self.apply(text.replace("nix", "p0"), 10)
        self.assertIn("carries the host's address 192.0.2.9/24", done.stderr)

    def test_what_is_never_touched_is_refused_at_its_place(self):
        before = world()
        for text, told in (("- {name: lo, state: absent}\n", ":2:3: cannot set up 'lo': it is the loopback link"),
                           ("- {name: p0, type: veth, state: up, veth: {peer: p9}}\n",
                            ":2:50: cannot connect veth 'p0' to 'p9': its other end is 'p1'")):
            FILE.write_text("interfaces:\n" + text, encoding="utf-8")
            self.assertIn(told, self.expect(f"apply {FILE} --confirm none", 10).stderr)
            self.assertEqual(world(), before)

    def test_names_that_a_terminal_would_obey_make_nothing(self):
        before = whole_world()
        for name in ("zz\\0y", "\\e[31mX", "zz\\x7fy", "br\\xe0"):
            done = self.apply(f'interfaces:\n- name: "{name}"\n  type: linux-bridge\n  state: up\n', 2)
            self.assertIn(f"{FILE}:2:9: cannot use link name '", done.stderr)
            self.assertTrue(done.stderr.replace("\n", "").isprintable(), repr(done.stderr))
            self.assertEqual(whole_world(), before)

    def test_what_the_kernel_would_refuse_is_found_before_anything_is_touched(self):
        ip("link add br0 type bridge")
        before = whole_world()
        vlan = "- {{name: {}, type: vlan, state: up, vlan: {{base-iface: {}, id: 5}}}}\n"
        bridge = "- {name: br0, type: linux-bridge, state: up, bridge: {port: [{name: br0.5}]}}\n"
        for text, code, told in ((bridge + vlan.format("br0.5", "br0"), 2, "'br0' needs 'br0.5' needs 'br0'"),
                                 (vlan.format("a", "p0") + vlan.format("b", "p0"), 2, "'a' is VLAN 5 of 'p0' already"),
                                 ("- {name: bond0, type: bond, state: up}\n", 2, "bond 'bond0': it has no mode"),
                                 ("- {name: v, type: vlan, state: up, vlan: {base-iface: p0}}\n", 2, "it has no number")):
            self.assertIn(told, self.apply("interfaces:\n" + text, code).stderr)
            self.assertEqual(whole_world(), before)

    def test_the_bounds_of_the_kernel_are_those_of_the_file(self):
        for least in ("multicast-query-interval", "multicast-startup-query-interval"):
            self.assertIn("give a number from 100 to 8640000", self.apply(OPTION.format(f"{least}: 99"), 2).stderr)
        for last in ("00", "04", "0f"):
            self.apply(OPTION.format(f'group-addr: "01:80:c2:00:00:{last}", multicast-query-interval: 100'))
            told = links()["br0"]["linkinfo"]["info_data"]
            self.assertEqual((told["group_addr"], told["mcast_query_intvl"]), (f"01:80:c2:00:00:{last}", 100))
        refused = self.apply(OPTION.format('group-addr: "01:80:c2:00:00:01"'), 2).stderr
        self.assertIn(":5:34: '01:80:c2:00:00:01' is no group address of a bridge", refused)

    def test_a_plan_shows_no_bookkeeping(self):
        steps = self.plan("interfaces:\n- {name: va, type: veth, state: up, veth: {peer: vb}}\n")
        self.assertEqual(steps, ["  1. create veth va with its other end vb", "  2. switch va up"])

    def test_what_show_cannot_write_is_said(self):
        ip("addr add 192.0.2.9/24 dev p0 valid_lft 5000 preferred_lft 4000")
        ip("link set p0 up")
        ip("route add 198.51.100.0/24 via 192.0.2.1 mtu 1400 initcwnd 20")
        shown = self.expect("show --format yaml", 0).stdout
        self.assertIn("# p0: the lifetime of 192.0.2.9/24 is not listed", shown)
        self.assertIn("# the route to 198.51.100.0/24 has an MTU, a congestion window", shown)

    def test_what_is_gone_is_not_told_to_be_kept(self):
        self.expect("bridge add br0 --port p0", 0)
        FILE.write_text("interfaces: [{name: br0, state: absent}]\n", encoding="utf-8")
        self.assertNotIn("to keep it", self.expect(f"apply {FILE} --confirm none", 0).stderr)

    def test_a_mistake_in_the_file_touches_nothing(self):
        before = whole_world()
        done = self.apply(BRIDGE.replace("mtu: 1400", "mtu: fast"), 2)
        self.assertIn(f"{FILE}:6:8: ", done.stderr)
        self.assertEqual(whole_world(), before)
        self.assertFalse(pathlib.Path("/var/lib/kvmkit").exists())

    def test_a_vxlan_on_a_link_is_the_same_when_asked_for_again(self):
        text = ("interfaces:\n- name: vx1\n  type: vxlan\n  state: up\n"
                "  vxlan: {id: 7, base-iface: p0, remote: 192.0.2.9, destination-port: 4789}\n")
        self.each_fault(text)
        self.apply(text)
        self.assertEqual(self.apply(text).stderr, "nothing to do\n")
        self.each_fault("interfaces: [{name: vx1, state: absent}]")

    def test_reads_json_from_standard_input(self):
        wish = {"interfaces": [{"name": "br7", "type": "linux-bridge", "state": "up"}]}
        done = subprocess.run([lab.TOOL, "apply", "-"], input=json.dumps(wish), text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(world()["br7"]["up"])

    def test_records(self):
        path = self.write(BRIDGE)
        plan = self.record(f"plan {path} --json", 1)
        self.assertEqual(plan["steps"][0]["action"], "create-bridge")
        diff = self.record(f"diff {path} --json", 1)
        self.assertIn("+ bridge br0", diff["differences"])
        self.assertFalse(self.record(f"apply {path} --dry-run --json", 1)["changed"])
        self.assertEqual(len(self.record(f"apply {path} --json")["steps"]), len(plan["steps"]))
        self.assertEqual(self.record(f"plan {path} --json")["steps"], [])

    def test_what_show_writes_asks_for_nothing(self):
        self.apply(BRIDGE)
        shown = self.expect("show --format yaml", 0).stdout
        self.assertEqual(self.plan(shown), [])

    def test_a_kernel_without_vlan_filtering_says_so(self):
        text = "interfaces:\n- name: br0\n  type: linux-bridge\n  state: up\n  bridge:\n    options: {vlan-filtering: true}\n"
        before = whole_world()
        done = self.apply(text, 3)
        self.assertIn("CONFIG_BRIDGE_VLAN_FILTERING", done.stderr)
        self.assertEqual(whole_world(), before)

    def test_settings_that_such_a_kernel_passes_over_are_told_as_its_lack(self):
        if FULL:
            self.skipTest("the lab's kernel filters VLANs")
        for prepare in ("link set p1 up", "link add br0 type bridge"):
            ip(prepare)
            before = whole_world()
            for words in ("vlan-default-pvid: 5", "vlan-protocol: 802.1ad"):
                done = self.apply(OPTION.format(words), 3)
                self.assertIn("built without CONFIG_BRIDGE_VLAN_FILTERING", done.stderr)
                self.assertEqual(whole_world(), before)


class Layers(State):
    def setUp(self):
        if not FULL:
            self.skipTest("this kernel may have no VLANs, bonds and dummies: the lab's has them")
        super().setUp()

    def test_vlans_bonds_and_filtering(self):
        self.apply(LAYERS)
        after = whole_world()
        self.assertEqual(after["links"]["d0"]["master"], "bond0")
        self.assertEqual(after["settings"]["bond0"][0]["mode"], "active-backup")
        self.assertEqual((after["settings"]["bond0.7"][0]["id"], after["links"]["bond0.7"]["addresses"]), (7, ["192.0.2.7/24"]))
        self.assertEqual(after["settings"]["qinq"][0]["protocol"], "802.1ad")
        inner = after["settings"]["qinq.9"][0]
        self.assertEqual((inner["protocol"], inner["id"], links()["qinq.9"]["link"]), ("802.1Q", 9, "qinq"))
        self.assertEqual(after["settings"]["br0"][0]["vlan_filtering"], 1)
        self.assertEqual(after["vlans"]["p0"], [{"vlan": 10, "flags": ["PVID", "Egress Untagged"]}, {"vlan": 100},
                                                {"vlan": 200, "vlanEnd": 299}] if "vlanEnd" in str(after["vlans"]["p0"])
                         else [{"vlan": 10, "flags": ["PVID", "Egress Untagged"]}, {"vlan": 100}]
                         + [{"vlan": number} for number in range(200, 300)])
        self.assertEqual(after["vlans"]["d2"], [{"vlan": 20, "flags": ["PVID", "Egress Untagged"]}])
        self.assertIn({"vlan": 30}, after["vlans"]["br0"])
        self.assertEqual(self.apply(LAYERS).stderr, "nothing to do\n")
        shown = self.expect("show --format yaml", 0).stdout
        self.assertEqual(self.plan(shown), [])
        self.assertEqual(whole_world(), after)

    def test_a_fault_at_any_step_leaves_all_as_it_was(self):
        self.each_fault(LAYERS)

    def test_a_fault_while_taking_apart_leaves_all_as_it_was(self):
        self.apply(LAYERS)
        self.each_fault(TAKEN_APART)

    def test_4094_vlans_on_a_port_are_one_message(self):
        text = LAYERS.replace("[{id: 100}, {id-range: {min: 200, max: 299}}]", "[{id-range: {min: 11, max: 4094}}]")
        self.apply(text)
        self.assertEqual(self.plan(text), [])

    def test_the_smallest_receive_buffer_is_large_enough(self):
        host_wide = ["nsenter", "--net", "--target", str(os.getppid())]  # the setting is not of a namespace
        kept = {}
        for name in ("rmem_default", "rmem_max"):
            path = f"/proc/sys/net/core/{name}"
            kept[path] = subprocess.run([*host_wide, "cat", path], check=True, capture_output=True, text=True).stdout.strip()
            subprocess.run([*host_wide, "sh", "-c", f"echo 2304 >{path}"], check=True)
        try:
            text = LAYERS.replace("[{id: 100}, {id-range: {min: 200, max: 299}}]", "[{id-range: {min: 11, max: 4094}}]")
            self.apply(text)
            self.assertEqual(self.apply(text).stderr, "nothing to do\n")
            self.apply(TAKEN_APART)
            self.assertEqual(set(links()), {"lo", "p0", "p1"})
        finally:
            for path, value in kept.items():
                subprocess.run([*host_wide, "sh", "-c", f"echo {value} >{path}"], check=True)


if __name__ == "__main__":
    lab.enter()
    lab.run_tests()
