# SPDX-License-Identifier: Apache-2.0
"""host-setup and libvirt's real network: libvirtd, dnsmasq and the kernel's firewall in namespaces of their own. Runs inside
tests/support/private_host.py only."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "virt")]

from host import libvirtd_runs, processes, start_libvirtd, virsh, wait_for  # noqa: E402
from schema import check  # noqa: E402
from stubs import NETWORK as SHIPPED  # noqa: E402

PROGRAM = os.environ.get("KVMKIT_HOST_SETUP", "host-setup")
XML = pathlib.Path("/etc/libvirt/qemu/networks/default.xml")
FORWARD = pathlib.Path("/proc/sys/net/ipv4/ip_forward")


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def setup(*words, **environment):
    clean = {name: value for name, value in os.environ.items() if name != "SUDO_USER"}
    done = subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                          env=clean | environment)
    print(f"$ host-setup {' '.join(words)} -> {done.returncode}\n{done.stdout}{done.stderr}", flush=True)
    return done


def record(done):
    found = json.loads(done.stdout)
    check(found)
    return found


def network():
    """libvirt's own word: is it up, is it started with libvirt, and where is it."""
    up = "default" in virsh("net-list", "--name").split()
    boot = "default" in virsh("net-list", "--all", "--autostart", "--name").split()
    place = virsh("net-dumpxml", "--inactive", "default").split("<ip address='")[1].split("'")[0]
    return up, boot, place


def way_to_gateway():
    return ip("route", "get", "192.168.122.1").split("dev ")[1].split()[0]


def stop_libvirtd():
    for pid in processes("libvirtd"):
        os.kill(pid, signal.SIGTERM)
    wait_for("libvirtd ends", lambda: not libvirtd_runs())


