#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion as bash, zsh and fish do it at the press of the key, and what the tools answer them.
usage: completion_test.py FOLDER-OF-THE-TOOLS"""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

BIN = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/dev/bin").resolve()
TOOLS = ("kvm-check", "host-setup", "net-setup", "vm-run")
BREAKS = " \t\n\"'><=;|&(:"
TEST_DRIVER = """<node><cpu><mhz>1000</mhz><model>i686</model><active>1</active><nodes>1</nodes><sockets>1</sockets>
<cores>1</cores><threads>1</threads></cpu><memory>1048576</memory>%s</node>"""
VM = "<domain type='test'><name>%s</name><memory>8192</memory><os><type>hvm</type></os></domain>"


def answer(tool, *words, **how):
    """Head and words of an answer, and what they mean."""
    done = subprocess.run([BIN / tool, "completion", "words", *words], capture_output=True, text=True, check=True, **how)
    assert done.stderr == "", done.stderr
    head, *lines = done.stdout.splitlines()
    return head, dict(line.split("\t", 1) for line in lines)


def in_bash(tool, line):
    done = subprocess.run([BIN / tool, "completion", "line", line, BREAKS], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def skip_without(shell):
    found = shutil.which(shell)
    if found is None:
        if os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1":
            raise AssertionError(f"{shell} is not installed")
        print(f"SKIP: {shell} is not installed", flush=True)
        raise unittest.SkipTest(f"{shell} is not installed")
    return found


class Terminal:
    """A shell on a terminal. Its start-up commands bind Ctrl-X Ctrl-G to writing the edited line to a file."""

    def __init__(self, words, folder, commands):
        self.line = folder / "line"
        self.seen = b""
        environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "xterm", "PS1": "ready> ",
                       "LC_ALL": "C.UTF-8"}
        self.process, self.fd = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execve(words[0], words, environment)
        started = folder / "started"
        self.type(f"{commands}\n: >{started}\n")
        self.wait_for(started)

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, path):
        end = time.monotonic() + 20
        while not path.exists() or not path.read_bytes():
            if path.exists() and path.name == "started":
                return
            self.drain()
            if time.monotonic() > end:
                raise AssertionError(f"{path.name} did not come; the terminal shows: {self.seen[-2000:]!r}")

    def drain(self):
        if select.select([self.fd], [], [], 0.05)[0]:
            self.seen += os.read(self.fd, 65536)

    def completed(self, typed):
        """What stands on the line after the key was pressed."""
        self.line.unlink(missing_ok=True)
        self.type(typed + "\t\x18\x07")
        self.wait_for(self.line)
        text = self.line.read_text()
        self.type("\x15")
        return text.removesuffix("\n").removesuffix("$")

    def close(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.fd)


def bash_terminal(folder):
    bind = "bind -x '\"\\C-x\\C-g\": printf \"%s$\" \"$READLINE_LINE\" >line'"
    load = "\n".join(f"source <({tool} completion bash)" for tool in TOOLS)
    return Terminal([skip_without("bash"), "--norc", "--noprofile", "-i"], folder, f"{bind}\n{load}")


def zsh_terminal(folder):
    bind = "dump() { printf '%s$' \"$BUFFER\" >line }; zle -N dump; bindkey -e; bindkey '^X^G' dump"
    files = folder / "functions"
    files.mkdir()
    for tool in TOOLS:
        (files / f"_{tool}").write_text(script(tool, "zsh"))
    load = f"fpath=({files} $fpath); autoload -Uz compinit; compinit -u -d {folder}/dump; unsetopt auto_menu"
    return Terminal([skip_without("zsh"), "-f", "-i"], folder, f"{load}\n{bind}")


def script(tool, shell):
    return subprocess.run([BIN / tool, "completion", shell], capture_output=True, text=True, check=True).stdout


class Scratch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kvmkit-completion.")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_driver(self, *names):
        """The address of libvirt's test driver with VMs of these names."""
        for number, name in enumerate(names):
            (self.folder / f"{number}.xml").write_text(VM % name)
        domains = "".join(f"<domain file='{self.folder}/{number}.xml'/>" for number in range(len(names)))
        node = self.folder / "node.xml"
        node.write_text(TEST_DRIVER % domains)
        return f"test://{node}"


