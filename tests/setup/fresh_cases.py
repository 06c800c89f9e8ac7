# SPDX-License-Identifier: Apache-2.0
"""Cases on fresh hosts with a systemd that really runs and the real packages of QEMU and libvirt."""
import json
from pathlib import Path

from fresh_host import FreshHost, differences, picture

INSTALL = ("apt-get update && DEBIAN_FRONTEND=noninteractive apt-get -y -q -oDpkg::Options::=--force-confdef"
           " -oDpkg::Options::=--force-confold --no-install-recommends --no-remove install $(cat /srv/repo/names) </dev/null")
UNITS = "libvirtd.service libvirtd.socket"
STATE = f"systemctl is-enabled libvirtd.service; systemctl is-active {UNITS}"
# Files and folders that changed since, less what systemd, libvirt and the case itself write while they run.
WRITTEN = ("find / -xdev \\( -path /answers -o -path /var/log -o -path /var/lib/systemd -o -path /var/cache/libvirt -o -path /tmp"
           " -o -path /dev -o -path /run \\) -prune -o -cnewer /stamp ! -path /stamp \\( -type f -o -type d \\) -print")
HOLD = """use Fcntl;
open(my $file, '+>>', $ARGV[0]) or die $!;
my $lock = pack('ssx![q]qqi', F_WRLCK, 0, 0, 0, 0);
fcntl($file, F_SETLK, $lock) or die $!;
open(my $told, '>', $ARGV[1]); close($told);
sleep(300);
"""
# virt-manager on a screen that nobody sees; what it shows is read as a screen reader does.
SCREEN = """import os, subprocess, sys, time
os.environ |= {"DISPLAY": ":77", "GSETTINGS_BACKEND": "memory"}
screen = subprocess.Popen(["Xvfb", ":77", "-screen", "0", "1024x768x24", "-nolisten", "tcp"], stderr=subprocess.DEVNULL)
until = time.monotonic() + 90
while not os.path.exists("/tmp/.X11-unix/X77") and time.monotonic() < until:
    time.sleep(0.1)
manager = subprocess.Popen(["virt-manager", "--no-fork", "--connect", "qemu:///system"])
import gi
gi.require_version("Atspi", "2.0")
from gi.repository import Atspi
def texts(node):
    if node is not None:
        yield node.get_name() or ""
        for index in range(node.get_child_count()):
            yield from texts(node.get_child_at_index(index))
shown = []
while not any("guest-of-mine" in text for text in shown) and time.monotonic() < until and manager.poll() is None:
    time.sleep(0.5)
    try:
        shown = list(texts(Atspi.get_desktop(0)))
    except gi.repository.GLib.Error:
        pass  # a window that went while it was read
print("virt-manager runs" if manager.poll() is None else "virt-manager ended", sorted(set(shown)))
manager.kill()
screen.kill()
"""
GUEST = """<domain type='qemu'><name>guest-of-mine</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>
"""
NETWORK = ("virsh -q -c qemu:///system net-list --name; virsh -q -c qemu:///system net-list --all --autostart --name;"
           " cat /proc/sys/net/ipv4/ip_forward")
LOCKS = ("var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock", "var/lib/apt/lists/lock", "var/cache/apt/archives/lock")


def record_of(answer: tuple) -> dict:
    text = answer[1]
    return json.loads(text[text.index("{"):text.rindex("}") + 1])


def assert_same(wanted: Path, found: Path) -> None:
    other = differences(picture(wanted), picture(found))
    assert other == {}, "\n".join(f"{name}: {before} -> {after}" for name, (before, after) in other.items())


