# SPDX-License-Identifier: Apache-2.0
"""net-setup show --format tree and svg on a real kernel. usage: pictures_test.py NET-SETUP SCHEMAS"""
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import xml.etree.ElementTree

import lab
from lab import ip

HOLDER = ("import fcntl, os, struct, sys; tap = os.open('/dev/net/tun', os.O_RDWR); "
          "fcntl.ioctl(tap, 0x400454ca, struct.pack('16sH22x', b'vnet0', 0x1002)); print('held', flush=True); "
          "sys.stdin.read()")


class Pictures(lab.Lab):
    def setUp(self):
        super().setUp()
        self.expect("bridge add br0 --port p0 --address 192.0.2.1/24", 0)

    def hold_tap(self):
        """A program that holds vnet0 as QEMU does, and is called like one."""
        if not os.path.exists("/dev/net/tun"):
            self.skipTest("this host has no /dev/net/tun")
        words = [sys.executable, "-c", HOLDER, "-name", "guest=web,debug-threads=on"]
        holder = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.stdin.close)
        self.assertEqual(holder.stdout.readline(), "held\n")
        ip("link set vnet0 up master br0")
        return holder.pid

    def test_a_tree_shows_the_vm_behind_its_tap(self):
        pid = self.hold_tap()
        lines = self.expect("show --format tree br0", 0, prefix=("env", "LC_ALL=C")).stdout.splitlines()
        self.assertEqual([line.split()[:4] for line in lines],
                         [["br0", "bridge", "up", "192.0.2.1/24"], ["|-", "p0", "veth", "up"],
                          ["`-", "vnet0", "tap", "up"], ["`-", "web", "VM", "pid"]])
        self.assertIn(f"pid {pid}", lines[3])
        self.assertIn("└─ vnet0", self.expect("show --format tree", 0, prefix=("env", "LC_ALL=C.UTF-8")).stdout)

    def test_an_svg_is_whole_xml_with_the_same_names(self):
        self.hold_tap()
        root = xml.etree.ElementTree.fromstring(self.expect("show --format svg", 0).stdout)
        texts = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
        self.assertLessEqual({"br0", "p0", "p1", "vnet0", "web", "bridge, up", "192.0.2.1/24"}, texts)

    def test_a_tree_is_not_wider_than_its_terminal(self):
        ip("addr add 2001:db8:1111:2222:3333:4444:5555:6666/64 dev br0 nodad")
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
        with os.fdopen(theirs, "wb") as terminal:
            subprocess.run([lab.TOOL, "show", "--format", "tree"], stdout=terminal, check=True,
                           env={**os.environ, "LC_ALL": "C", "NO_COLOR": "1"})
            seen = b""
            while b"2001:db8" not in seen:  # a terminal hands out what it has, line by line
                self.assertTrue(select.select([ours], [], [], 5)[0], seen)
                seen += os.read(ours, 65536)
            seen = seen.decode()
        self.assertIn("2001:db8", seen)
        self.assertLessEqual(max(map(len, seen.splitlines())), 40)

    def test_a_format_that_is_unknown_is_told(self):
        self.expect_refusal("show --format tre", 2, "--format does not know 'tre'", "did you mean 'tree'?")


lab.enter()
lab.run_tests()
