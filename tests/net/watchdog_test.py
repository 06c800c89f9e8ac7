# SPDX-License-Identifier: Apache-2.0
"""net-setup's watchdog and trials: a killed run is undone at once and by nobody else, a change that nobody confirms is undone
in time, and confirm, rollback, extend, status, history and undo do what they say.
usage: watchdog_test.py NET-SETUP SCHEMAS ECHO-PEER"""
import json
import os
import pathlib
import pty
import signal
import subprocess
import time

import lab
import uplink
from lab import ip, links
from uplink import everything
from watched import SECONDS_AT_MOST, THERE, Watched, is_held


class Killed(Watched):
    def test_half_way_at_any_step_is_undone_at_once_and_loses_no_packet(self):
        for step in range(3):
            for moment in ("before", "after"):
                with self.subTest(moment=moment, step=step):
                    traffic = self.measure("10.0.0.1", 700)
                    time.sleep(0.2)
                    self.expect(f"{THERE} --confirm none --quiet", -9, fault=f"kill:{moment}:{step}")
                    self.expect_undone_by_itself()
                    self.assertLessEqual(traffic()["gap_ms"], 50)

    def test_that_is_not_on_trial_is_undone_at_once_too_where_the_uplink_is_changed(self):
        state = pathlib.Path("/run/lab/other.yml")
        state.write_text("interfaces:\n- name: eth0\n  ipv4: {enabled: true, address: [{ip: 10.0.0.9, prefix-length: 24}]}\n",
                         encoding="utf-8")
        for words in (f"apply {state} --confirm none --allow way-back", "bridge add br0"):
            watched = words.startswith("apply")
            self.expect(f"{words} --quiet", -9, fault=f"kill:after:{2 if watched else 0}")
            if watched:
                self.expect_undone_by_itself()
        self.assertIn("br0", links(), "what no way leads through waits for the next run")
        self.expect("bridge del nix", 0)
        self.expect_everything_back()

    def test_of_a_link_without_routes_that_has_an_address_is_undone_at_once_too(self):
        for words in ("link add m0 type veth peer name m1", "link set m0 addrgenmode none", "link set m1 addrgenmode none",
                      "link set m1 up", "link set m0 up", "addr add 192.168.9.1/24 dev m0"):
            ip(words)
        state = pathlib.Path("/run/lab/mtu.yml")
        state.write_text("interfaces:\n- {name: m0, mtu: 1400}\n- {name: m1, mtu: 1400}\n", encoding="utf-8")
        self.wait_for(lambda: links()["m0"]["operstate"] == "UP", "carrier")
        self.before = everything()
        self.expect(f"apply {state} --confirm none --quiet", -9, fault="kill:after:0")
        self.expect_undone_by_itself()

    def test_while_undoing_is_finished_by_the_watchdog(self):
        ip("link add link eth0 name mv0 type macvlan")  # attaching fails, and that begins the undoing
        self.before = everything()
        run = self.start(f"{THERE} --confirm none --quiet", fault="kill:undo:1")
        self.assertEqual(run.wait(SECONDS_AT_MOST), -9)
        # The same order kills the watchdog, too: the next run is the last resort.
        self.wait_for_the_lock()
        self.expect("bridge del nix", 0)
        self.assertEqual(everything(), self.before)

    def test_while_it_waits_leaves_the_watchdog_in_charge(self):
        run = self.ask(timeout="3s")
        run.kill()
        run.wait()
        self.expect_on("br0")
        watchdog = self.status()["watchdog_pid"]
        refused = self.expect("bridge del nix", 11)
        self.assertIn(f"another instance is at work: pid {watchdog} ('net-setup lan-bridge eth0", refused.stderr)
        self.expect_undone_by_itself()

    def test_while_it_waits_can_still_be_confirmed(self):
        run = self.ask()
        run.kill()
        run.wait()
        self.expect("confirm", 0)
        self.wait_for_the_lock()
        self.expect_on("br0")
        self.assertEqual(self.states(), ["closed"])
        self.expect(f"{THERE} --back --confirm none", 0)
        self.expect_everything_back()

    def test_watchdog_makes_the_run_undo_by_itself(self):
        run = self.ask()
        os.kill(self.status()["watchdog_pid"], signal.SIGKILL)
        self.expect_end(run, 3, "the watchdog has died")
        self.expect_everything_back()

    def test_both_are_undone_by_the_next_run(self):
        self.abandon()
        self.assertIn("which an earlier run did not end", self.expect("bridge del nix", 0).stderr)
        self.expect_everything_back()


