# SPDX-License-Identifier: Apache-2.0
"""A card that the real NetworkManager looks after: it runs here with a D-Bus of its own, in the lab's namespaces.
usage: network_manager_test.py NET-SETUP SCHEMAS ECHO-PEER"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import lab
from etc_folder import own_etc
from lab import ip, links

ECHO = "/run/lab/echo-peer"
PROFILES = pathlib.Path("/etc/NetworkManager/system-connections")
UPLINK = """[connection]
id=uplink
uuid=6a1f1f4e-5a0c-4f6b-9d1c-0c5b7d1f2a10
type=ethernet
interface-name=eth0

[ipv4]
method=manual
address1=192.0.2.1/24,192.0.2.254

[ipv6]
method=link-local
"""
# Far below the second that a lost first ARP request costs, above what a machine that is shared adds to NetworkManager's 20 ms.
GAP_MS = 400
OURS = "connected:net-setup-br0-port-eth0"


def start_bus():
    """Both daemons die with this script."""
    for folder in ("/run/dbus", "/var/lib/NetworkManager", "/var/lib/dbus"):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    subprocess.run(["dbus-uuidgen", "--ensure=/etc/machine-id"], check=True)
    bus = subprocess.Popen(["dbus-daemon", "--system", "--nofork", "--nopidfile"], stderr=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(BUS), "the bus")
    return bus


def wait_until(holds, what, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come: {devices()}\n{pathlib.Path('/run/lab/nm.log').read_text()[-3000:]}")
        time.sleep(0.05)


def devices():
    """What NetworkManager says of each link: name -> "connected:uplink"."""
    said = subprocess.run(["nmcli", "-g", "DEVICE,STATE,CONNECTION", "device"], capture_output=True, text=True, check=False).stdout
    return dict(line.split(":", 1) for line in said.splitlines() if ":" in line)


def addresses(link):
    """Of IPv4."""
    return [a["local"] for a in links().get(link, {}).get("addr_info", []) if a["family"] == "inet"]


def routes(link):
    """Of IPv4, as the kernel lists them."""
    return subprocess.run(["ip", "-4", "route", "show", "dev", link], capture_output=True, text=True, check=True).stdout


BUS = "/run/dbus/system_bus_socket"
MANAGER = "org.freedesktop.NetworkManager"
MANAGER_PATH = "/org/freedesktop/NetworkManager"


def bus(words):
    """What busctl(1) says of NetworkManager."""
    return subprocess.run(["busctl", *words.split()], capture_output=True, text=True, check=True).stdout


def checkpoints():
    """Of NetworkManager, by name: path -> seconds from its making to its rollback."""
    told = bus(f"get-property {MANAGER} {MANAGER_PATH} {MANAGER} Checkpoints").split()[2:]
    paths = [path.strip('"') for path in told]
    return {path: int(bus(f"get-property {MANAGER} {path} {MANAGER}.Checkpoint RollbackTimeout").split()[1]) for path in paths}


class ManagedCard(lab.Lab):
    """eth0 has the host's address by NetworkManager's profile "uplink"; 192.0.2.254 behind it answers echoes."""

    def setUp(self):
        super().setUp()
        ip("link del p0")
        for file in PROFILES.iterdir():
            file.unlink()
        (PROFILES / "uplink.nmconnection").write_text(UPLINK, encoding="ascii")
        (PROFILES / "uplink.nmconnection").chmod(0o600)
        ip("netns add lan")
        self.addCleanup(subprocess.run, ["ip", "netns", "del", "lan"], check=True)
        ip("link add eth0 address 52:54:00:1a:b1:00 type veth peer name lan0 netns lan")
        ip("-n lan addr add 192.0.2.254/24 dev lan0")
        ip("-n lan link set lan0 up")
        self.echo = subprocess.Popen(["ip", "netns", "exec", "lan", ECHO, "serve"])
        self.addCleanup(self.echo.wait)
        self.addCleanup(self.echo.kill)
        self.log = open("/run/lab/nm.log", "w", encoding="utf-8")
        self.addCleanup(self.log.close)
        self.manager = subprocess.Popen(["NetworkManager", "--no-daemon"], stdout=self.log, stderr=self.log)
        self.addCleanup(self.manager.wait)
        self.addCleanup(self.manager.terminate)
        self.settle("eth0", "connected:uplink")
        self.measure(500)()
        self.routes = routes("eth0")

    def settle(self, link, state):
        wait_until(lambda: devices().get(link) == state, f"{link} {state}")

    def settle_kept(self):
        """br0 is NetworkManager's by our profile, with the card as its port."""
        self.settle("br0", "connected:net-setup-br0")
        self.settle("eth0", OURS)
        self.assertEqual((addresses("br0"), addresses("eth0")), (["192.0.2.1"], []))

    def measure(self, milliseconds):
        """Begins to send a packet each millisecond; the result is asked for by calling what it returns."""
        sender = subprocess.Popen([ECHO, "measure", "192.0.2.254", "1000", str(milliseconds)], stdout=subprocess.PIPE, text=True)
        return lambda: json.loads(sender.communicate(timeout=60)[0])

    def expect_short(self, measured, what):
        print(f"{what}: {measured}", file=sys.stderr)
        self.assertLess(measured["gap_ms"], GAP_MS, f"{what}: {measured}")

    def expect_card(self):
        """eth0 is NetworkManager's, as it was."""
        self.settle("eth0", "connected:uplink")
        self.assertEqual(addresses("eth0"), ["192.0.2.1"])
        self.assertEqual(routes("eth0"), self.routes)
        self.assertNotIn("br0", links())
        self.assertEqual([file.name for file in PROFILES.iterdir()], ["uplink.nmconnection"])

    def test_a_kept_bridge_becomes_its_own_and_gives_the_card_back(self):
        measured = self.measure(4000)
        record = self.record("lan-bridge eth0 --confirm none --persist auto --json")
        self.assertEqual(record["steps"][0], {"action": "set-managed", "link": "eth0", "text": "have NetworkManager leave eth0 alone"})
        kept = record["persistence"]
        self.assertEqual((kept["manager"], kept["reboot_safe"], kept["commands"], kept["warnings"]), ("nm", True, [], []))
        self.settle_kept()
        self.assertEqual([name for name in links() if name.startswith("kvmkit")], [])
        self.expect_short(measured(), "bridge and profile")
        measured = self.measure(4000)
        self.expect("lan-bridge eth0 --back --confirm none", 0)
        self.expect_card()
        self.expect_short(measured(), "the way back")

    def test_the_manager_is_known_although_it_has_let_go_of_the_card(self):
        """NetworkManager has written down that the card is unmanaged before the change goes on."""
        known = pathlib.Path(f"/run/NetworkManager/devices/{links()['eth0']['ifindex']}")
        wait_until(lambda: "managed=true" in known.read_text(), "NetworkManager's note of its card")
        words = [lab.TOOL, *"lan-bridge eth0 --confirm none --persist auto --json".split()]
        run = subprocess.Popen(words, stdout=subprocess.PIPE, env={**os.environ, "KVMKIT_FAULT": "hold:after:1"})
        self.addCleanup(run.kill)
        wait_until(lambda: "State:\tT" in pathlib.Path(f"/proc/{run.pid}/status").read_text(), "the halt")
        wait_until(lambda: "managed=true" not in known.read_text(), "NetworkManager's other note of it")
        self.manager.send_signal(signal.SIGSTOP)  # nor does it note the bridge soon
        resume = threading.Timer(1, self.manager.send_signal, (signal.SIGCONT,))
        resume.start()
        self.addCleanup(resume.join)
        record = json.loads(self.go_on(run))
        self.assertEqual((run.returncode, record["persistence"]["manager"]), (0, "nm"))
        self.settle_kept()

    def go_on(self, run):
        """Whoever stands still of the command and the processes that it starts for its files; returns what it printed."""
        while True:
            children = pathlib.Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
            for process in (run.pid, *map(int, children)):
                os.kill(process, signal.SIGCONT)
            try:
                return run.communicate(timeout=0.2)[0]
            except subprocess.TimeoutExpired:
                continue

    def test_it_starts_anew_with_the_same_bridge(self):
        self.expect("lan-bridge eth0 --confirm none --persist auto", 0)
        self.manager.terminate()
        self.manager.wait()
        self.manager = subprocess.Popen(["NetworkManager", "--no-daemon"], stdout=self.log, stderr=self.log)
        self.addCleanup(self.manager.wait)
        self.addCleanup(self.manager.terminate)
        self.settle_kept()

    def test_undoing_a_kept_bridge_gives_the_card_back(self):
        self.expect("lan-bridge eth0 --confirm none --persist auto", 0)
        measured = self.measure(4000)
        self.expect("undo", 0)
        self.expect_card()
        self.expect_short(measured(), "undo")

    def test_nobody_confirms(self):
        measured = self.measure(5000)
        run = subprocess.Popen([lab.TOOL, "lan-bridge", "eth0", "--confirm", "ask", "--timeout", "2s", "--persist", "auto"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.settle("eth0", "unmanaged:")
        self.assertEqual(addresses("eth0"), [])
        self.assertEqual(run.wait(timeout=30), 12)
        self.expect_card()
        self.expect_short(measured(), "bridge and rollback")

    def wait_for_confirmation(self, timeout):
        """A change that is made and waits; returns the process that makes it."""
        words = [lab.TOOL, "lan-bridge", "eth0", "--confirm", "ask", "--timeout", f"{timeout}s"]
        run = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        wait_until(lambda: self.record("status --json")["state"] == "applied", "the change")
        return run

    def test_its_checkpoint_stands_until_the_change_is_confirmed(self):
        run = self.wait_for_confirmation(60)
        wait_until(lambda: [time for time in checkpoints().values() if 90 <= time <= 110], "a checkpoint later than ours")
        self.expect("extend --by 100s", 0)
        self.assertEqual([190 <= time <= 210 for time in checkpoints().values()], [True])
        self.expect("confirm", 0)
        self.assertEqual((run.wait(), checkpoints()), (0, {}))
        self.assertEqual(addresses("br0"), ["192.0.2.1"])

    def end_its_checkpoint_now(self):
        """It does in a second what it would do some time."""
        checkpoint, = checkpoints()
        bus(f"call {MANAGER} {MANAGER_PATH} {MANAGER} CheckpointAdjustRollbackTimeout ou {checkpoint} 1")
        named = f"get-property {MANAGER} {MANAGER_PATH} {MANAGER} Checkpoints"  # not each one's time: it may end in between
        wait_until(lambda: bus(named).split() == ["ao", "0"], "the end of the checkpoint")

    def take_the_bus_away(self):
        """Returns what brings it back; NetworkManager itself stays on it."""
        os.rename(BUS, BUS + ".away")
        return lambda: os.path.exists(BUS + ".away") and os.rename(BUS + ".away", BUS)

    def test_a_confirmation_waits_until_its_checkpoint_is_dropped(self):
        run = self.wait_for_confirmation(60)
        self.manager.send_signal(signal.SIGSTOP)
        resume = threading.Timer(8, self.manager.send_signal, (signal.SIGCONT,))
        resume.start()
        self.addCleanup(resume.join)
        self.expect("confirm", 0)
        self.assertEqual((run.wait(), checkpoints()), (0, {}))
        self.assertEqual(addresses("br0"), ["192.0.2.1"])

    def test_what_it_would_take_back_later_cannot_be_kept(self):
        run = self.wait_for_confirmation(60)
        bring_back = self.take_the_bus_away()
        self.addCleanup(bring_back)
        done = self.expect("extend --by 600s", 3)
        self.assertIn("cannot wait longer: NetworkManager, which holds a checkpoint, is not to be reached", done.stderr)
        self.assertLess(self.record("status --json")["seconds_left"], 60)
        done = self.expect("confirm", 12)
        bring_back()
        self.assertIn("is undone: it could not be kept: NetworkManager, which holds a checkpoint, is not to be reached", done.stderr)
        self.assertEqual((run.wait(), addresses("eth0")), (12, ["192.0.2.1"]))
        self.end_its_checkpoint_now()
        self.expect_card()

    def test_what_it_took_back_already_is_not_called_kept(self):
        run = self.wait_for_confirmation(60)
        self.end_its_checkpoint_now()
        self.assertIn("does not exist", self.expect("extend", 3).stderr)
        self.assertIn("it could not be kept", self.expect("confirm", 12).stderr)
        self.assertEqual(run.wait(), 12)
        wait_until(lambda: addresses("eth0") == ["192.0.2.1"], "the card's address")

    def test_one_that_has_ended_took_its_checkpoint_along(self):
        run = self.wait_for_confirmation(60)
        self.manager.kill()
        self.manager.wait()
        self.expect("extend", 0)
        self.expect("confirm", 0)
        self.assertEqual((run.wait(), addresses("br0")), (0, ["192.0.2.1"]))

    def test_its_checkpoint_ends_with_the_rollback_and_does_nothing(self):
        run = self.wait_for_confirmation(60)
        measured = self.measure(3000)
        self.expect("rollback", 0)
        self.assertEqual((run.wait(), checkpoints()), (12, {}))
        self.expect_card()
        self.expect_short(measured(), "rollback")

    def test_it_brings_the_card_back_itself_where_run_and_watchdog_are_killed(self):
        run = self.wait_for_confirmation(60)
        watchdog = self.record("status --json")["watchdog_pid"]
        for process in (run.pid, watchdog):
            os.kill(process, signal.SIGKILL)
        checkpoint, = checkpoints()
        self.assertEqual(addresses("br0"), ["192.0.2.1"])
        bus(f"call {MANAGER} {MANAGER_PATH} {MANAGER} CheckpointAdjustRollbackTimeout ou {checkpoint} 1")
        wait_until(lambda: (addresses("eth0"), addresses("br0")) == (["192.0.2.1"], []), "the card's address")
        wait_until(lambda: self.measure(200)()["lost"] == 0, "traffic")
        self.assertEqual((routes("eth0"), checkpoints()), (self.routes, {}))
        self.expect("recover", 0)
        # NetworkManager 1.42 lets go of the bridge's port while it takes the card up, and then calls it "connecting" for good.
        self.assertTrue(devices()["eth0"].endswith(":uplink"), devices())
        subprocess.run(["nmcli", "connection", "up", "uplink"], stdout=subprocess.DEVNULL, check=True)
        self.expect_card()

    def test_what_was_killed_is_undone_before_it_and_its_checkpoint_ends(self):
        run = self.wait_for_confirmation(60)
        watchdog = self.record("status --json")["watchdog_pid"]
        for process in (run.pid, watchdog):
            os.kill(process, signal.SIGKILL)
        run.wait()
        self.expect("recover", 0)
        self.assertEqual(checkpoints(), {})
        self.expect_card()

    def test_it_brings_the_card_back_at_once_where_the_rollback_fails(self):
        done = self.tool("lan-bridge eth0 --confirm ask --timeout 1s", fault="fail:undo:0")  # that NetworkManager looks after it again
        self.assertEqual((done.returncode, checkpoints()), (4, {}), done.stderr)
        self.assertIn("could not undo:\n  have NetworkManager leave eth0 alone", done.stderr)
        self.expect_card()

    def test_another_programs_checkpoint_is_told_of_and_left_alone(self):
        bus(f"call {MANAGER} {MANAGER_PATH} {MANAGER} CheckpointCreate aouu 0 600 0")
        others = checkpoints()
        done = self.expect("lan-bridge eth0 --confirm none", 0)
        self.assertIn("net-setup's own way back alone", done.stderr)
        self.assertEqual(checkpoints(), others)
        self.expect("lan-bridge eth0 --back --confirm none", 0)
        bus(f"call {MANAGER} {MANAGER_PATH} {MANAGER} CheckpointDestroy o {next(iter(others))}")

    def test_whoever_makes_the_change_is_killed(self):
        self.tool("lan-bridge eth0 --confirm none", fault="kill:after:2")
        wait_until(lambda: "br0" not in links(), "end of the bridge")
        self.expect_card()

    def test_a_bridge_that_is_not_kept_leaves_the_card_alone_until_it_is(self):
        self.expect("lan-bridge eth0 --confirm none", 0)
        self.settle("br0", "connected (externally):br0")
        self.settle("eth0", "unmanaged:")
        self.expect("persist br0", 0)
        self.settle_kept()

    def test_one_that_does_not_answer_is_told_of_and_the_exit_code_says_so(self):
        self.expect("lan-bridge eth0 --confirm none", 0)
        self.manager.send_signal(signal.SIGSTOP)
        try:
            done = self.expect("persist br0", 1)
        finally:
            self.manager.send_signal(signal.SIGCONT)
        self.assertIn("reboot-safe: yes\n", done.stdout)
        self.assertIn("in force at the next boot; to let NetworkManager know now: nmcli connection reload", done.stderr)
        self.assertEqual(addresses("br0"), ["192.0.2.1"])
        self.expect("persist br0", 0)
        self.settle("br0", "connected:net-setup-br0")

    def test_a_card_whose_profile_is_kept_stays_left_alone_and_that_is_told(self):
        self.expect("lan-bridge eth0 --confirm none --persist auto", 0)
        done = self.expect("lan-bridge eth0 --back --confirm none --persist none", 0)
        self.assertIn("NetworkManager leaves eth0 alone until the next boot, which makes it a port again: its profile is kept",
                      done.stderr)
        self.assertEqual((devices()["eth0"], addresses("eth0")), ("unmanaged:", ["192.0.2.1"]))


if __name__ == "__main__":
    for program in ("NetworkManager", "nmcli", "dbus-daemon", "busctl"):
        if shutil.which(program) is None:
            lab.cannot_run(f"{program} is not installed")
    lab.enter()
    own_etc()
    subprocess.run(["mount", "-t", "sysfs", "-o", "ro", "sysfs", "/sys"], check=True)  # it then waits for no udev
    PROFILES.mkdir(parents=True, exist_ok=True)
    pathlib.Path("/etc/NetworkManager/NetworkManager.conf").write_text("[main]\nplugins=keyfile\ndns=none\n", encoding="ascii")
    pathlib.Path("/etc/network").mkdir(exist_ok=True)
    shutil.copy(sys.argv[3], ECHO)
    ip("link set lo up")
    DAEMON = start_bus()
    try:
        lab.run_tests()
    finally:
        DAEMON.terminate()
        DAEMON.wait()
