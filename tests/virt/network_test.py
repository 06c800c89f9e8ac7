# SPDX-License-Identifier: Apache-2.0
"""vm-run's networks and waits on real bridges, with a real DHCP server: addresses are found, and what was last seen is
told where there is none."""
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import unittest
from xml.etree import ElementTree

from host import BOOT_SECONDS, GUEST, VM_RUN, VmRunTest, cmdline, run, validate, virsh, wait_for

PATIENCE = ("--timeout", str(BOOT_SECONDS))
SHORT = ("--timeout", "40")
ETH_P_ALL = 3
DHCP_COOKIE = b"\x63\x82\x53\x63"


def guest(name, mode=""):
    return (*GUEST, *cmdline(f"kvmkit.name={name}" + (f" kvmkit.mode={mode}" if mode else "")))


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


def taps_have_devices(link):
    """Whether /dev shows the device of a macvtap link, as devtmpfs does; that of a bare root does not."""
    ip("link", "add", "link", link, "name", "tryout", "type", "macvtap")
    index = pathlib.Path("/sys/class/net/tryout/ifindex").read_text().strip()
    there = pathlib.Path(f"/dev/tap{index}").exists()
    ip("link", "del", "tryout")
    return there


def filters_vlans():
    """Whether this kernel's bridges can keep VLANs apart."""
    made = ip("link", "add", "brvlan", "type", "bridge", "vlan_filtering", "1", check=False).returncode == 0
    ip("link", "del", "brvlan", check=False)
    return made


class NetworkTest(VmRunTest):
    """One that fails leaves no VM to the next."""

    def setUp(self):
        super().setUp()
        self.addCleanup(run, "rm", "web", "--force")


