# SPDX-License-Identifier: Apache-2.0
"""What net-setup persist writes into an /etc of the lab's own, what it leaves behind when it is stopped half-way, and
whether the real programs make the same network of it. usage: persist_test.py NET-SETUP SCHEMAS"""
import os
import pathlib
import shutil
import subprocess
import time

import lab
from etc_folder import etc, own_etc, put_back
from lab import ip, links, world

NETWORKD = "/lib/systemd/systemd-networkd"
FOLDER = pathlib.Path("/etc/systemd/network")


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


class Persist(lab.Lab):
    """p0 is a card: its far end is in another namespace."""

    def setUp(self):
        super().setUp()
        ip("netns add far")
        ip("link set p1 netns far")
        ip("-n far link set p1 up")
        self.expect("bridge add br0 --port p0 --address 192.0.2.1/24", 0)
        ip("route add default via 192.0.2.254")
        self.before = etc()

    def tearDown(self):
        ip("netns del far")
        super().tearDown()
        put_back(self.before)


class Writing(Persist):
    def test_a_dry_run_shows_the_files_and_writes_none(self):
        done = self.expect("persist br0 --manager networkd --dry-run", 1)
        self.assertIn("would write /etc/systemd/network/10-net-setup-br0.network (mode 0644):\n", done.stdout)
        self.assertIn("\nAddress=192.0.2.1/24\nGateway=192.0.2.254\n", done.stdout)
        self.assertEqual(etc(), self.before)

    def test_asking_twice_changes_nothing(self):
        first = self.record("persist br0 --manager networkd --json")
        self.assertTrue(first["changed"])
        self.assertEqual(first["links"], ["p0", "br0"])
        self.assertEqual(first["commands"], ["networkctl reload"])
        after = etc()
        again = self.record("persist p0 --manager networkd --json")
        self.assertEqual((again["changed"], again["files"], again["transaction"]), (False, [], None))
        self.assertEqual(etc(), after)
        self.assertEqual([name for name in after if ".tmp" in name], [])

    def test_a_lease_is_asked_for_again(self):
        ip("addr flush dev br0")
        ip("addr add 192.0.2.9/24 dev br0 valid_lft 1000 preferred_lft 1000")
        ip("route add default via 192.0.2.254 proto dhcp")
        done = self.expect("persist br0 --manager networkd --dry-run", 1)
        self.assertIn("\nDHCP=ipv4\n", done.stdout)
        self.assertNotIn("192.0.2.", done.stdout)
        refused = self.expect("persist br0 --manager none", 3)
        self.assertIn("cannot keep link 'br0': nobody would ask for its DHCP lease at boot", refused.stderr)
        self.assertEqual(etc(), self.before)

    def test_doubts_are_told_line_by_line(self):
        pathlib.Path("/etc/systemd/network/05-all.network").write_text("[Match]\nName=p*\n[Network]\nDHCP=yes\n",
                                                                      encoding="ascii")
        done = self.expect("persist br0 --manager networkd", 0)
        self.assertIn("reboot-safe: no (/etc/systemd/network/05-all.network is for p0 too, and comes first)\n",
                      done.stdout)
        self.assertNotIn("reboot-safe: yes", done.stdout)

    def test_a_wrong_manager_is_a_mistake_of_the_command_line(self):
        done = self.expect("persist br0 --manager networkdd", 2)
        self.assertIn("--manager does not know 'networkdd'\n  hint: did you mean 'networkd'?", done.stderr)

    def test_every_manager_that_is_documented_can_be_named(self):
        for manager, folder in (("ifcfg", "/etc/sysconfig/network-scripts/"), ("wicked", "/etc/sysconfig/network/")):
            done = self.expect(f"persist br0 --manager {manager} --dry-run", 1)
            self.assertIn(folder + "ifcfg-br0", done.stdout)

    def test_a_link_that_does_not_exist(self):
        done = self.expect("persist br7", 3)
        self.assertIn("cannot keep link 'br7': it does not exist", done.stderr)
        self.assertEqual(etc(), self.before)

    def test_netplan_refuses_what_it_has_no_words_for(self):
        ip("link set br0 type bridge mcast_query_use_ifaddr 1")
        done = self.expect("persist br0 --manager netplan", 3)
        self.assertIn("netplan has no words for multicast-query-use-ifaddr (true)", done.stderr)
        self.assertEqual(etc(), self.before)

    def test_netplan_leaves_to_networkd_what_it_has_no_words_for_itself(self):
        ip("link set br0 type bridge mcast_snooping 0")
        self.expect("persist br0 --manager netplan", 0)
        added = pathlib.Path("/etc/systemd/network/10-netplan-br0.netdev.d/kvmkit-net-setup.conf")
        self.assertIn("[Bridge]\nMulticastSnooping=no\n", added.read_text(encoding="ascii"))
        ip("link set br0 type bridge mcast_snooping 1")
        self.expect("persist br0 --manager netplan", 0)
        self.assertFalse(added.exists(), "what is usual again is said no more")