class Answers(Scratch):
    def test_every_command_of_every_tool_is_offered_as_its_help_lists_it(self):
        for tool in TOOLS:
            shown = subprocess.run([BIN / tool, "--help"], capture_output=True, text=True, check=True).stdout
            rows = re.search(r"commands:\n(.*?)\n\n", shown, re.S).group(1).splitlines()
            for row in rows:
                words = re.match(r"  ([a-z -]+?)(?: +[A-Z\[]|  |$)", row).group(1).split()
                for count, word in enumerate(words):
                    self.assertIn(word, answer(tool, *words[:count], "")[1], f"{tool}: {row}")

    def test_every_option_of_every_command_is_offered_as_its_help_lists_it(self):
        for tool in TOOLS:
            for command in self.commands(tool):
                shown = subprocess.run([BIN / tool, *command, "--help"], capture_output=True, text=True, check=True).stdout
                options = set(re.findall(r"^  (?:-\w \[ )?(--[a-z0-9-]+)", shown, re.M))
                self.assertGreater(len(options), 3)
                self.assertEqual(set(answer(tool, *command, "--")[1]), options, f"{tool} {command}")

    def commands(self, tool, before=()):
        found = []
        for word in answer(tool, *before, "")[1]:
            path = (*before, word)
            longer = answer(tool, *path, "")[1]
            if longer and not any(name.startswith("-") for name in longer) and "options of" not in subprocess.run(
                    [BIN / tool, *path, "--help"], capture_output=True, text=True, check=False).stdout:
                found += self.commands(tool, path)
            else:
                found.append(path)
        return found

    def test_words_of_options_are_those_that_the_tool_takes(self):
        expected = {
            ("kvm-check", "run", "--format"): "text json nagios prometheus markdown",
            ("kvm-check", "run", "--compat"): "kvm-ok",
            ("kvm-check", "--for"): "kvm nested libvirt passthrough openstack-compute",
            ("net-setup", "show", "--format"): "table tree svg yaml json",
            ("net-setup", "apply", "--confirm"): "ask auto none",
            ("net-setup", "apply", "--persist"): "auto networkd netplan nm ifupdown ifcfg wicked own none",
            ("net-setup", "apply", "--allow"): "cloud-nic wifi vmware hyper-v bpdu proxmox way-back all",
            ("net-setup", "bridge", "set", "--vlan-filtering"): "on off",
            ("net-setup", "vlan", "add", "--protocol"): "802.1q 802.1ad",
            ("vm-run", "launch", "--accel"): "auto kvm tcg",
            ("vm-run", "launch", "--wait"): "none boot ip agent ssh cloud-init",
            ("vm-run", "wait", "--for"): "boot ip agent ssh cloud-init off", ("vm-run", "launch", "--cpu"): "auto host",
            ("host-setup", "apply"): "hypervisor network modules groups services nested mirror tools guest-images desktop ssh-root",
            ("host-setup", "apply", "--profile"): "minimal server workstation tutorial",
            ("host-setup", "apply", "--default-net"): "auto keep off",
            ("host-setup", "apply", "--ssh-root"): "prohibit-password yes",
            ("host-setup", "apply", "--ssh-root-from"): "any", ("host-setup", "apply", "--progress"): "text json",
            ("host-setup", "ssh-root", "--permit"): "prohibit-password yes", ("host-setup", "ssh-root", "--from"): "any",
        }
        for words, wanted in expected.items():
            self.assertEqual(set(answer(*words, "")[1]), set(wanted.split()), words)

    def test_a_value_may_follow_an_equals_sign_and_a_list_goes_on_behind_its_comma(self):
        self.assertIn("--format=nagios", answer("kvm-check", "--format=")[1])
        self.assertIn("--uefi=secure", answer("vm-run", "launch", "--uefi=")[1])
        self.assertIn("kvm.api,nested", answer("kvm-check", "--only", "kvm.api,")[1])
        self.assertIn("--only=kvm.api,nested", answer("kvm-check", "--only=kvm.api,")[1])

    def test_files_serve_where_a_file_is_meant_and_nowhere_else(self):
        self.assertEqual(answer("net-setup", "apply", "")[0], "files 0")
        self.assertEqual(answer("kvm-check", "diff", "a", "")[0], "files 0")
        self.assertEqual(answer("kvm-check", "run", "--root=")[0], "files 7")
        self.assertEqual(answer("net-setup", "apply", "--root", "")[0], "directories 0")
        self.assertEqual(answer("vm-run", "launch", "x", "--share", "/sr")[0], "directories 0")
        self.assertEqual(answer("vm-run", "launch", "x", "--share", "/srv:da")[0], "words 0")
        self.assertEqual(answer("vm-run", "launch", "x", "--memory", "")[0], "words 0")

    def test_an_option_that_was_given_is_not_offered_again_unless_it_may_be(self):
        offered = answer("vm-run", "launch", "web", "--memory", "1G", "--net=user", "--")[1]
        self.assertNotIn("--memory", offered)
        self.assertIn("--net", offered)

    def test_a_network_is_put_together_piece_by_piece(self):
        self.assertIn("bridge=", answer("vm-run", "launch", "--net", "")[1])
        self.assertIn("bridge=br0,vlan=", answer("vm-run", "launch", "--net", "bridge=br0,")[1])
        self.assertNotIn("user,vlan=", answer("vm-run", "launch", "--net", "user,")[1])

    def test_names_of_vms_are_asked_of_the_libvirt_that_is_named(self):
        uri = self.test_driver("web", "two words")
        for command, *words, offered in (("stop", "", ["web", "two words"]), ("stop", "web", "", ["two words"]), ("launch", "", [])):
            self.assertEqual(answer("vm-run", command, "--connect", uri, *words)[1], dict.fromkeys(offered, "running"))

    def test_images_that_can_be_pulled_are_those_of_the_catalogue(self):
        shipped = {image["name"] for image in json.loads((BIN / "../share/kvmkit/images.json").read_text())["images"]}
        self.assertLessEqual(set(answer("vm-run", "image", "pull", "")[1]), shipped)
        self.assertIn("debian-12", answer("vm-run", "launch", "--image", "")[1])

    def test_mistakes_on_the_line_are_no_error(self):
        self.assertEqual(answer("vm-run", "no-such-command", "")[1], {})
        self.assertEqual(answer("vm-run", "launch", "--no-such=", "--memory=")[1], {})
        self.assertEqual(answer("net-setup", "bridge", "add", "br0", "br1", "x")[1], {})

    def test_an_unknown_shell_is_a_usage_error(self):
        done = subprocess.run([BIN / "vm-run", "completion", "tcsh"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("bash, zsh or fish", done.stderr)


class Silence(Scratch):
    def test_a_libvirt_that_hangs_is_given_up_within_half_a_second(self):
        path = str(self.folder / "sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            began = time.monotonic()
            done = subprocess.run([BIN / "vm-run", "completion", "words", "stop", "--connect",
                                   f"qemu:///system?socket={path}", ""], capture_output=True, check=False, timeout=20)
            took = time.monotonic() - began
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        self.assertGreater(took, 0.25)
        self.assertLess(took, 1.5)  # 0.3 s, and room for a machine that has much to do

    def test_no_daemon_is_started_and_its_files_tell_the_names(self):
        """A user's libvirt is started by who connects to it; its socket would lie in the runtime folder."""
        names = self.folder / "config/libvirt/qemu"
        names.mkdir(parents=True)
        (names / "off at night.xml").write_text("")
        runtime = self.folder / "run"
        runtime.mkdir(mode=0o700)
        where = {"env": {"XDG_CONFIG_HOME": str(self.folder / "config"), "XDG_RUNTIME_DIR": str(runtime),
                         "HOME": str(self.folder), "PATH": os.environ["PATH"]}}
        self.assertEqual(answer("vm-run", "rm", "--connect", "qemu:///session", "", **where)[1], {"off at night": ""})
        self.assertEqual(list(runtime.iterdir()), [])

    def test_other_hosts_are_not_called(self):
        self.assertEqual(answer("vm-run", "rm", "--connect", "qemu+tcp://192.0.2.1/system", "")[1], {})


class Network(Scratch):
    def test_links_are_offered_where_they_fit_and_those_of_the_namespace(self):
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root for a network namespace")
        make = """ip link add br7 type bridge; ip link add d7 type veth peer name d8
        ip link set d8 master br7; ip link add link d7 name d7.5 type vlan id 5 2>/dev/null || true
        "$0" completion words "$@" """
        kernel = subprocess.run(["unshare", "-n", "sh", "-ec", "ip link add a7 type veth peer name b7; "
                                 "ip link add link a7 name a7.5 type vlan id 5"], capture_output=True, check=False)
        vlan = {"d7.5"} if kernel.returncode == 0 else set()  # a kernel without VLANs has none to offer
        for words, wanted in ((("bridge", "del", ""), {"br7"}), (("port", "add", "br7", ""), {"d7"} | vlan),
                              (("port", "del", ""), {"d8"}), (("vlan", "del", ""), vlan),
                              (("show", "br7", ""), {"d7", "d8"} | vlan)):
            done = subprocess.run(["unshare", "-n", "sh", "-ec", make, BIN / "net-setup", *words], capture_output=True,
                                  text=True, check=True)
            self.assertEqual({line.split("\t")[0] for line in done.stdout.splitlines()[1:]}, wanted, words)


class Lines(unittest.TestCase):
    """bash's own splitting: what is replaced begins behind the last of COMP_WORDBREAKS."""

    def test_only_the_rest_behind_a_break_is_given(self):
        self.assertEqual(in_bash("kvm-check", "kvm-check run --format=na"), ["words 9", "nagios"])
        self.assertEqual(in_bash("vm-run", "vm-run launch --net us"), ["words 0", "user"])
        self.assertEqual(in_bash("vm-run", "vm-run launch --net bri"), ["words 0", "bridge="])

    def test_assignments_quotes_and_redirections_are_read_as_bash_reads_them(self):
        self.assertEqual(in_bash("vm-run", "LC_ALL=C vm-run la"), ["words 0", "launch"])
        self.assertEqual(in_bash("vm-run", "vm-run 'ima"), ["words 0", "image"])
        self.assertEqual(in_bash("vm-run", 'vm-run "image" pu'), ["words 0", "pull"])
        self.assertEqual(in_bash("vm-run", "vm-run list 2> "), ["files 0"])
        self.assertEqual(in_bash("vm-run", "vm-run list >out --js"), ["words 0", "--json"])
        self.assertEqual(in_bash("vm-run", "vm-run list 2>&1 --js"), ["words 0", "--json"])


class ShellTests:
    """What holds in every shell."""

    def test_a_command_is_completed(self):
        self.assertEqual(self.shell.completed("vm-run la").strip(), "vm-run launch")
        self.assertEqual(self.shell.completed("net-setup bridge vl").strip(), "net-setup bridge vlan")

    def test_an_option_and_its_word_are_completed(self):
        self.assertEqual(self.shell.completed("vm-run launch web --overc").strip(), "vm-run launch web --overcommit")
        self.assertEqual(self.shell.completed("kvm-check --format pro").strip(), "kvm-check --format prometheus")
        self.assertEqual(self.shell.completed("kvm-check --format=pro").strip(), "kvm-check --format=prometheus")
        self.assertEqual(self.shell.completed("kvm-check --only kvm.api,kvm.msr_w").strip(),
                         "kvm-check --only kvm.api,kvm.msr_writeback")

    def test_no_blank_follows_a_word_that_goes_on(self):
        self.assertEqual(self.shell.completed("vm-run launch web --net macv"), "vm-run launch web --net macvtap=")

    def test_names_with_blanks_quotes_and_dollars_arrive_as_one_word(self):
        self.assertEqual(self.words_of(self.shell.completed(f"vm-run stop --connect {self.uri} od")),
                         ["vm-run", "stop", "--connect", self.uri, "odd $name's (1)"])
        self.assertEqual(self.words_of(self.shell.completed(f"vm-run stop --connect {self.uri} 'two w") + "'" * self.open),
                         ["vm-run", "stop", "--connect", self.uri, "two words"])

    def test_files_and_directories_are_completed(self):
        (self.folder / "net work.yml").touch()
        (self.folder / "directory").mkdir()
        self.assertEqual(self.words_of(self.shell.completed("net-setup apply net")), ["net-setup", "apply", "net work.yml"])
        self.assertEqual(self.shell.completed("kvm-check vms --root=direc").strip(), "kvm-check vms --root=directory/")
        self.assertEqual(self.shell.completed("net-setup apply --root direc").strip(),
                         "net-setup apply --root directory/")

    def words_of(self, line):
        """As the shell itself takes the line apart."""
        done = subprocess.run([shutil.which(self.name), "-c", line.replace("vm-run", "printf '%s\\n' vm-run", 1).replace(
            "net-setup", "printf '%s\\n' net-setup", 1)], capture_output=True, text=True, check=True, cwd=self.folder)
        return done.stdout.splitlines()


class InTerminal(Scratch, ShellTests):
    open = 0

    def setUp(self):
        super().setUp()
        self.uri = self.test_driver("two words", "odd $name&apos;s (1)", "web")
        self.shell = self.start()
        self.addCleanup(self.shell.close)


class Bash(InTerminal):
    name = "bash"

    def start(self):
        return bash_terminal(self.folder)

    def test_bash_completion_is_not_needed(self):
        self.shell.type("type _init_completion >there 2>&1; echo $? >line\n")
        self.shell.wait_for(self.shell.line)
        self.assertEqual(self.shell.line.read_text(), "1\n")
        self.assertEqual(self.shell.completed("host-setup mirror re").strip(), "host-setup mirror restore")


class Zsh(InTerminal):
    name = "zsh"

    def start(self):
        return zsh_terminal(self.folder)


class Fish(Scratch):
    def complete(self, line):
        scripts = self.folder / "scripts"
        scripts.mkdir(exist_ok=True)
        for tool in TOOLS:
            (scripts / f"{tool}.fish").write_text(script(tool, "fish"))
        load = "".join(f"source scripts/{tool}.fish; " for tool in TOOLS)
        done = subprocess.run([skip_without("fish"), "--no-config", "-c", f"{load} complete -C $argv[1]", line], text=True,
                              capture_output=True, check=True, cwd=self.folder,
                              env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(self.folder)})
        self.assertEqual(done.stderr, "")
        return [row.split("\t")[0] for row in done.stdout.splitlines()]

    def test_commands_options_words_and_names_are_completed(self):
        uri = self.test_driver("two words", "web")
        self.assertEqual(self.complete("vm-run la"), ["launch"])
        self.assertEqual(self.complete("vm-run launch web --overc"), ["--overcommit"])
        self.assertEqual(self.complete("kvm-check --format pro"), ["prometheus"])
        self.assertEqual(self.complete("kvm-check --format=pro"), ["--format=prometheus"])
        for begun in ("tw", "'two w"):
            self.assertEqual(self.complete(f"vm-run stop --connect {uri} {begun}"), ["two words"])

    def test_files_and_directories_are_completed(self):
        (self.folder / "net work.yml").touch()
        (self.folder / "directory").mkdir()
        self.assertEqual(self.complete("net-setup apply net"), ["net work.yml"])
        self.assertEqual(self.complete("kvm-check vms --root=direc"), ["--root=directory/"])
        self.assertEqual(self.complete("net-setup apply --root direc"), ["directory/"])


del InTerminal  # a base, no test of its own

if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