class OnABridge(NetworkTest):
    """br0 with 192.0.2.1 and, where a test starts it, dnsmasq."""

    def setUp(self):
        super().setUp()
        ip("link", "add", "br0", "type", "bridge")
        self.before["links"] = sorted([*self.before["links"], "br0"])
        self.addCleanup(self.before["links"].remove, "br0")
        self.addCleanup(ip, "link", "del", "br0")
        ip("address", "add", "192.0.2.1/24", "dev", "br0")
        ip("link", "set", "br0", "up")

    def serve_dhcp(self, *options):
        server = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--port=0", "--interface=br0", "--bind-interfaces", "--conf-file=/dev/null",
             "--dhcp-range=192.0.2.10,192.0.2.90,1h", "--dhcp-leasefile=/run/dnsmasq.leases", "--pid-file=", "--user=root",
             "--dhcp-authoritative", "--no-ping", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)

    def test_the_address_is_read_from_the_wire_and_ssh_is_waited_for(self):
        self.serve_dhcp()
        record = self.expect_json(0, "launch", "web", *guest("web", "ssh-banner"), "--net", "bridge=br0", "--wait", "ssh",
                                  *PATIENCE)
        self.assertEqual((record["outcome"], record["wait"], record["address"]["source"]), ("ready", "ssh", "wire"))
        address = record["address"]["ip"]
        self.assertRegex(address, r"^192\.0\.2\.\d+$")
        self.assertEqual(record["nics"], [{"net": "bridge=br0", "mac": record["address"]["mac"]}])
        names = [stage["stage"] for stage in record["stages"]]
        self.assertEqual([name for name in names if name in ("define", "start", "network", "ready")],
                         ["define", "start", "network", "ready"])
        self.assertTrue(all(step["ms"] is not None for step in record["steps"]), record["steps"])
        # The host has talked to it: its own table knows.
        found = self.expect_json(0, "ip", "web", "--wait", *SHORT)
        self.assertEqual((found["address"]["ip"], found["address"]["source"]), (address, "neighbour"))
        self.assertEqual(self.expect(0, "ip", "web").stdout, address + "\n")
        self.assertEqual(self.expect_json(0, "wait", "web", "--for", "ssh", *SHORT)["outcome"], "ready")
        self.expect(0, "rm", "web", "--force")

    @staticmethod
    def first_discover(listener):
        """Waits until a guest asks for an address; it does so ten times, once a second."""
        listener.settimeout(2 * BOOT_SECONDS)
        while DHCP_COOKIE not in listener.recv(2048):
            pass

    def test_without_a_server_the_last_thing_seen_is_told_and_the_vm_runs_on(self):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as listener:
            listener.bind(("br0", 0))
            record = self.expect_json(20, "launch", "web", *guest("web"), "--net", "bridge=br0", "--wait", "ip", "--timeout", "1")
            self.assertEqual((record["outcome"], record["address"]), ("not-ready", None))
            self.assertEqual(virsh("domstate", "web").strip(), "running")
            self.first_discover(listener)
        record = self.expect_json(20, "wait", "web", "--for", "ip", "--timeout", "8")
        self.assertRegex(" ".join(record["evidence"]), r"it sent \d+ DISCOVERs?; nobody made an OFFER")
        done = self.expect(20, "ip", "web")
        self.assertIn("the VM has no address yet", done.stderr)
        self.assertIn("vm-run ip --wait web", done.stderr)
        self.expect(0, "rm", "web", "--force")

    def test_on_trial_the_vm_is_removed_when_it_was_not_ready(self):
        done = self.expect(20, "launch", "web", *guest("web", "no-dhcp"), "--net", "bridge=br0", "--wait", "ip",
                           "--on-fail", "rollback", "--timeout", "1")
        self.assertIn("VM 'web' was not ready in time, and is removed", done.stdout)
        self.assertRegex(done.stdout, r"no DISCOVER|no frame came from it")
        self.assert_unchanged("rolled back")

    def test_a_guest_that_dies_on_trial_is_removed(self):
        self.serve_dhcp()
        done = self.expect(21, "launch", "web", *guest("web", "poweroff"), "--net", "bridge=br0", "--wait", "agent",
                           "--on-fail", "rollback", *PATIENCE)
        self.assertIn("VM 'web' ended: the guest powered off", done.stdout)
        self.assert_unchanged("rolled back")

    def test_a_kill_on_trial_is_undone_by_the_next_run(self):
        process = self.start("launch", "web", *guest("web", "no-dhcp"), "--net", "bridge=br0", "--wait", "ip",
                             "--on-fail", "rollback")
        wait_for("the VM runs", lambda: "resume VM" in process.stderr.readline())
        process.kill()
        process.wait(timeout=10)
        self.expect(0, "gc")
        self.assert_unchanged("undone")

    def test_two_guests_with_one_client_id_are_told(self):
        self.serve_dhcp()
        self.expect(0, "launch", "one", *guest("one", "same-client-id"), "--net", "bridge=br0", "--wait", "ip", *PATIENCE)
        # The second one listens from its first frame on: it hears the first one ask again.
        record = self.expect_json(0, "launch", "two", *guest("two", "same-client-id"), "--net", "bridge=br0", "--wait", "ip",
                                  *PATIENCE)
        self.assertEqual(record["address"]["source"], "wire")
        self.expect(0, "rm", "one", "--force")
        self.expect(0, "rm", "two", "--force")

    def test_the_spanning_tree_is_waited_for_before_the_guest_runs(self):
        ip("link", "set", "br0", "type", "bridge", "stp_state", "1", "forward_delay", "200")
        done = self.expect(0, "launch", "web", *guest("web"), "--net", "bridge=br0", "--wait", "none")
        self.assertIn("bridge 'br0' runs the spanning tree: its new port forwards nothing for 4 s", done.stderr)
        state = json.loads(subprocess.run(["bridge", "-j", "link", "show"], capture_output=True, text=True,
                                          check=True).stdout)
        self.assertEqual([port["state"] for port in state if port.get("master") == "br0"], ["forwarding"])
        self.expect(0, "rm", "web", "--force")

    def test_a_signal_ends_the_wait_for_the_spanning_tree(self):
        ip("link", "set", "br0", "type", "bridge", "stp_state", "1", "forward_delay", "1500")
        process = self.start("launch", "web", *guest("web"), "--net", "bridge=br0", "--wait", "none")
        wait_for("it waits", lambda: "wait until port" in process.stderr.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=10), 130)
        self.assert_unchanged("interrupted")

    def fail_and_kill_around(self, step, *words):
        for moment in ("before", "after"):
            with self.subTest(f"{moment} {step}"):
                self.expect(3, *words, env={"KVMKIT_FAULT": f"fail:{moment}:{step}"})
                self.assert_unchanged("failed")
                self.expect(-9, *words, env={"KVMKIT_FAULT": f"kill:{moment}:{step}"})
                self.expect(0, "gc")
                self.assert_unchanged("killed")

    def test_a_fault_around_the_wait_for_a_port_leaves_nothing(self):
        ip("link", "set", "br0", "type", "bridge", "stp_state", "1", "forward_delay", "200")
        self.fail_and_kill_around(2, "launch", "web", *guest("web"), "--net", "bridge=br0", "--wait", "none")

    @unittest.skipUnless(filters_vlans(), "this kernel's bridges keep no VLANs apart")
    def test_a_fault_around_the_tagging_of_a_port_leaves_nothing(self):
        ip("link", "set", "br0", "type", "bridge", "vlan_filtering", "1")
        self.fail_and_kill_around(2, "launch", "web", *guest("web"), "--net", "bridge=br0,vlan=10", "--wait", "none")

    def test_a_vlan_on_a_bridge_that_keeps_none_apart_is_refused(self):
        done = self.expect(10, "launch", "web", *guest("web"), "--net", "bridge=br0,vlan=10")
        self.assertIn("refused to use VLAN 10 on bridge 'br0': it keeps no VLANs apart", done.stderr)
        self.assertIn("hint: switch it on: net-setup bridge set br0 --vlan-filtering on\n", done.stderr)

    @unittest.skipUnless(filters_vlans(), "this kernel's bridges keep no VLANs apart")
    def test_a_port_is_in_its_vlan_alone_before_the_guest_runs(self):
        ip("link", "set", "br0", "type", "bridge", "vlan_filtering", "1")
        done = self.expect(0, "launch", "web", *guest("web"), "--net", "bridge=br0,vlan=10", "--wait", "none")
        self.assertIn("VLAN 10 leads nowhere from bridge 'br0'", done.stderr)
        vlans = json.loads(subprocess.run(["bridge", "-j", "vlan", "show"], capture_output=True, text=True,
                                          check=True).stdout)
        port = next(entry for entry in vlans if entry["ifname"].startswith("vnet"))
        self.assertEqual([(vlan["vlan"], sorted(vlan["flags"])) for vlan in port["vlans"]],
                         [(10, ["Egress Untagged", "PVID"])])
        self.expect(0, "rm", "web", "--force")

    def test_several_cards_have_addresses_of_their_own(self):
        record = self.expect_json(0, "launch", "web", *guest("web"), "--net", "bridge=br0", "--net",
                                  "bridge=br0,mac=52:54:00:aa:bb:cc", "--net", "user", "--vcpus", "2", "--wait", "none")
        macs = [nic["mac"] for nic in record["nics"]]
        self.assertEqual(len(set(macs)), 3)
        self.assertEqual(macs[1], "52:54:00:aa:bb:cc")
        listed = virsh("domiflist", "web")
        self.assertTrue(all(mac in listed for mac in macs), listed)
        self.expect(0, "rm", "web", "--force")

    def test_a_card_of_its_own_on_a_link(self):
        ip("link", "add", "lan0", "type", "veth", "peer", "name", "lan1")
        self.addCleanup(ip, "link", "del", "lan0")
        if not taps_have_devices("lan0"):
            self.skipTest("the kernel's tap devices do not show up in /dev here")
        done = self.expect(0, "launch", "web", *guest("web"), "--net", "macvtap=lan0", "--wait", "none")
        self.assertIn("link 'lan0' is down", done.stderr)
        self.assertIn("macvtap", ip("-d", "link", "show").stdout)
        self.expect(0, "rm", "web", "--force")
        ip("link", "set", "lan0", "master", "br0")
        done = self.expect(10, "launch", "web", *guest("web"), "--net", "macvtap=lan0")
        self.assertIn("refused to use link 'lan0': it is a port of a bridge or bond", done.stderr)