def what_is_applied_is_given_back(host: FreshHost, other) -> None:
    """After apply and rollback, /etc is what the packages alone make of it: another host, on which apt alone installed them, shows
    that. The packages stay. The network keeps its range, so that its file is the same whether this machine is a VM or not."""
    answers = host.boot({
        "before": "/host-setup status --json",
        "apply": "/host-setup apply --default-net keep --json",
        "state": STATE,
        "network": NETWORK,
        "verify": "/host-setup verify hypervisor network services --json",
        "libvirt": "virsh -c qemu:///system version",
        "stamp": "sync; touch /stamp",
        "again": "/host-setup apply --json",
        "written": WRITTEN,
        "status": "/host-setup status --json",
        "rollback": "/host-setup rollback",
        "state_after": STATE,
        "policy_after": "ls /usr/sbin/policy-rc.d",
        "network_after": "systemctl start libvirtd.socket; " + NETWORK,
    })
    assert answers["before"][0] == 1
    done = record_of(answers["apply"])
    assert answers["apply"][0] == 0 and done["changed"] and done["service"]["state"] == "running", answers["apply"]
    assert done["service"]["enabled"]
    assert answers["state"][1].split()[0] == "enabled" and "active" in answers["state"][1].split()[1:]
    assert answers["libvirt"][0] == 0 and "QEMU" in answers["libvirt"][1]
    assert answers["network"][1].split() == ["default", "default", "1"]
    assert answers["verify"][0] == 0, "all that was promised holds"
    again = record_of(answers["again"])
    assert answers["again"][0] == 0 and not again["changed"] and again["transaction"] is None and again["steps"] == []
    assert answers["written"][1] == "", "the second run wrote something"
    assert answers["status"][0] == 0 and record_of(answers["status"])["complete"]
    assert answers["rollback"][0] == 0 and "its packages stay" in answers["rollback"][1]
    assert answers["state_after"][1].split() == ["enabled", "inactive", "inactive"], "as its package enabled it, and not started"
    assert answers["policy_after"][0] != 0
    assert answers["network_after"][1].split() == ["0"], "neither up nor started with libvirt, and nobody is a router"

    peer = other()
    installed = peer.boot({"install": INSTALL})
    assert installed["install"][0] == 0
    assert_same(peer.root / "etc", host.root / "etc")