class Owners(Persist):
    def test_owner_reads_what_the_managers_left(self):
        index = links()["p0"]["ifindex"]
        os.makedirs("/run/systemd/netif/links", exist_ok=True)
        state = pathlib.Path(f"/run/systemd/netif/links/{index}")
        state.write_text("ADMIN_STATE=configured\n", encoding="ascii")
        try:
            record = self.record("owner p0 br0 --json")
            self.assertEqual([link["owner"] for link in record["links"]], ["networkd", "none"])
            self.assertEqual(record["links"][0]["evidence"],
                             [{"manager": "networkd", "file": str(state), "text": "ADMIN_STATE=configured"}])
            table = self.expect("owner p0", 0).stdout
            self.assertEqual(table.splitlines()[1].split()[:2], ["p0", "networkd"])
            self.assertEqual(self.record("persist br0 --dry-run --json", 1)["manager"], "networkd")
        finally:
            state.unlink()

    def test_owner_of_a_link_that_does_not_exist(self):
        done = self.expect("owner br7", 3)
        self.assertIn("cannot find the owner of link 'br7': it does not exist", done.stderr)


class Failing(Persist):
    def test_killed_at_any_step_the_next_run_undoes_it(self):
        step, kills = 0, 0
        while True:
            done = self.tool("persist br0 --manager networkd", fault=f"kill:{'before' if step % 2 else 'after'}:{step // 2}")
            if done.returncode == 0:
                break
            kills += 1
            undone = self.expect("persist none-such", 3)
            self.assertIn("undid transaction", undone.stderr)
            self.assertEqual(etc(), self.before, f"step {step}")
            step += 1
        self.assertGreaterEqual(kills, 12)  # three files staged and placed

    def test_an_interruption_undoes_it(self):
        self.expect("persist br0 --manager networkd", 130, fault="stop:after:1")
        self.assertEqual(etc(), self.before)

    def test_a_read_only_etc(self):
        subprocess.run(["mount", "-o", "remount,bind,ro", "/etc"], check=True)
        try:
            done = self.expect("persist br0 --manager networkd", 3)
        finally:
            subprocess.run(["mount", "-o", "remount,bind,rw", "/etc"], check=True)
        self.assertIn("Read-only file system", done.stderr)
        self.assertEqual(etc(), self.before)

    def test_a_full_disk(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "full", str(FOLDER)], check=True)
        try:
            (FOLDER / "filler").write_bytes(b"x" * 4096)
            done = self.expect("persist br0 --manager networkd", 3)
            self.assertIn("No space left on device", done.stderr)
            self.assertEqual([path.name for path in FOLDER.iterdir()], ["filler"])
        finally:
            subprocess.run(["umount", str(FOLDER)], check=True)

    def test_no_privilege(self):
        done = self.expect("persist br0 --manager networkd", 3,
                           prefix=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        self.assertIn("ermission", done.stderr)
        self.assertEqual(etc(), self.before)


class Judged(Persist):
    """By the programs that read the files at boot."""

    def lose_everything(self):
        """As a reboot does."""
        wanted = world()
        ip("link del br0")
        ip("link set p0 down")
        return {name: {key: value for key, value in link.items() if key != "group"} for name, link in wanted.items()}

    def reached(self, wanted):
        present = world()
        seen = {name: {key: present.get(name, {}).get(key) for key in link} for name, link in wanted.items()}
        routes = subprocess.run(["ip", "route", "show", "default"], capture_output=True, text=True, check=True).stdout
        return seen == wanted and "via 192.0.2.254 dev br0" in routes

    def test_systemd_networkd_makes_the_same_network(self):
        if not os.path.exists(NETWORKD):
            self.skipTest("systemd-networkd is not installed")
        self.expect("persist br0 --manager networkd", 0)
        wanted = self.lose_everything()
        # Without a writable /sys networkd takes it that there is no udev to wait for.
        subprocess.run(["mount", "-o", "remount,bind,ro", "/sys"], check=False)
        os.makedirs("/run/systemd/netif", exist_ok=True)
        for folder in ("", "/links", "/leases", "/lldp"):
            os.makedirs(f"/run/systemd/netif{folder}", exist_ok=True)
            shutil.chown(f"/run/systemd/netif{folder}", "systemd-network", "systemd-network")
        with open("/run/lab/networkd.log", "wb") as log:
            daemon = subprocess.Popen([NETWORKD], stdout=log, stderr=log)
        try:
            good = wait_for(lambda: self.reached(wanted) or daemon.poll() is not None)
            text = pathlib.Path("/run/lab/networkd.log").read_text(encoding="utf-8", errors="replace")
            self.assertTrue(good and daemon.poll() is None, f"{text}\n{world()}\n{wanted}")
            self.assertNotRegex(text, r"10-net-setup-[^ ]*:[0-9]+:")  # no complaint about a line of ours
            settings = links()["br0"]["linkinfo"]["info_data"]
            self.assertEqual((settings["stp_state"], settings["forward_delay"]), (0, 0))
        finally:
            daemon.terminate()
            daemon.wait(timeout=20)
            subprocess.run(["mount", "-o", "remount,bind,rw", "/sys"], check=False)

    def test_netplan_generates_from_it(self):
        generate = next((path for path in ("/usr/libexec/netplan/generate", "/usr/lib/netplan/generate")
                         if os.path.exists(path)), None)
        if generate is None:
            self.skipTest("netplan is not installed")
        self.expect("persist br0 --manager netplan", 0)
        subprocess.run([generate], check=True)
        made = pathlib.Path("/run/systemd/network/10-netplan-br0.network").read_text(encoding="ascii")
        self.assertIn("Address=192.0.2.1/24\n", made)
        self.assertIn("Gateway=192.0.2.254\n", made)
        self.assertIn("Bridge=br0\n", pathlib.Path("/run/systemd/network/10-netplan-p0.network").read_text(encoding="ascii"))

    def test_networkmanager_reads_each_line_of_the_keyfiles(self):
        if shutil.which("nmcli") is None:
            self.skipTest("NetworkManager is not installed")
        self.expect("persist br0 --manager nm", 0)
        files = sorted(pathlib.Path("/etc/NetworkManager/system-connections").glob("net-setup-*"))
        self.assertEqual(len(files), 2)
        for path in files:
            text = path.read_text(encoding="ascii")
            done = subprocess.run(["nmcli", "--offline", "connection", "modify", "connection.zone", ""], input=text,
                                  capture_output=True, text=True, check=True)
            usual = {"autoconnect=true"}  # what it leaves out when it writes
            lines = {line.lower() for line in text.splitlines() if "=" in line}
            self.assertEqual(lines - usual - {line.lower() for line in done.stdout.splitlines()}, set())

    def test_ifupdown_reads_the_stanza(self):
        if shutil.which("ifquery") is None:
            self.skipTest("ifupdown is not installed")
        self.expect("persist br0 --manager ifupdown", 0)
        done = subprocess.run(["ifquery", "br0"], capture_output=True, text=True, check=True)
        self.assertIn("address: 192.0.2.1\n", done.stdout)
        self.assertIn("gateway: 192.0.2.254\n", done.stdout)
        self.assertIn("bridge_ports: p0\n", done.stdout)

    def test_the_unit_of_our_own_makes_the_same_network(self):
        done = self.expect("persist br0 --manager none", 0)
        self.assertIn(f"reboot-safe: no (at boot the unit runs {lab.TOOL}, which may be gone by then, or not there yet)\n",
                      done.stdout)
        unit = pathlib.Path("/etc/systemd/system/net-setup-apply-br0.service")
        command = [line for line in unit.read_text(encoding="ascii").splitlines() if line.startswith("ExecStart=")]
        self.assertEqual(command, [f"ExecStart={lab.TOOL} apply --allow all /etc/kvmkit/net-setup/br0.yml"])
        wanted = self.lose_everything()
        self.expect("apply /etc/kvmkit/net-setup/br0.yml", 0)
        self.assertTrue(self.reached(wanted), f"{world()}\n{wanted}")
        if shutil.which("systemd-analyze"):
            judged = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
            self.assertNotIn("net-setup-apply-br0.service:", judged.stderr)


lab.enter()
own_etc()
lab.run_tests()
