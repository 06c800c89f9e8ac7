#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kvm-check vms beside real QEMU processes (TCG), and on the proc of hosts that are made up.
usage: kvm_check_vms_test.py BINARY [Vms.test_NAME...]"""
import json
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
MUST_RUN = os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1"
NOBODY = 65534
PATIENCE = 60  # seconds that QEMU may take to start on a busy machine
QEMU = shutil.which("qemu-system-x86_64")
skipped = []


def run(*args, prefix=(), binary=BINARY):
    return subprocess.run([*prefix, str(binary), "vms", *args], capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)


def record(*args, **kwargs):
    done = run("--json", *args, **kwargs)
    if done.returncode != 0:
        raise AssertionError(f"exit code {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def eventually(question):
    """The first answer that is not None, asked again until PATIENCE is over."""
    deadline = time.monotonic() + PATIENCE
    while (answer := question()) is None:
        if time.monotonic() > deadline:
            raise AssertionError("not seen in time")
        time.sleep(0.1)
    return answer


def vm_of(process, *args, threads=0):
    """The VM of a QEMU process once it shows this many threads."""
    def look():
        found = [vm for vm in record(*(args or ("--interval", "0")))["vms"] if vm["pid"] == process.pid]
        return found[0] if found and len(found[0]["threads"] or ()) >= threads else None
    return eventually(look)


class Case(unittest.TestCase):
    def skip(self, reason):
        if MUST_RUN:
            self.fail(f"cannot run, and KVMKIT_TESTS_MUST_RUN is set: {reason}")
        skipped.append(reason)
        self.skipTest(reason)

    def folder(self, where=None):
        made = tempfile.TemporaryDirectory(dir=where)
        self.addCleanup(made.cleanup)
        return pathlib.Path(made.name)

    def validate(self, answer):
        try:
            import jsonschema
        except ImportError:
            self.skip("python3-jsonschema is not installed")
        schema = json.loads((SOURCE / "docs/schema/kvmkit.kvm-check.vms-1.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(answer, schema, cls=jsonschema.Draft202012Validator)
        return answer


class Vms(Case):
    """Real QEMU processes, always by TCG: whether KVM works is not the question."""

    def qemu(self, *options, name=None):
        if QEMU is None:
            self.skip("qemu-system-x86_64 is not installed")
        process = subprocess.Popen([name or QEMU, "-display", "none", "-nodefaults", "-m", "64", *options], executable=QEMU,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        process.kill()
        process.wait()
        process.stderr.close()

    def busy_firmware(self):
        """64 KiB whose reset vector jumps to itself: the first vCPU never rests, the others are never woken."""
        path = self.folder() / "busy.bin"
        path.write_bytes(b"\x90" * 0xfff0 + b"\xeb\xfe" + b"\x90" * 14)
        return str(path)

    def test_a_busy_vcpu_shows_and_an_idle_one_does_not(self):
        process = self.qemu("-accel", "tcg", "-name", "guest=busy,debug-threads=on", "-smp", "2", "-uuid",
                            "01234567-89ab-4cde-8f01-23456789abcd", "-bios", self.busy_firmware())
        vm_of(process, threads=2)
        answer = self.validate(record("--interval", "2s"))
        vm = next(vm for vm in answer["vms"] if vm["pid"] == process.pid)
        self.assertEqual((vm["name"], vm["uuid"]), ("busy", "01234567-89ab-4cde-8f01-23456789abcd"))
        self.assertEqual((vm["accelerator"], vm["vcpus"], vm["memory_bytes"]), ("tcg", 2, 64 << 20))
        self.assertEqual([thread["vcpu"] for thread in vm["threads"]], [0, 1])
        self.assertEqual([thread["name"] for thread in vm["threads"]], ["CPU 0/TCG", "CPU 1/TCG"])
        self.assertGreater(vm["resident_bytes"], 1 << 20)
        busy, idle = vm["threads"]
        self.assertGreater(busy["running_share"], 0)
        self.assertGreater(busy["running_share"] + busy["waiting_share"], 0.3)  # it may have to share the CPU
        self.assertLess(idle["running_share"], 0.1)
        self.assertGreaterEqual(answer["shares"]["interval_s"], 2)
        self.assertGreaterEqual(answer["cpu"]["vcpus"], 2)
        self.assertEqual({entry["who"]: entry["limit"] for entry in answer["cpu"]["conventions"]}, {"nova": 4, "KubeVirt": 10})
        text = run("--interval", "200ms").stdout
        self.assertIn("VM 'busy'", text)
        self.assertIn("initial_cpu_allocation_ratio", text)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_two_busy_vcpus_on_one_cpu_hurt_each_other(self):
        firmware, cpu = self.busy_firmware(), min(os.sched_getaffinity(0))
        processes = [self.qemu("-accel", "tcg", "-name", f"twin{number},debug-threads=on", "-bios", firmware)
                     for number in range(2)]
        for process in processes:
            tid = vm_of(process, threads=1)["threads"][0]["tid"]
            os.sched_setaffinity(tid, {cpu})
        answer = record("--interval", "2s")
        twins = [vm for vm in answer["vms"] if vm["pid"] in [process.pid for process in processes]]
        for vm in twins:
            thread = vm["threads"][0]
            self.assertEqual((thread["cpu"], thread["cpus_allowed"]), (cpu, {"list": str(cpu), "count": 1}))
            self.assertGreater(thread["waiting_share"], 0.2)
        self.assertIs(answer["now"]["hurts"], True)
        self.assertIn("of its time for a CPU", answer["now"]["reasons"][0])
        self.assertGreaterEqual(answer["cpu"]["densest"]["vcpus"], 2)

    def test_one_thread_that_runs_all_vcpus_is_told_as_such(self):
        process = self.qemu("-accel", "tcg,thread=single", "-name", "x,debug-threads=on", "-smp", "3", "-S")
        vm = vm_of(process, threads=1)
        self.assertEqual([(thread["role"], thread["vcpu"]) for thread in vm["threads"]], [("all-vcpus", None)])
        self.assertEqual(vm["vcpus"], 3)

    def test_threads_without_names_are_not_taken_for_vcpus(self):
        process = self.qemu("-machine", "q35,accel=tcg", "-name", "plain", "-smp", "2", "-S")
        vm = vm_of(process, threads=2)
        self.assertEqual((vm["name"], vm["vcpus"], vm["threads_named"]), ("plain", 2, False))
        self.assertEqual({thread["role"] for thread in vm["threads"]}, {"unnamed"})
        self.assertIn("its threads carry no names", run("--interval", "0").stdout)

    def test_a_renamed_process_is_found_by_its_program(self):
        process = self.qemu("-accel", "tcg", "-name", "hidden,process=innocent", "-S", name="something-else")
        self.assertEqual(vm_of(process)["name"], "hidden")

    def test_a_vm_that_ends_between_two_readings_does_no_harm(self):
        stays = self.qemu("-accel", "tcg", "-name", "stays,debug-threads=on", "-S")
        goes = self.qemu("-accel", "tcg", "-name", "goes,debug-threads=on", "-S")
        for process in (stays, goes):
            vm_of(process, threads=1)
        with subprocess.Popen([str(BINARY), "vms", "--json", "--interval", "2s"], stdout=subprocess.PIPE, text=True) as check:
            time.sleep(0.5)
            goes.kill()
            out = check.communicate(timeout=60)[0]
        pids = [vm["pid"] for vm in self.validate(json.loads(out))["vms"]]
        self.assertEqual(check.returncode, 0)
        self.assertIn(stays.pid, pids)
        self.assertNotIn(goes.pid, pids)  # a zombie now: nobody has waited for it

    def test_another_user_sees_the_same(self):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            self.skip("needs root and setpriv to become another user")
        folder = self.folder()
        folder.chmod(0o755)
        binary = folder / "kvm-check"  # the build folder may be closed to others
        shutil.copy(BINARY, binary)
        binary.chmod(0o755)
        process = self.qemu("-accel", "tcg", "-name", "seen,debug-threads=on", "-S")
        vm_of(process, threads=1)
        answer = record("--interval", "200ms", binary=binary,
                        prefix=("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"))
        vm = next(vm for vm in self.validate(answer)["vms"] if vm["pid"] == process.pid)
        self.assertEqual(vm["name"], "seen")
        self.assertEqual(len(vm["threads"]), 1)
        self.assertIsNotNone(vm["threads"][0]["waiting_share"])

    def test_a_query_of_capabilities_is_no_vm(self):
        process = self.qemu("-machine", "none,accel=tcg", "-S", "-name", "caps,debug-threads=on")
        other = self.qemu("-accel", "tcg", "-name", "real,debug-threads=on", "-S")
        vm_of(other, threads=1)
        self.assertNotIn(process.pid, [vm["pid"] for vm in record("--interval", "0")["vms"]])


class Watch(Case):
    def frames(self, *args, rows=24):
        """Runs --watch on a terminal until three frames were drawn, types Ctrl-C; what was drawn, and the exit code."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(BINARY, [str(BINARY), "vms", "--watch", *args])
        os.set_blocking(terminal, False)
        subprocess.run(["stty", "rows", str(rows)], stdin=terminal, check=True)
        drawn, deadline, asked = b"", time.monotonic() + PATIENCE, False
        while time.monotonic() < deadline:
            ready = select.select([terminal], [], [], 0.1)[0]
            try:
                chunk = os.read(terminal, 65536) if ready else None
            except OSError:  # the other end is closed
                break
            if chunk == b"":
                break
            drawn += chunk or b""
            if drawn.count(b"\x1b[J") >= 3 and not asked:
                os.write(terminal, b"\x03")
                asked = True
        os.close(terminal)
        return drawn.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_it_redraws_until_ctrl_c(self):
        drawn, code = self.frames("--interval", "200ms")
        self.assertEqual(code, 0)
        self.assertGreaterEqual(drawn.count("\x1b[H"), 3)
        self.assertRegex(drawn, r"no VM runs on this host|\d VMs? with ")

    def test_it_keeps_to_the_height_of_the_terminal(self):
        for rows in (1, 2, 4):
            drawn, code = self.frames("--interval", "200ms", rows=rows)
            last = drawn.split("\x1b[H")[-1]
            self.assertEqual(code, 0)
            self.assertLess(last.count("\n"), max(rows, 2))

    def test_it_wants_a_terminal_and_nothing_that_contradicts_it(self):
        for args, word in ((("--watch",), "needs a terminal"), (("--watch", "--json"), "--json prints one record"),
                           (("--watch", "--root", str(SOURCE)), "does not change"),
                           (("--watch", "--interval", "0"), "above zero"), (("--interval", "soon"), "soon"),
                           (("--interval", "2000h"), "more than a day")):
            done = run(*args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(word, done.stderr)
            self.assertIn("hint: ", done.stderr)


class MadeUp(Case):
    """Hosts that are only files."""

    def host(self, processes):
        """A folder with the proc of that many QEMU processes, each with two vCPUs."""
        where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        root = self.folder(where)
        (root / "proc").mkdir()
        (root / "proc/uptime").write_text("1000.00 1.00\n")
        (root / "proc/meminfo").write_text("MemTotal: 67108864 kB\n")
        (root / "proc/stat").write_text("".join(f"cpu{number} 1 1\n" for number in range(64)))
        for number in range(processes):
            self.process(root / "proc", 1000 + 10 * number)
        return root

    @staticmethod
    def stat(task, name):
        return f"{task} ({name}) S " + "0 " * 18 + "90000 " + "0 " * 16 + "5 0 0\n"

    def process(self, proc, pid):
        folder = proc / str(pid)
        words = ["/usr/bin/qemu-system-x86_64", "-name", f"guest=vm{pid},debug-threads=on", "-m", "1G", "-smp", "2"]
        for task, name in ((pid, "qemu-system-x86"), (pid + 1, "CPU 0/KVM"), (pid + 2, "CPU 1/KVM")):
            (folder / "task" / str(task)).mkdir(parents=True)
            (folder / "task" / str(task) / "stat").write_text(self.stat(task, name))
            (folder / "task" / str(task) / "schedstat").write_text("50000000000 1000000000 5\n")
            (folder / "task" / str(task) / "status").write_text("Cpus_allowed_list:\t0-63\n")
        (folder / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))
        (folder / "stat").write_text(self.stat(pid, "qemu-system-x86"))
        (folder / "status").write_text("VmRSS:\t 1048576 kB\n")

    def test_five_hundred_vms_are_read_in_three_seconds(self):
        root = self.host(500)
        begin = time.monotonic()
        answer = record("--root", str(root))
        self.assertLess(time.monotonic() - begin, 3)
        self.validate(answer)
        self.assertEqual(len(answer["vms"]), 500)
        self.assertEqual((answer["cpu"]["vcpus"], answer["cpu"]["ratio"]), (1000, 15.625))
        self.assertEqual([entry["within"] for entry in answer["cpu"]["conventions"]], [False, False])
        self.assertEqual((answer["memory"]["ratio"], answer["memory"]["promised_bytes"]), (7.8125, 500 << 30))
        self.assertEqual(answer["shares"], {"over": "start", "interval_s": None})
        self.assertEqual(answer["vms"][0]["threads"][0]["running_share"], 0.5)
        self.assertIsNone(answer["now"]["hurts"])

    def test_no_vm_is_an_answer(self):
        root = self.host(0)
        done = run("--root", str(root))
        self.assertEqual((done.returncode, done.stdout), (0, "no VM runs on this host\n"))
        self.validate(record("--root", str(root)))

    def test_no_proc_is_none(self):
        root = self.folder()
        done = run("--root", str(root))
        self.assertEqual(done.returncode, 3)
        self.assertIn("there is no /proc", done.stderr)
        self.assertEqual(run("--root", str(root / "nowhere")).returncode, 3)

    def test_missing_files_leave_gaps_and_no_guesses(self):
        root = self.host(1)
        for name in ("uptime", "meminfo", "stat", "1000/status", "1000/task/1001/schedstat", "1000/task/1001/status"):
            (root / "proc" / name).unlink()
        answer = self.validate(record("--root", str(root)))
        self.assertIsNone(answer["shares"]["over"])
        self.assertIsNone(answer["cpu"]["ratio"])
        self.assertIsNone(answer["memory"]["ratio"])
        thread = answer["vms"][0]["threads"][0]
        self.assertEqual((thread["waited_s"], thread["cpus_allowed"], thread["running_share"]), (None, None, None))
        self.assertEqual(run("--root", str(root)).returncode, 0)


if __name__ == "__main__":
    result = unittest.main(verbosity=2, exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if skipped else 0)