class DefaultNetworkTest(unittest.TestCase):
    """Each test begins with libvirt as it was shipped, and a host without addresses."""

    def setUp(self):
        for daemon in ("libvirtd", "virtlogd", "dnsmasq"):
            for pid in processes(daemon):
                os.kill(pid, signal.SIGTERM)
            wait_for(f"{daemon} ends", lambda name=daemon: not processes(name))
        for link in ("virbr0", "up0"):
            subprocess.run(["ip", "link", "del", link], check=False, capture_output=True)
        for place in ("/run/libvirt/network", "/etc/libvirt/qemu/networks/autostart", "/var/lib/kvmkit/txn"):
            subprocess.run(["rm", "-rf", place], check=True)
        XML.parent.mkdir(parents=True, exist_ok=True)
        XML.write_text(SHIPPED)
        XML.chmod(0o600)
        FORWARD.write_text("0\n")

    @staticmethod
    def uplink():
        """As in a VM of libvirt's: the same range, and the gateway at .1."""
        ip("link", "add", "up0", "type", "veth", "peer", "name", "up1")
        for link in ("up0", "up1"):
            ip("link", "set", link, "up")
        ip("addr", "add", "192.168.122.50/24", "dev", "up0")
        ip("route", "add", "default", "via", "192.168.122.1")

    def test_it_is_started_by_the_api_and_taken_back(self):
        start_libvirtd()
        plan = setup("plan", "network")
        self.assertEqual(plan.returncode, 1)
        self.assertIn("changes the firewall: DHCP and DNS are let in on virbr0", plan.stdout)
        self.assertIn("switches net.ipv4.ip_forward on, which is off now", plan.stdout)
        done = record(setup("apply", "network", "--json"))
        self.assertEqual([step["kind"] for step in done["steps"]], ["change-network", "change-network"])
        self.assertEqual(done["network"], {"range": "192.168.122.0/24", "bridge": "virbr0", "autostart": True, "active": True})
        self.assertEqual(network(), (True, True, "192.168.122.1"))
        self.assertEqual(FORWARD.read_text(), "1\n")
        again = setup("apply", "network")
        self.assertIn("nothing to do", again.stdout)
        verified = setup("verify", "network", "services", "--json")
        found = {each["id"]: each["state"] for each in record(verified)["findings"]}
        kvm = pathlib.Path("/dev/kvm").exists()  # without it libvirt offers slow VMs only, which is not its fault
        self.assertEqual(found.pop("capabilities"), "holds" if kvm else "untold")
        self.assertEqual(list(found.values()), ["holds"] * 2)
        self.assertEqual(verified.returncode == 0, kvm)
        self.assertEqual(setup("rollback").returncode, 0)
        self.assertEqual(network(), (False, False, "192.168.122.1"))
        self.assertEqual(FORWARD.read_text(), "0\n")
        self.assertEqual(setup("verify", "network").returncode, 1)

    def test_it_moves_through_the_api_before_its_first_start(self):
        self.uplink()
        start_libvirtd()
        uuid = virsh("net-uuid", "default")
        done = record(setup("apply", "network", "--json"))
        self.assertEqual([step["kind"] for step in done["steps"]], ["move-network", "change-network", "change-network"])
        self.assertEqual(network(), (True, True, "192.168.123.1"))
        self.assertEqual(way_to_gateway(), "up0")
        self.assertEqual(virsh("net-uuid", "default"), uuid)
        self.assertFalse(pathlib.Path("/run/kvmkit/default-network.xml").exists())
        self.assertEqual(setup("verify", "network").returncode, 0)
        self.assertEqual(setup("rollback").returncode, 0)
        self.assertEqual(network(), (False, False, "192.168.122.1"))

    def test_it_moves_in_its_file_before_libvirts_first_start(self):
        self.uplink()
        done = setup("apply", "network")
        self.assertEqual(done.returncode, 0)
        self.assertIn("starts when libvirt does", done.stdout)
        self.assertFalse(libvirtd_runs(), "nothing is started by looking")
        start_libvirtd()
        wait_for("libvirt starts its network", lambda: network() == (True, True, "192.168.123.1"))
        self.assertEqual(way_to_gateway(), "up0")
        stop_libvirtd()

    def test_a_host_that_was_cut_off_gets_its_gateway_back(self):
        """The address comes later, when the network is up already."""
        start_libvirtd()
        self.assertEqual(setup("apply", "network").returncode, 0)
        self.uplink()
        self.assertEqual(way_to_gateway(), "lo", "the host must be cut off, or the test shows nothing")
        self.assertEqual(setup("verify", "network").returncode, 1)
        done = record(setup("apply", "network", "--json"))
        self.assertEqual([step["text"] for step in done["steps"]],
                         ["stop libvirt's network 'default'", "give libvirt's network 'default' the range 192.168.123.0/24",
                          "start libvirt's network 'default'"])
        self.assertEqual(way_to_gateway(), "up0")
        self.assertEqual(network(), (True, True, "192.168.123.1"))
        self.assertEqual(setup("apply", "network", "--default-net", "off").returncode, 0)
        self.assertEqual(network(), (False, False, "192.168.123.1"))

    def test_what_libvirt_refuses_is_taken_back(self):
        """Somebody's DHCP server holds the bridge's address: libvirt cannot start the network."""
        start_libvirtd()
        ip("link", "add", "virbr0", "type", "bridge")
        failed = setup("apply", "network")
        self.assertEqual(failed.returncode, 3)
        self.assertIn("cannot start libvirt's network 'default': error:", failed.stderr)
        self.assertIn("--default-net off", failed.stderr)
        self.assertEqual(network(), (False, False, "192.168.122.1"))
        self.assertEqual(FORWARD.read_text(), "0\n")

    def test_a_kill_at_any_step_is_undone(self):
        self.uplink()
        start_libvirtd()
        before = (virsh("net-dumpxml", "--inactive", "default"), network())
        moments = [f"{when}:{step}" for step in range(3) for when in ("before", "after")] + ["state:applied"]
        for moment in moments:
            killed = setup("apply", "network", KVMKIT_FAULT=f"kill:{moment}")
            self.assertEqual(killed.returncode, -signal.SIGKILL, moment)
            self.assertEqual(setup("resume").returncode, 0, moment)
            self.assertEqual((virsh("net-dumpxml", "--inactive", "default"), network()), before, moment)
            self.assertEqual(FORWARD.read_text(), "0\n", moment)


if __name__ == "__main__":
    unittest.main()