def an_image_is_made_and_boots_as_a_kvm_host(host: FreshHost, other) -> None:
    """Never booted before: made from outside with the real packages, it comes up with libvirt and its network. Another one is rolled
    back: /etc is what apt alone makes of it."""
    done = host.from_outside("apply", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["service"]["enabled"], done
    again = host.from_outside("apply", "--json")
    assert again.returncode == 0 and not json.loads(again.stdout)["changed"], again
    assert host.from_outside("verify", "hypervisor", "network", "services").returncode == 0, "all that was promised holds"
    assert not (host.root / "usr/sbin/policy-rc.d").exists() and not list((host.root / "run").glob("*libvirt*"))
    answers = host.boot({"state": STATE, "libvirt": "virsh -c qemu:///system version", "network": NETWORK,
                         "verify": "/host-setup verify hypervisor network services"})
    assert answers["state"][1].split()[0] == "enabled" and "active" in answers["state"][1].split()[1:], answers["state"]
    assert answers["libvirt"][0] == 0 and answers["network"][1].split() == ["default", "default", "1"]
    assert answers["verify"][0] == 0
    back, peer = other(), other()
    (back.root / "etc/systemd/system/default.target.wants").mkdir()  # where the case of one that is booted lies
    assert back.from_outside("apply", "--default-net", "keep").returncode == 0 and back.from_outside("rollback").returncode == 0
    (peer.root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (peer.root / "usr/sbin/policy-rc.d").chmod(0o755)
    assert peer.boot({"install": INSTALL})["install"][0] == 0
    (peer.root / "etc/.updated").unlink(missing_ok=True)  # what systemd notes at a first boot
    assert_same(peer.root / "etc", back.root / "etc")


def a_nested_host_keeps_its_gateway(host: FreshHost, _) -> None:
    """The host below has the range that libvirt's packages ship, and the gateway at its .1; a user came by sudo."""
    way = "ip route get 192.168.122.1"
    answers = host.boot({
        "uplink": "ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up &&"
                  " ip addr add 192.168.122.50/24 dev up0 && ip route add default via 192.168.122.1 && useradd alice",
        "way_before": way,
        "apply": "SUDO_USER=alice /host-setup apply --json",
        "way": way,
        "network": NETWORK + "; virsh -c qemu:///system net-dumpxml default",
        "who": "id -nG alice",
        "verify": "/host-setup verify hypervisor network services groups --user alice",
        "again": "/host-setup apply",
        # The other order: the network is up, and the address comes later.
        "renumber": "ip addr del 192.168.122.50/24 dev up0; ip addr add 192.168.123.50/24 dev up0; ip route get 192.168.123.1",
        "told": "/host-setup verify network",
        "moved": "/host-setup apply network --json",
        "way_back": "ip route get 192.168.123.1",
        "number_again": "ip addr del 192.168.123.50/24 dev up0; ip addr add 192.168.122.50/24 dev up0",
        "rollback": "/host-setup rollback && /host-setup rollback",
        "who_after": "id -nG alice",
        "leases": "ls /run/libvirt/network; ip -br link",
    })
    assert answers["uplink"][0] == 0 and "dev up0" in answers["way_before"][1]
    done = record_of(answers["apply"])
    assert answers["apply"][0] == 0 and done["network"] == {
        "range": "192.168.123.0/24", "bridge": "virbr0", "autostart": True, "active": True}, answers["apply"]
    kinds = [step["kind"] for step in done["steps"]]
    assert kinds.index("hold-libvirt") < kinds.index("install-packages") < kinds.index("move-network") < kinds.index("release-libvirt")
    assert "dev up0" in answers["way"][1], "the gateway must stay where it was"
    assert answers["network"][1].split()[:3] == ["default", "default", "1"] and "192.168.123.1" in answers["network"][1]
    assert {"kvm", "libvirt"} < set(answers["who"][1].split()) and answers["verify"][0] == 0
    assert "nothing to do" in answers["again"][1]
    assert "dev lo" in answers["renumber"][1], "the host must be cut off, or this shows nothing"
    assert answers["told"][0] == 1 and "virbr0 is in the way of address 192.168.123.50/24 of up0" in answers["told"][1]
    assert record_of(answers["moved"])["network"]["range"] == "192.168.124.0/24" and "dev up0" in answers["way_back"][1]
    assert answers["rollback"][0] == 0 and not {"kvm", "libvirt"} & set(answers["who_after"][1].split())
    assert "default.xml" not in answers["leases"][1] and "virbr0" not in answers["leases"][1]


def what_stands_in_the_way_is_named(host: FreshHost, _) -> None:
    """A masked unit, each lock held by somebody, a half-configured package, policy-rc.d; then services alone, there and back."""
    host.stub("broken", scripts={"postinst": "#!/bin/sh\ntest -e /srv/cured || { echo the cable is unplugged >&2; exit 7; }\n"})
    (host.root / "hold.pl").write_text(HOLD)
    script = {"masked": f"systemctl --quiet mask {UNITS}; /host-setup apply; code=$?; systemctl --quiet unmask {UNITS}; exit $code"}
    for number, path in enumerate(LOCKS):
        script[f"held{number}"] = (
            f"mkdir -p $(dirname /{path}); systemd-run --quiet --unit=nightly{number} perl /hold.pl /{path} /run/held{number} &&"
            f" timeout 20 sh -c 'until test -e /run/held{number}; do sleep 0.1; done'; systemctl show -p MainPID nightly{number};"
            f" /host-setup apply --lock-timeout 1; code=$?; systemctl is-active nightly{number}; systemctl stop nightly{number}; exit $code")
    script = {name: f"({line})" for name, line in script.items()} | {
        "untouched": "dpkg-query -W libvirt-daemon-system",
        "break": "dpkg -i /srv/stubs/broken.deb",
        "half": "/host-setup apply",
        "plan_half": "/host-setup plan --repair",
        "in_vain": "/host-setup apply --repair",
        "cure": "touch /srv/cured; printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d",
        "forbidden": "/host-setup apply --repair --json",
        "asleep": STATE,
        # What libvirt writes into /etc when it starts for the first time is libvirt's.
        "allow": "rm /usr/sbin/policy-rc.d; systemctl start libvirtd && virsh -c qemu:///system version",
        "stop": f"systemctl disable {UNITS}; systemctl stop {UNITS}; cp -a /etc /start",
        "apply": "/host-setup apply services",
        "awake": STATE,
        "libvirt": "virsh -c qemu:///system version",
        "changed": "cp -a /etc /middle",
        "rollback": "/host-setup rollback",
        "asleep_again": STATE,
        "back": "cp -a /etc /end",
    }
    answers = host.boot(script)
    assert answers["masked"][0] == 10 and "it is masked" in answers["masked"][1]
    for number, path in enumerate(LOCKS):
        code, text = answers[f"held{number}"]
        pid = text.split("MainPID=")[1].split()[0]
        assert code == 3 and f"'/{path}' is held by pid {pid} (" in text and f"unit nightly{number}.service" in text, text
        assert "--lock-timeout" in text and "\nactive\n" in "\n" + text, "the holder was ended"
    assert answers["untouched"][0] != 0 and answers["break"][0] != 0
    assert answers["half"][0] == 3 and "broken (half-configured)" in answers["half"][1] and "--repair" in answers["half"][1]
    assert answers["plan_half"][0] == 1 and "finish what an interrupted dpkg began" in answers["plan_half"][1]
    assert answers["in_vain"][0] == 3 and "the cable is unplugged" in answers["in_vain"][1]
    repaired = record_of(answers["forbidden"])
    assert answers["forbidden"][0] == 0 and repaired["steps"][0]["kind"] == "finish-packages", answers["forbidden"]
    assert any("policy-rc.d forbids" in note for note in repaired["notes"])
    assert answers["asleep"][1].split()[1:] == ["inactive", "inactive"]
    assert answers["allow"][0] == 0 and answers["apply"][0] == 0 and "did: wait for libvirt to answer" in answers["apply"][1]
    assert answers["awake"][1].split()[0] == "enabled" and "active" in answers["awake"][1].split()[1:]
    assert answers["libvirt"][0] == 0 and differences(picture(host.root / "start"), picture(host.root / "middle"))
    assert answers["rollback"][0] == 0
    assert answers["asleep_again"][1].split() == ["disabled", "inactive", "inactive"]
    assert_same(host.root / "start", host.root / "end")


def all_that_runs_is_killed_and_it_is_finished(host: FreshHost, _) -> None:
    """host-setup, apt, dpkg and its scripts end in one moment, three times, later each time: what is half done is named, and the
    next apply goes on to the end without being told."""
    script = {}
    for number, packages in enumerate((3, 25, 60)):
        # So many packages are unpacked, and dpkg has not yet merged all of it into its database.
        middle = (f"[ $(ls /var/lib/dpkg/info/*.list | wc -l) -ge $(({packages} + $(cat /start))) ] &&"
                  " ls /var/lib/dpkg/updates | grep -q .")
        script[f"cut{number}"] = (
            "[ -e /start ] || ls /var/lib/dpkg/info/*.list | wc -l >/start;"
            f" systemd-run --quiet --unit=cut{number} /host-setup apply;"
            f" timeout 120 sh -c 'until {middle}; do :; done'; met=$?; systemctl kill --signal=KILL cut{number}; sleep 1;"
            f" systemctl is-active cut{number}; exit $met")
        script[f"seen{number}"] = "/host-setup plan"
    script = {name: f"({line})" for name, line in script.items()} | {
        "finished": "/host-setup apply --json",
        "audit": "dpkg --audit",
        "libvirt": "virsh -c qemu:///system version",
        "again": "/host-setup apply",
    }
    answers = host.boot(script)
    for number in range(3):
        assert answers[f"cut{number}"][0] == 0 and "failed" in answers[f"cut{number}"][1], answers[f"cut{number}"]
        assert answers[f"seen{number}"][0] == 3 and "dpkg was interrupted" in answers[f"seen{number}"][1]
    assert answers["finished"][0] == 0 and record_of(answers["finished"])["service"]["state"] == "running"
    assert answers["audit"] == (0, "") and answers["libvirt"][0] == 0
    assert answers["again"][0] == 0 and "nothing to do" in answers["again"][1]


def a_plan_that_is_cut_is_finished(host: FreshHost, _) -> None:
    """All that runs ends while dpkg unpacks: the plan is finished with one command, and libvirt's network keeps off the host's range."""
    script = {
        "uplink": "ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up && ip addr add 192.168.122.50/24 dev up0",
        "plan": "apt-get update && /host-setup plan -o /plan.json",
        "cut": "ls /var/lib/dpkg/info/*.list | wc -l >/start; systemd-run --quiet --unit=cut /host-setup apply --plan /plan.json;"
               " timeout 120 sh -c 'until [ $(ls /var/lib/dpkg/info/*.list | wc -l) -ge $((25 + $(cat /start))) ] &&"
               " ls /var/lib/dpkg/updates | grep -q .; do :; done'; met=$?; systemctl kill --signal=KILL cut; sleep 1; exit $met",
        "again": "/host-setup plan",
        "finish": "/host-setup resume $(/host-setup history | sed -n '$s/ .*//p') --finish --json",
        "audit": "dpkg --audit",
        "network": NETWORK + "; virsh -c qemu:///system net-dumpxml default",
        "verify": "/host-setup verify hypervisor network services",
        "rest": "/host-setup apply",
    }
    answers = host.boot({name: f"({line})" for name, line in script.items()})
    assert answers["plan"][0] == 1 and answers["cut"][0] == 0, answers["cut"]
    assert answers["again"][0] == 3 and "dpkg was interrupted" in answers["again"][1]
    done = record_of(answers["finish"])
    assert answers["finish"][0] == 0 and done["steps"][0]["kind"] in ("hold-libvirt", "finish-packages"), answers["finish"]
    assert answers["audit"] == (0, "") and done["network"]["range"] == "192.168.123.0/24"
    assert "192.168.123.1" in answers["network"][1] and answers["verify"][0] == 0
    assert "nothing to do" in answers["rest"][1]


def virt_manager_lists_the_host(host: FreshHost, _) -> None:
    """Component tools, with the real packages: virt-manager starts, is connected, and shows the VM that the host has."""
    (host.root / "screen.py").write_text(SCREEN)
    (host.root / "guest.xml").write_text(GUEST)
    answers = host.boot({
        "apply": "/host-setup apply hypervisor services tools --json",
        "again": "/host-setup apply tools",
        "define": "virsh -c qemu:///system define /guest.xml",
        "look": "apt-get -y -q --no-install-recommends install xvfb at-spi2-core gir1.2-atspi-2.0 python3-gi </dev/null",
        "screen": "HOME=/root timeout 150 dbus-run-session -- python3 /screen.py",
        "install": "virt-install --version",
    }, 900)
    assert answers["apply"][0] == 0, answers["apply"]
    assert "virt-manager" in [each["name"] for each in record_of(answers["apply"])["packages"]]
    assert "nothing to do" in answers["again"][1] and answers["install"][0] == 0
    assert answers["define"][0] == 0 and answers["look"][0] == 0
    shown = answers["screen"][1]
    assert "virt-manager runs" in shown and "'Virtual Machine Manager'" in shown, shown
    assert "QEMU/KVM" in shown and "QEMU/KVM - Not Connected" not in shown and "guest-of-mine" in shown, shown


virt_manager_lists_the_host.repository = "repo-tools"
