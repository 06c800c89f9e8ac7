# SPDX-License-Identifier: Apache-2.0
"""VMs from a file of YAML: launched as from the command line, and what is wrong in the file told at its place."""
import json
import pathlib
import re
import signal
import subprocess
import unittest

from host import SOURCE, VM_RUN, IdleVmTest, run, virsh

FILE = pathlib.Path("/run/vms.yml")
IDLE = """
defaults:
  image: /run/base.img
  memory: 32M
  net: none
  wait: none
"""
SCHEMA = SOURCE / "docs/schema/kvmkit.vm-run.file-1.json"


class VmFile(IdleVmTest):
    def write(self, text):
        FILE.write_text(text)
        return str(FILE)

    def mistakes(self, text):
        """What is printed on standard error about a file that cannot be used."""
        done = self.expect(2, "launch", "-f", self.write(text), "--accel", "tcg")
        self.assertNotIn("/run/vms.yml:0", done.stderr)
        return done.stderr


class Together(VmFile):
    FLEET = IDLE + """
vms:
  - name: web{1..2}
    add-disk: [1M]
    user: me
    ssh-key: none
  - name: db
"""

    def test_in_the_foreground_they_end_together_and_leave_nothing(self):
        for end, code in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
            with self.subTest(end):
                process = self.start("launch", "-f", self.write(self.FLEET), "--accel", "tcg", "--rm")
                self.assertIn("OUTCOME", process.stdout.readline())
                self.assertEqual(sorted(virsh("list", "--name").split()), ["db", "web1", "web2"])
                process.send_signal(end)
                process.communicate(timeout=60)
                self.assertEqual(process.returncode, code)
                self.wait_until_unchanged(end, 60)

    def test_all_or_nothing(self):
        self.expect(0, "launch", "db", "--image", "/run/base.img", "--memory", "32M", "--net", "none", "--wait", "none")
        done = self.expect(3, "launch", "-f", self.write(self.FLEET), "--accel", "tcg", "--all-or-nothing")
        self.assertRegex(done.stdout, r"(?m)^web1 +removed .*\nweb2 +removed .*\ndb +failed ")
        self.assertIn("db: cannot launch VM 'db': the name is taken", done.stderr)
        self.expect(0, "rm", "db", "--force")
        self.assert_unchanged("nothing")
        record = self.expect_json(0, "launch", "-f", self.write(self.FLEET), "--accel", "tcg", "--all-or-nothing")
        self.assertEqual(record["launched"], 3)

    def test_one_that_fails_anywhere_takes_all_with_it(self):
        for step in range(6):
            with self.subTest(step):
                self.expect(3, "launch", "-f", self.write(self.FLEET), "--accel", "tcg", "--all-or-nothing",
                            env={"KVMKIT_FAULT": f"fail:after:{step}"})
                self.assert_unchanged("undone")