class Asked(Watched):
    def test_nobody_answers_and_it_is_undone(self):
        run = self.ask(timeout="1s")
        self.expect_end(run, 12, "nobody confirmed the change within 1 s: it is undone")
        self.expect_everything_back()

    def test_confirmed_rolled_back_extended(self):
        run = self.ask()
        identity = self.status()["transaction"]
        self.assertIn("extended", self.expect(f"extend {identity} --by 5m", 0).stderr)
        self.assertGreater(self.status()["seconds_left"], 300)
        self.assertIn(f"another change waits for an answer: {identity}", self.expect("confirm 2026", 3).stderr)
        self.expect("extend --by 100h", 2)
        self.expect(f"rollback {identity}", 0)
        self.expect_end(run, 12, "the change was not kept, and is undone")
        self.expect_everything_back()
        run = self.ask()
        self.expect("confirm", 0)
        self.expect_end(run, 0, "done: 3 steps")
        self.expect_on("br0")

    def test_a_closed_terminal_does_not_decide(self):
        run = self.ask()
        run.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.assertIsNone(run.poll())
        self.expect("confirm", 0)
        self.expect_end(run, 0, "done: 3 steps")

    def test_an_interruption_undoes(self):
        run = self.ask()
        run.send_signal(signal.SIGINT)
        self.expect_end(run, 130, "interrupted: the change is undone")
        self.expect_everything_back()

    def test_enter_alone_keeps_and_nothing_typed_before_the_question_does(self):
        ours, its = pty.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, its)
        os.write(ours, b"\n\n")
        run = self.ask(stdin=its)
        while "ENTER or" not in run.stderr.readline():
            pass
        os.write(ours, b"no way\n")
        time.sleep(1)
        self.assertEqual(self.status()["state"], "applied")
        os.write(ours, b"\n")
        self.expect_end(run, 0, "ENTER alone keeps the change; Ctrl-C undoes it")
        self.expect_on("br0")

    def test_without_a_change_that_waits_there_is_nothing_to_answer(self):
        self.assertEqual(self.expect("status", 0).stdout, "no change waits for an answer\n")
        for words in ("confirm", "rollback", "extend"):
            self.assertIn("no change waits for an answer", self.expect(words, 3).stderr)

    def test_options_that_make_no_sense(self):
        self.assertIn("--timeout 9s or more", self.expect(f"{THERE} --confirm auto --timeout 8s", 2).stderr)
        for words in ("--confirm perhaps", "--timeout 0s", "--timeout never", "--probe http://10.0.0.1", "--probe tcp://10.0.0.1"):
            self.expect(f"{THERE} {words}", 2)
        self.expect_everything_back()

    def test_whoever_may_not_change_the_network_may_not_confirm(self):
        self.ask()
        other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        self.assertIn("cannot ask the watchdog: Permission denied", self.expect_of_root_only(other))
        done = self.expect("status", 3, prefix=other)
        self.assertIn("cannot ask about changes of the network: only root may", done.stderr)
        self.expect("rollback", 0)

    def expect_of_root_only(self, prefix):
        done = subprocess.run([*prefix, "env", "HOME=/", "XDG_RUNTIME_DIR=", "sh", "-c",
                               "exec python3 - <<'END'\nimport socket\ns = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
                               "try:\n  s.connect('/run/kvmkit/watchdog.net-setup')\nexcept PermissionError as e:\n"
                               "  print('cannot ask the watchdog: ' + e.strerror)\nEND"],
                              capture_output=True, text=True, check=False)
        return done.stdout + done.stderr