class BehindQemusNat(NetworkTest):
    def test_a_port_leads_in(self):
        record = self.expect_json(0, "launch", "web", *guest("web", "ssh-banner"), "--net", "user,fwd=2222:22", "--wait",
                                  "ssh", *PATIENCE)
        self.assertEqual((record["address"]["ip"], record["address"]["ssh_port"]), ("127.0.0.1", 2222))
        with socket.create_connection(("127.0.0.1", 2222), timeout=5) as call:
            self.assertIn(b"SSH-2.0-kvmkit-guest", call.recv(64))
        taken = self.expect(3, "launch", "two", *guest("two"), "--net", "user,fwd=2222:22")
        self.assertIn("cannot lead port 2222 to the guest: another program listens there", taken.stderr)
        self.expect(0, "rm", "web", "--force")

    def test_nobody_can_call_it_and_so_nobody_waits_for_its_address(self):
        done = self.expect(2, "launch", "web", *guest("web"), "--net", "user", "--wait", "ssh")
        self.assertIn("cannot wait for ssh: nobody can call a VM with --net user", done.stderr)
        self.expect(0, "launch", "web", *guest("web"), "--wait", "none")
        self.assertIn("behind QEMU's own NAT: nobody can call it", self.expect(3, "ip", "web").stderr)
        self.expect(0, "rm", "web", "--force")


