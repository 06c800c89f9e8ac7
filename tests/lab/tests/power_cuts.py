# SPDX-License-Identifier: Apache-2.0
"""The power fails while net-setup stands still at each state of a change: whatever nobody confirmed boots as the old network,
what was confirmed and persisted boots as the new one. Runs on a host of the lab with a disk, once for each boot.
usage: power_cuts.py [CASE...]

Each case has a network namespace with a card c0 that the host lives by, and its own folder on the disk for the journals and
for the files that a boot reads. All stand still at once when the reset comes. A boot is played: the old network by ip(8), as
its manager would make it, then the unit of net-setup if it is enabled."""
import ctypes
import json
import os
import pathlib
import subprocess
import sys
import time

DISK = pathlib.Path("/run/lab/disk")
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
OLD_NETWORK = """link set lo up
link add c0 type veth peer name c1
link set c1 up
addr add 192.0.2.2/24 dev c0
link set c0 up
route add default via 192.0.2.1
"""
STATE_FILE = """
interfaces:
- name: br0
  type: linux-bridge
  state: up
  bridge: {options: {stp: {enabled: false}}, port: [{name: c0}]}
  ipv4: {enabled: true, address: [{ip: 192.0.2.2, prefix-length: 24}]}
- {name: br0.30, type: vlan, state: up, vlan: {base-iface: br0, id: 30}}
routes:
  config: [{destination: 0.0.0.0/0, next-hop-interface: br0, next-hop-address: 192.0.2.1}]
"""
ENABLED = "/etc/systemd/system/multi-user.target.wants/net-setup-apply-br0.service"
LAN_BRIDGE, APPLY, PERSIST = "lan-bridge c0", "apply /run/lab/state.yml", "persist br0 --manager none"
STEPS = {LAN_BRIDGE: 3, APPLY: 5}
PERSIST_STEPS = 7  # three files, staged and placed, and a folder
SECONDS_AT_MOST = 240
OLD, NEW, EITHER = "the old network", "the new network", "the old or the new network"


def all_cases() -> dict:
    """Name -> command, where it stands still, who answers, and what must come of it."""
    cases = {}
    for short, words in (("lan-bridge", LAN_BRIDGE), ("apply", APPLY)):
        places = [f"{moment}:{step}" for step in range(STEPS[words]) for moment in ("before", "after")]
        places += [f"state:{state}" for state in ("armed", "applying", "applied", "verified")]
        for place in places:
            cases[f"{short}.{place}"] = (words, place, "", OLD)
        cases[f"{short}.waits"] = (words, "", "", OLD)
        for place in ("state:rolling-back", "undo:1", "state:rolled-back"):
            cases[f"{short}.{place}"] = (words, place, "rollback", OLD)
        for place in ("state:confirmed", "state:closed"):
            cases[f"{short}.{place}"] = (words, place, "confirm", OLD)
    for place in [f"{moment}:{step}" for step in range(PERSIST_STEPS) for moment in ("before", "after")]:
        cases[f"persist.{place}"] = (PERSIST, place, "", EITHER)
    for state, outcome in (("applying", OLD), ("applied", NEW), ("closed", NEW)):
        cases[f"persist.state:{state}"] = (PERSIST, f"state:{state}", "", outcome)
    cases["persisted"] = (PERSIST, "", "", NEW)
    return cases


def expect(condition, told) -> None:
    if not condition:
        raise AssertionError(told)


def run(*words, check=False) -> subprocess.CompletedProcess:
    return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS_AT_MOST, check=check)


def tool(words: str, code: int = 0) -> str:
    done = run("net-setup", *words.split())
    expect(done.returncode == code, f"net-setup {words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def own_host(name: str) -> None:
    """From here on this process is on a host of its own: the old network, and what the disk holds for it."""
    expect(ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS | CLONE_NEWNET) == 0, f"unshare: {ctypes.get_errno()}")
    run("mount", "--make-rprivate", "/", check=True)
    for number, place in enumerate(("/var/lib/kvmkit", "/etc/kvmkit", "/etc/systemd/system")):
        kept = DISK / name.replace(":", "-") / str(number)
        kept.mkdir(parents=True, exist_ok=True)
        os.makedirs(place, exist_ok=True)
        run("mount", "--bind", str(kept), place, check=True)
    os.makedirs("/run/kvmkit", exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "mode=755", "own", "/run/kvmkit", check=True)
    subprocess.run(["ip", "-batch", "-"], input=OLD_NETWORK, text=True, check=True)


def journals(kind: str) -> list:
    """The states of each journal of this host, oldest first."""
    folders = sorted(pathlib.Path("/var/lib/kvmkit/txn", kind).glob("*/journal"))
    lines = [[json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line] for path in folders]
    return [[line["state"] for line in journal if "state" in line] for journal in lines]


def stopped(mark: str) -> bool:
    """Whether a process with this in its environment stands still."""
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes().split(b"\0") and \
                    (folder / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] == "T":
                return True
        except OSError:
            pass
    return False


def wait_for(holds, what) -> None:
    deadline = time.monotonic() + SECONDS_AT_MOST
    while not holds():
        expect(time.monotonic() < deadline, f"{what} did not come")
        time.sleep(0.2)