class Proven(Watched):
    def test_by_itself_where_gateways_and_probes_answer(self):
        probes = "--probe icmp://10.0.0.1 --probe icmp://[fd00:1::1]"
        done = self.expect(f"{THERE} --confirm auto {probes}", 0)
        self.assertNotIn("no longer", done.stderr)
        self.expect_on("br0")

    def test_a_gateway_that_no_longer_answers_undoes(self):
        ip("nexthop del id 7")  # the kernel takes none on a card without a carrier
        run = self.start(f"{THERE} --confirm auto")
        self.wait_for(lambda: self.status()["state"] == "applied", "the change")
        ip("-n lan link set lan0 down")
        self.expect_end(run, 12, "no longer reached: the change is undone")
        ip("-n lan link set lan0 up")
        self.assertEqual(uplink.addresses()["eth0"], self.before["addresses"]["eth0"])
        self.assertEqual(links()["eth0"].get("master"), None)

    def test_what_cannot_be_given_back_is_named_and_all_else_is(self):
        run = self.ask()
        ip("-n lan link set lan0 down")
        run.send_signal(signal.SIGTERM)
        self.expect_end(run, 4, "Carrier for nexthop device is down")
        self.assertEqual(uplink.addresses()["eth0"], self.before["addresses"]["eth0"])
        self.assertNotIn("br0", links())

    def test_a_probe_that_does_not_answer_now_is_refused(self):
        done = self.expect(f"{THERE} --confirm auto --probe tcp://10.0.0.1:9", 10)
        self.assertIn("cannot use a probe that does not hold now: tcp://10.0.0.1:9 answers", done.stderr)
        self.expect_everything_back()

    def operators_connection(self):
        """A server whose standard input goes to its one client, in the LAN: an ssh session."""
        script = ("import socket\ns = socket.create_server(('10.0.0.2', 2222))\nc, a = s.accept()\nprint(a[1], flush=True)\n"
                  "import sys\nfor line in sys.stdin: c.sendall(line.encode())\n")
        server = subprocess.Popen(["python3", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for stream in (server.stdin, server.stdout):
            self.addCleanup(stream.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.wait_for(lambda: subprocess.run(["ss", "-tlnH", "sport", "=", ":2222"], capture_output=True, text=True,
                                             check=True).stdout, "listener")
        client = subprocess.Popen(["ip", "netns", "exec", "lan", "python3", "-c", "import socket\n"
                                   "s = socket.create_connection(('10.0.0.2', 2222))\nwhile s.recv(9): pass"])
        self.addCleanup(client.wait)
        self.addCleanup(client.kill)
        port = server.stdout.readline().strip()
        environment = {"SSH_CONNECTION": f"10.0.0.1 {port} 10.0.0.2 2222"}
        os.environ.update(environment)
        self.addCleanup(os.environ.pop, "SSH_CONNECTION")
        return server

    def test_the_operators_own_connection_is_a_proof(self):
        server = self.operators_connection()
        # What the tool says goes to the operator's terminal, and so through the connection.
        run = subprocess.Popen([lab.TOOL, *THERE.split(), "--confirm", "auto"], stdin=subprocess.DEVNULL, stderr=server.stdin)
        self.assertEqual(run.wait(30), 0)
        self.expect_on("br0")

    def test_a_session_that_has_gone_undoes_at_once(self):
        """Under sudo, too, which keeps SSH_CONNECTION for itself."""
        server = self.operators_connection()
        script = f"env -u SSH_CONNECTION {lab.TOOL} {THERE} --confirm auto; exit $?"
        run = subprocess.Popen(["sh", "-c", script], stdin=subprocess.DEVNULL, stdout=server.stdin, stderr=server.stdin)
        self.wait_for(lambda: self.status()["state"] == "applied", "the change")
        server.kill()
        self.assertEqual(run.wait(SECONDS_AT_MOST), 12)
        self.expect_everything_back()


    def test_what_proves_nothing_is_told(self):
        ip("-n lan link set lan0 down")
        said = self.expect("bridge add br7 --confirm auto", 0).stderr
        self.assertIn("no proof that the host is reached, for it was not so before: gateway 10.0.0.1", said)
        self.assertIn("nothing shows whether the host is still reached, so the change will stay: name something by --probe", said)
        ip("-n lan link set lan0 up")


class Past(Watched):
    def test_an_undoing_that_takes_the_operators_way_is_refused(self):
        self.expect("bridge add br7 --address 10.3.0.1/24", 0)
        os.environ["SSH_CONNECTION"] = "10.3.0.9 5000 10.3.0.1 22"
        self.addCleanup(os.environ.pop, "SSH_CONNECTION")
        self.assertIn("--allow way-back does it all the same", self.expect("undo", 10).stderr)
        self.assertIn("br7", links())
        self.assertEqual(self.record("undo --json --allow way-back")["end"], "undone")
        self.assertNotIn("br7", links())
        self.expect(f"{THERE} --confirm none", 0)
        os.environ["SSH_CONNECTION"] = "10.0.0.1 5000 10.0.0.2 22"
        self.expect("undo", 0)
        self.expect_everything_back()

    def test_an_undoing_takes_the_default_route_that_the_change_brought(self):
        for words in ("route del default", "-6 route del default"):
            ip(words)
        before = everything()
        state = pathlib.Path("/run/lab/route.yml")
        state.write_text("routes: {config: [{destination: 0.0.0.0/0, next-hop-address: 10.0.0.1, next-hop-interface: eth0}]}\n"
                         "interfaces: [{name: eth0, type: ethernet, state: up}]\n", encoding="utf-8")
        self.expect(f"apply {state} --confirm none", 0)
        self.assertNotEqual(everything(), before)
        self.expect("undo", 0)
        self.assertEqual(everything(), before)

    def test_an_undoing_that_leaves_a_vm_without_its_bridge_is_refused(self):
        self.expect(f"{THERE} --confirm none", 0)
        ip("tuntap add tap7 mode tap")
        ip("link set tap7 master br0")
        said = self.expect("undo", 10).stderr
        self.assertIn("'br0' would go, and 'tap7' is its port since", said)
        self.assertEqual(links()["tap7"]["master"], "br0")
        ip("link del tap7")
        self.expect("undo", 0)
        self.expect_everything_back()

    def test_an_undoing_that_would_lose_an_address_is_refused(self):
        self.expect(f"{THERE} --confirm none", 0)
        ip("addr add 10.5.0.2/24 dev br0")
        moved = everything()
        said = self.expect("undo", 10).stderr
        self.assertIn("'br0' has 10.5.0.2/24 since, which would go", said)
        self.assertIn("net-setup lan-bridge eth0 --back", said)
        self.assertEqual(everything(), moved)
        ip("addr del 10.5.0.2/24 dev br0")
        self.expect("undo", 0)
        self.expect_everything_back()

    def test_changes_are_listed_and_undone_newest_first(self):
        self.expect(f"{THERE} --confirm none", 0)
        self.expect("bridge add br7", 0)
        first, second = self.record("history --json")["changes"]
        self.assertEqual((first["state"], second["command"]), ("closed", "net-setup bridge add br7"))
        self.assertIn(f"{second['id']} was made on top of it", self.expect(f"undo {first['id']}", 10).stderr)
        self.assertIn(second["id"], self.expect("undo", 0).stderr)
        self.assertNotIn("br7", links())
        self.expect("undo", 0)
        self.expect_everything_back()
        self.assertIn("there is no change to undo here", self.expect("undo", 3).stderr)
        self.assertIn("it is rolled-back", self.expect(f"undo {first['id']}", 10).stderr)
        self.assertIn("there is no change 2026", self.expect("undo 2026", 3).stderr)
        self.assertEqual(self.states(), ["rolled-back", "rolled-back"])
        self.assertEqual(len(self.expect("history", 0).stdout.splitlines()), 2)

    def test_an_undoing_that_is_killed_is_gone_on_with(self):
        self.expect(f"{THERE} --confirm none", 0)
        for place in ("undo:0", "undo:1", "state:rolling-back"):
            with self.subTest(place=place):
                run = self.start("undo", fault=f"hold:{place}")
                self.wait_for(lambda: is_held(run.pid), "the undoing to stand still")
                watchdog = self.status()["watchdog_pid"]
                self.assertNotEqual(everything(), self.before)
                run.kill()
                run.wait()
                self.wait_for(lambda: is_held(watchdog), "the watchdog at the same place")  # it has the same orders
                os.kill(watchdog, signal.SIGCONT)
                self.expect_undone_by_itself()
                self.expect(f"{THERE} --confirm none", 0)

    def test_a_change_of_an_earlier_boot_is_over(self):
        self.expect("bridge add br7", 0)
        journal = next(pathlib.Path("/var/lib/kvmkit/txn/net-setup").iterdir()) / "journal"
        first, *rest = journal.read_text(encoding="utf-8").splitlines()
        heading = json.loads(first)
        heading["owner"]["boot_id"] = "another"
        journal.write_text("\n".join([json.dumps(heading), *rest, ""]), encoding="utf-8")
        self.assertIn("it ended with the last boot", self.expect("undo", 10).stderr)


lab.enter()
lab.run_tests()