class Events(NetworkTest):
    def test_are_told_as_they_happen(self):
        process = self.start("events", "--json")
        wait_for("it listens", lambda: "Ctrl-C" in process.stderr.readline())
        self.expect(0, "launch", "web", *guest("web"), "--net", "none", "--wait", "none")
        self.expect(0, "stop", "web", "--force", "--timeout", "0")
        self.expect(0, "rm", "web")
        seen = []
        while not seen or seen[-1]["what"] != "undefined":
            seen.append(json.loads(process.stdout.readline()))
            validate(seen[-1])
        milestones = ("defined", "started", "resumed", "stopped", "undefined")
        self.assertEqual([event["what"] for event in seen if event["what"] in milestones], list(milestones))
        self.assertEqual({event["name"] for event in seen}, {"web"})
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=10), 0)


class Waits(NetworkTest):
    def test_for_the_end_of_a_vm(self):
        self.expect(0, "launch", "web", *guest("web"), "--net", "none", "--wait", "none")
        process = self.start("wait", "web", "--for", "off")
        time.sleep(0.2)
        self.expect(0, "stop", "web", "--force", "--timeout", "0")
        self.assertEqual(process.wait(timeout=10), 0)
        self.assertIn("VM 'web' is off", self.expect(3, "ip", "web").stderr)
        self.expect(0, "rm", "web")

    def test_for_an_agent_that_is_not_there(self):
        self.expect(0, "launch", "web", *guest("web"), "--net", "none", "--wait", "none")
        record = self.expect_json(20, "wait", "web", "--for", "agent", "--timeout", "1")
        self.assertIn("no guest agent has opened its port", record["evidence"][0])
        self.expect(0, "rm", "web", "--force")

    def test_progress_for_programs(self):
        done = self.expect(0, "launch", "web", *guest("web"), "--net", "none", "--wait", "none", "--progress", "json")
        lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        for line in lines:
            validate(line)
        self.assertEqual([line["state"] for line in lines if line["step"] == "define VM 'web'"], ["begin", "done"])
        self.assertEqual(lines[-1]["state"], "started")
        self.expect(0, "rm", "web", "--force")

    def test_the_console_can_be_opened_again(self):
        self.expect(0, "launch", "web", *guest("web"), "--net", "none", *PATIENCE)
        process = subprocess.Popen([shutil.which("sh"), "-c", f"exec {VM_RUN} console web"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        # One reader alone has it, also against libvirt's own: neither would get all of it.
        lock = pathlib.Path("/var/lock", "LCK.." + self.terminal_of("web").removeprefix("/dev").replace("/", "_"))
        wait_for("the console is locked", lambda: lock.exists())
        self.assertEqual(int(lock.read_text()), process.pid)
        self.assertIn(f"cannot open the console of VM 'web': process {process.pid} has it open",
                      self.expect(3, "console", "web").stderr)
        other = subprocess.run(["script", "-qec", "virsh -c qemu:///system console web", "/dev/null"], text=True, timeout=30,
                               stdin=subprocess.DEVNULL, capture_output=True)
        self.assertIn(f"held by process {process.pid}", other.stdout)
        self.expect(0, "stop", "web", "--timeout", str(BOOT_SECONDS))
        self.assertEqual(process.wait(timeout=20), 0)
        self.assertFalse(lock.exists())
        self.expect(0, "rm", "web")

    @staticmethod
    def terminal_of(name):
        return ElementTree.fromstring(virsh("dumpxml", name)).find("devices/console/source").get("path")


if __name__ == "__main__":
    unittest.main(verbosity=2)