def waits_for_an_answer() -> bool:
    return any(states[-1:] == ["verified"] for states in journals("net-setup")) and '"applied"' in tool("status --json")


def begin(name: str) -> None:
    """Leaves the case standing still where the power is to fail."""
    words, place, answer, _ = all_cases()[name]
    own_host(name)
    if words == PERSIST:
        tool(f"{LAN_BRIDGE} --confirm none --quiet")
    else:
        words += " --confirm ask --timeout 10m"
    if name == "persisted":
        expect("reboot-safe: yes" in tool(words), "not safe")
        return
    mark = f"KVMKIT_FAULT=hold:{place}"
    owner = f"KVMKIT_CASE={name}"
    with open(f"/run/lab/{name}.log", "wb") as log:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        held = subprocess.Popen(["env", owner, *([mark] if place else []), "net-setup", *words.split()], **quiet)
        if answer or not place:
            wait_for(waits_for_an_answer, "the change")
        if answer:
            subprocess.Popen(["net-setup", answer], **quiet)
        if place:
            wait_for(lambda: stopped(owner) or (not answer and held.poll() is not None), f"{mark} of {name}")
            expect(stopped(owner), f"{mark} was not met:\n{pathlib.Path(log.name).read_text(encoding='utf-8')}")


def boot() -> None:
    """What the manager of the old network has made is there; the unit follows."""
    if os.path.lexists(ENABLED):
        unit = (pathlib.Path("/etc/systemd/system") / pathlib.Path(ENABLED).name).read_text(encoding="utf-8")
        command = next(line for line in unit.splitlines() if line.startswith("ExecStart=")).partition("=")[2]
        done = run(*command.split())
        expect(done.returncode == 0, f"{command}: {done}")


def network() -> str:
    links = {link["ifname"]: link for link in json.loads(run("ip", "-j", "addr").stdout)}
    carrier = [name for name, link in links.items() if "192.0.2.2" in [a.get("local") for a in link["addr_info"]]]
    route = run("ip", "route", "show", "default").stdout
    if carrier == ["c0"] and set(links) == {"lo", "c0", "c1"} and "dev c0" in route:
        return OLD
    if carrier == ["br0"] and links["c0"].get("master") == "br0" and "dev br0" in route and links["br0"]["operstate"] == "UP":
        return NEW
    return f"{links}\n{route}"


def judge(name: str) -> None:
    """After the reset."""
    words, place, _, expected = all_cases()[name]
    own_host(name)
    if place.startswith("state:"):
        kind = "net-setup-files" if words == PERSIST else "net-setup"
        last = journals(kind)[-1][-1]
        state = place.partition(":")[2]
        before = {"applying": "armed", "applied": "applying"}  # nobody waits until these are on the disk
        expect(last in (state, before.get(state)), f"the power cut left state {last}")
    boot()
    booted = network()
    expect(booted == expected or (expected == EITHER and booted in (OLD, NEW)), f"booted as {booted}, not as {expected}")
    tool("bridge del nix")
    expect(all(states[-1:] in (["closed"], ["confirmed"], ["rolled-back"]) for states in journals("net-setup")),
           f"journals of the boot before stay open: {journals('net-setup')}")
    expect(network() == booted, f"cleaning up changed the network to {network()}")
    if words == PERSIST:
        tool(f"{LAN_BRIDGE} --confirm none --quiet")
        expect("reboot-safe: yes" in tool(PERSIST), "persisting after a power cut")
        expect(journals("net-setup-files")[-1][-1] == "closed", f"{journals('net-setup-files')}")


def each(names: list, work) -> None:
    """Works on every case in a process of its own, a few at a time; ends with a list of what failed."""
    failed, running, waiting = [], {}, list(names)
    while waiting or running:
        while waiting and len(running) < 4:
            name = waiting.pop(0)
            child = os.fork()
            if child == 0:
                try:
                    work(name)
                    os._exit(0)
                except BaseException as problem:  # pylint: disable=broad-except
                    print(f"FAILED {name}: {problem}", flush=True)
                    os._exit(1)
            running[child] = name
        child, status = os.wait()
        name = running.pop(child, None)
        if name and status:
            failed.append(name)
    if failed:
        sys.exit(f"FAILED at boot {os.environ['LAB_BOOT']}: {' '.join(failed)}")


def mount_disk(new: bool) -> None:
    run("modprobe", "-a", "ext4", "bridge", "veth", "8021q", check=True)
    if new:
        run("mke2fs", "-q", "-t", "ext4", "/dev/vda", check=True)
    DISK.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "ext4", "/dev/vda", str(DISK), check=True)


def main(names: list) -> None:
    first = os.environ["LAB_BOOT"] == "1"
    mount_disk(first)
    pathlib.Path("/run/lab/state.yml").write_text(STATE_FILE, encoding="utf-8")
    each(names, begin if first else judge)
    if first:
        print(f"{len(names)} changes stand still; the power fails", flush=True)
        run("lab-reset")
    print(f"{len(names)} power cuts, each as it should be")


main(sys.argv[1:] or list(all_cases()))
