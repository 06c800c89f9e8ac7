# SPDX-License-Identifier: Apache-2.0
"""A host with an uplink that it lives by, in the lab: eth0 with addresses, routes, rules and neighbours of every kind,
and a LAN behind it (namespace "lan") in which 10.0.0.1 and fd00:1::1 answer UDP echoes."""
import json
import pathlib
import shutil
import subprocess
import sys
import time

import lab
from lab import ip

ECHO = "/run/lab/echo-peer"

HOST = """
addr add 10.0.0.2/24 dev eth0
addr add 10.0.0.3/24 dev eth0
addr add 10.9.0.1/32 dev eth0 label eth0:x
addr add 172.16.5.2/24 dev eth0 noprefixroute metric 50
addr add fd00:1::2/64 dev eth0 nodad valid_lft 5000 preferred_lft 4000
addr add fd00:1::3/64 dev eth0 nodad
addr add 10.7.0.2/24 dev eth0 valid_lft 7200 preferred_lft 3600
link set eth0 up
route add default via 10.0.0.1 proto dhcp metric 100
route add 172.16.5.0/24 dev eth0 metric 77
-6 route add default via fd00:1::1
route add 192.0.2.0/24 via 10.0.0.1 table 77
route add 198.51.100.0/24 nexthop via 10.0.0.1 nexthop via 10.0.0.9
-6 route add 2001:db8:2::/48 nexthop via fd00:1::1 nexthop via fd00:1::9
nexthop add id 7 via 10.0.0.1 dev eth0
route add 203.0.113.0/24 nhid 7
rule add iif eth0 table 77 prio 999
rule add oif eth0 to 7.7.7.7 table 77 prio 998
-6 rule add iif eth0 table 77 prio 997
neigh add 10.0.0.9 lladdr 02:00:00:00:00:99 dev eth0
neigh add proxy 10.0.0.77 dev eth0
"""
LAN = ["addr add 10.0.0.1/24 dev lan0", "addr add fd00:1::1/64 dev lan0 nodad", "link set lan0 up"]


def ip_json(words):
    return json.loads(subprocess.run(["ip", "-j", *words.split()], check=True, capture_output=True, text=True).stdout or "[]")


def addresses():
    """What each link carries, without lifetimes, which run."""
    volatile = ("valid_life_time", "preferred_life_time")
    return {
        link["ifname"]: [{key: value for key, value in address.items() if key not in volatile} for address in link["addr_info"]]
        for link in ip_json("addr show")
    }


def routes():
    seen = []
    for family in ("-4", "-6"):
        for route in ip_json(f"{family} route show table all"):
            route.pop("expires", None)
            route.pop("used", None)
            seen.append(json.dumps(route, sort_keys=True))
    return sorted(seen)


def everything():
    """All that a handover moves, as an independent eye sees it."""
    fixed = sorted((entry for entry in ip_json("neigh show") if entry["state"] == ["PERMANENT"]), key=lambda one: (one["dev"], one["dst"]))
    return {
        "links": lab.world(),
        "addresses": addresses(),
        "routes": routes(),
        "rules": ip_json("rule show") + ip_json("-6 rule show"),
        "neighbours": fixed + ip_json("neigh show proxy"),
        "nexthops": ip_json("nexthop show"),
    }


class Uplink(lab.Lab):
    def setUp(self):
        super().setUp()
        ip("link del p0")
        shutil.copy(sys.argv[3], ECHO)
        self.addCleanup(self.clean)
        pathlib.Path("/proc/sys/net/ipv6/conf/default/dad_transmits").write_text("0", encoding="ascii")  # it takes a second
        ip("netns add lan")
        ip("link add eth0 type veth peer name lan0 netns lan")
        ip("link set lo up")
        for line in LAN:
            ip(f"-n lan {line}")
        for line in HOST.strip().splitlines():
            ip(line)
        self.server = subprocess.Popen(["ip", "netns", "exec", "lan", ECHO, "serve"])
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.wait_for(lambda: not any(a.get("tentative") for a in addresses()["eth0"]), "link-local address")
        self.measure("10.0.0.1", 100, 500)()
        self.measure("fd00:1::1", 100, 500)()
        self.before = everything()

    def clean(self):
        """Also where the test, or its preparation, failed half-way."""
        for family in ("-4", "-6"):
            for priority in ("997", "998", "999"):
                while subprocess.run(["ip", family, "rule", "del", "prio", priority], stderr=subprocess.DEVNULL,
                                     check=False).returncode == 0:
                    pass
        for words in ("route flush table 77", "route flush table 5", "link del eth0", "netns del lan"):
            subprocess.run(["ip", *words.split()], stderr=subprocess.DEVNULL, check=False)

    def measure(self, address, milliseconds, rate=5000):
        """Begins to send; the result is asked for by calling what it returns."""
        sender = subprocess.Popen([ECHO, "measure", address, str(rate), str(milliseconds)], stdout=subprocess.PIPE, text=True)
        return lambda: json.loads(sender.communicate(timeout=60)[0])

    def expect_everything_back(self):
        self.assertEqual(everything(), self.before)

    def expect_on(self, link):
        """Everything that was on eth0 is on this link, and nothing else has changed."""
        moved = json.loads(json.dumps(self.before).replace('eth0', link))
        now = everything()
        self.assertEqual(now["addresses"]["eth0"], [])
        self.assertEqual(now["addresses"][link], moved["addresses"][link])
        for kind in ("rules", "neighbours", "nexthops"):
            self.assertEqual(now[kind], moved[kind], kind)
        multicast = '"dst": "ff00::/8"'
        self.assertEqual([r for r in now["routes"] if multicast not in r],
                         sorted(r for r in moved["routes"] if multicast not in r))