class Good(VmFile):
    def test_several_vms_each_with_its_own(self):
        path = self.write(IDLE + """
vms:
  - name: web{1..2}
    vcpus: 2
  - name: db
    memory: 48M
    add-disk: [1M, "2M,format=raw"]
    net:
      - user
      - user:
        mac: 52:54:00:12:34:56
        fwd: ["2222:22", "8080:80"]
""")
        record = self.expect_json(0, "launch", "-f", path, "--accel", "tcg")
        self.assertEqual((record["launched"], record["failed"]), (3, 0))
        vms = {vm["name"]: vm["launch"] for vm in record["vms"]}
        self.assertEqual({name: (len(vm["vcpu_threads"]), int(virsh("dominfo", name).split("Max memory:")[1].split()[0]) >> 10)
                          for name, vm in vms.items()},
                         {"web1": (2, 32), "web2": (2, 32), "db": (1, 48)})
        description = virsh("dumpxml", "db")
        self.assertIn("52:54:00:12:34:56", description)
        self.assertIn("hostfwd=tcp:127.0.0.1:2222-:22", description)
        self.assertIn("disk2.raw", description)
        self.assertEqual(record["host_after"]["vcpus"], 5)

    def test_one_vm_is_like_a_launch_of_one(self):
        path = self.write(IDLE + "vms: [{name: web}]")
        self.assertIn("would define VM 'web'", self.expect(1, "plan", "-f", path, "--accel", "tcg").stdout)
        self.assertIn("<name>web</name>", self.expect(0, "launch", "-f", path, "--print-xml", "--accel", "tcg").stdout)
        record = self.expect_json(0, "launch", "-f", path, "--accel", "tcg")
        self.assertEqual((record["schema"], record["outcome"]), ("kvmkit.vm-run.launch/2", "started"))

    def test_a_plan_touches_nothing(self):
        path = self.write(IDLE + "vms: [{name: a}, {name: b, uefi: false, tpm: no}]")
        done = self.expect(1, "launch", "-f", path, "--accel", "tcg", "--dry-run")
        self.assertRegex(done.stdout, r"(?s)would define VM 'a'.*would define VM 'b'")
        self.assert_unchanged("only shown")

    def test_standard_input(self):
        done = subprocess.run([VM_RUN, "plan", "-f", "-", "--accel", "tcg"], input=IDLE + "vms:\n- name: web\n",
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("would define VM 'web'", done.stdout)
        done = subprocess.run([VM_RUN, "plan", "-f", "-"], input="vms:\n- nam: web\n", capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("stdin:2:3: unknown key 'nam'", done.stderr)

    def test_the_command_line_says_for_all_how_to_wait(self):
        path = self.write(IDLE.replace("wait: none", "wait: boot") + "vms: [{name: web}]")
        self.assertEqual(self.expect_json(0, "launch", "-f", path, "--accel", "tcg", "--wait", "none")["outcome"], "started")


class Wrong(VmFile):
    def test_a_value_is_told_with_its_place_and_what_would_be_right(self):
        told = self.mistakes("vms:\n  - name: web\n    kernel: /run/guest/vmlinuz\n    memory: much\n")
        self.assertIn("cannot use file of VMs '/run/vms.yml': 1 mistake\n/run/vms.yml:4:13: ", told)
        self.assertRegex(told, r"\n  +memory: much\n  +\^\n  at vms\[0\]\.memory\n")
        self.assertEqual(re.search(r"\n(  +memory: )much\n( +)\^\n", told).expand(r"\1").__len__(),
                         len(re.search(r"much\n( +)\^\n", told).group(1)))

    def test_all_mistakes_are_told_at_once_and_in_order(self):
        told = self.mistakes("""
defaults: {kernel: /run/guest/vmlinuz, vcpus: 0}
vms:
  - name: web
    net: [user, bridge, {mac: "52:54:00:12:34:56"}, {user: , vlan: 10}]
    memroy: 1G
  - memory: 1G
  - name: "-x"
  - name: db
    add-disk: [10M, 10X]
    tpm: perhaps
  - name: ok
    run: {a: b}
  - name: late
    initrd: /run/none
  - name: later
""")
        places = re.findall(r"(?m)^/run/vms.yml:(\d+:\d+): (.*)$", told)
        self.assertEqual([place for place, _ in places],
                         ["2:47", "5:17", "5:25", "5:53", "6:5", "7:5", "8:11", "10:21", "11:10", "13:10", "15:13"], told)
        text = "\n".join(message for _, message in places)
        for part in ("'0' is no number of vCPUs", "unknown key 'memroy'", "this VM has no name", "not a valid VM name",
                     "'perhaps' is no boolean", "cannot open initrd '/run/none'"):
            self.assertIn(part, text)
        self.assertIn("did you mean 'memory'?", told)

    def test_what_is_wrong_between_settings_is_told_at_the_name(self):
        told = self.mistakes("vms: [{name: web, memory: 32M}]")
        self.assertIn("/run/vms.yml:1:14: nothing to boot", told)
        told = self.mistakes("vms: [{name: web, image: /run/base.img, no-seed: true, user: ada}]")
        self.assertIn("/run/vms.yml:1:14: --user needs the seed that --no-seed leaves out", told)

    def test_two_vms_cannot_have_the_same(self):
        told = self.mistakes(IDLE + 'vms: [{name: a, net: "user,fwd=2222:22"}, {name: b, net: "user,fwd=2222:80"}, '
                                    "{name: a}]")
        self.assertIn("7:50: VMs 'a' and 'b' cannot both have port 2222 of this host", told)
        self.assertRegex(told, r":7:\d+: VMs 'a' and 'a' cannot both have the name 'a'")
        done = self.expect(2, "launch", "x{1..2}", "--image", "/run/base.img", "--net", "user,mac=52:54:00:00:00:01")
        self.assertIn("VMs 'x1' and 'x2' cannot both have the network card address 52:54:00:00:00:01", done.stderr)

    def test_files_that_are_no_files_of_vms(self):
        for text, part in (("", "the file holds nothing\n  begin with 'vms:'"),
                           ("vms:\n\t- name: web\n", "cannot read it as YAML"),
                           ("- name: web\n", ":1:1: a map of keys is expected here, and a list stands here"),
                           ("vms: []\n", "the file names no VM"),
                           ("vms: web\n", ":1:6: a list is expected here"),
                           ("vm: [{name: web}]\n", "unknown key 'vm'"),
                           ("defaults: {name: web}\nvms: [{name: a}]\n", ":1:12: unknown key 'name'"),
                           ("vms: [{name: a, name: b}]\n", "the key 'name' stands twice")):
            with self.subTest(text):
                self.assertIn(part, self.mistakes(text))
        self.assertIn("cannot open file of VMs '/run/no.yml': No such file", self.expect(3, "launch", "-f", "/run/no.yml").stderr)

    def test_options_of_a_vm_belong_into_the_file(self):
        path = self.write(IDLE + "vms: [{name: web}]")
        self.assertIn("--memory does not go with --file", self.expect(2, "launch", "-f", path, "--memory", "1G").stderr)
        self.assertIn("unexpected word 'db'", self.expect(2, "launch", "db", "-f", path).stderr)
        self.assertIn("needs NAME, or -f FILE", self.expect(2, "launch", "--image", "/run/base.img").stderr)


class Schema(unittest.TestCase):
    def test_it_knows_what_launch_knows(self):
        schema = json.loads(SCHEMA.read_text())
        keys = set(schema["$defs"]["settings"]["properties"])
        helped = run("launch", "--help").stdout
        options = set(re.findall(r"--([a-z-]+)", "\n".join(re.findall(r"(?m)^  (?:-\w \[ )?--[a-z-]+", helped))))
        of_the_launch = {"file", "accel", "rm", "overcommit", "all-or-nothing", "connect", "why", "dry-run", "print-xml",
                         "json", "progress", "console", "net-start", "help", "quiet", "verbose", "no-colour"}
        self.assertEqual(keys, options - of_the_launch)

    def test_it_takes_the_example_and_no_mistake(self):
        import jsonschema
        import yaml
        schema = json.loads(SCHEMA.read_text())
        example = re.search(r"(?s)```yaml\n(.*?)```", (SOURCE / "docs/vm-files.md").read_text()).group(1)
        jsonschema.validate(yaml.safe_load(example), schema)
        for wrong in ("vms: [{name: a, memroy: 1G}]", "vms: [{memory: 1G}]", "{}", "vms: []"):
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(yaml.safe_load(wrong), schema)


if __name__ == "__main__":
    unittest.main(verbosity=2)
