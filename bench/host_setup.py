#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `host-setup apply` costs on a host that has all of it already, against apt alone looking at the same packages, and against an
Ansible playbook that asks for the same state; and what a fresh host gets by it, in packages and MB. The host is a fresh Debian with
systemd in a container, as the tests of label setup-slow make it. Needs root.
usage: host_setup.py [--rounds N] [--suite SUITE] [--hosts FOLDER] [--host-setup FILE]"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/setup"), str(ROOT / "tests/lab")]

import booted  # noqa: E402
import suite as suites  # noqa: E402
from fresh_host import FreshHost  # noqa: E402
from private_apt import PrivateApt  # noqa: E402
from stubs import write_index  # noqa: E402

SIMULATION = "apt-get install -s"
PLAYBOOK = "ansible-playbook"
TARGETS = {SIMULATION: 1.0, PLAYBOOK: 0.05}
TOOLS = ["python3", "ansible-core", "python3-apt"]
TIMER = """
import json, subprocess, sys, time
commands, rounds = json.loads(sys.argv[1]), int(sys.argv[2])
seconds = {name: [] for name in commands}
for number in range(rounds + 1):
    for name, argv in commands.items():
        start = time.monotonic()
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        taken = time.monotonic() - start
        if done.returncode != 0 or (name == 'ansible-playbook' and 'changed=0' not in done.stdout):
            sys.exit(f'{name} ended with {done.returncode}: {done.stdout[-800:]} {done.stderr[-800:]}')
        if number:
            seconds[name].append(taken)
print(json.dumps(seconds))
"""
SIZE = "dpkg-query -W -f '${Installed-Size}\\n' | awk '{ kib += $1; n++ } END { print n, kib }'"


def playbook(names: list) -> str:
    return ("- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n"
            f"  - ansible.builtin.apt: {{name: [{', '.join(names)}], state: present, install_recommends: false}}\n"
            "  - ansible.builtin.systemd_service: {name: libvirtd.service, enabled: true}\n"
            "  - ansible.builtin.systemd_service: {name: libvirtd.socket, state: started}\n")


def fetch_tools(place: pathlib.Path, suite: str) -> pathlib.Path:
    """A repository with the measuring side's packages, and the suite's real lists, kept beside the host's. `names` in it are those that the suite has."""
    repo = place / "bench"
    if not repo.exists():
        apt = PrivateApt(place / "apt", suites.sources(suite), place / "root/var/lib/dpkg/status")
        known = apt.run("apt-cache", "pkgnames", "ansible-core").split()
        names = TOOLS if "ansible-core" in known else ["python3"]
        apt.run("apt-get", "-q", "-y", "--no-install-recommends", "--download-only", "install", *names)
        fresh = place / "bench.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        for package in (apt.folder / "cache/archives").glob("*.deb"):
            shutil.move(package, fresh / package.name.replace("%3a", "."))
        write_index(fresh)
        shutil.copytree(apt.folder / "lists", fresh / "lists")
        shutil.copy(apt.folder / "sources.list", fresh)
        (fresh / "names").write_text(" ".join(names))
        fresh.rename(repo)
        apt.drop()
    return repo


def script_of(names: list, tools: str, rounds: int) -> dict:
    # Like host-setup, what it is measured against talks to nobody.
    commands = {"host-setup apply": ["/host-setup", "apply"],
                SIMULATION: ["apt-get", "-s", "--no-install-recommends", "install", *names]}
    if "ansible" in tools:
        commands[PLAYBOOK] = ["ansible-playbook", "-i", "localhost,", "/play.yml"]
    return {"before": SIZE, "apply": "/host-setup apply", "after": SIZE,
            "tools": ("echo 'deb [trusted=yes] copy:/srv/bench ./' >>/etc/apt/sources.list; apt-get update &&"
                      f" apt-get -y -q --no-install-recommends install {tools} </dev/null"),
            # apt's real lists: with the short ones of the repository it would have next to nothing to read.
            "lists": ("cp /srv/bench/sources.list /etc/apt/ && cp -a /srv/bench/lists/. /var/lib/apt/lists/ && apt-cache gencaches"),
            "measure": f"HOME=/root LC_ALL=C.UTF-8 python3 /timer.py '{json.dumps(commands)}' {rounds}"}


def tell(seconds: dict, rounds: int, title: str) -> None:
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    ours = medians["host-setup apply"]
    print(f"{title} ({rounds} rounds, interleaved, {os.cpu_count()} CPUs)")
    for name, taken in seconds.items():
        wanted = f"; wanted at most {TARGETS[name]}" if name in TARGETS else ""
        print(f"  {name:<24} median {medians[name] * 1000:9.1f} ms  ({min(taken) * 1000:.1f} to {max(taken) * 1000:.1f})"
              f"  ours takes {ours / medians[name]:.3f} of it{wanted}")
    print(json.dumps({"schema": "kvmkit.bench/1", "title": title, "rounds": rounds,
                      "median_ms": {name: round(value * 1000, 2) for name, value in medians.items()},
                      "ratio": {name: round(ours / medians[name], 4) for name in TARGETS if name in medians}}), flush=True)


def measure(options) -> None:
    place = options.hosts.resolve() / options.suite
    subprocess.run([sys.executable, ROOT / "tests/setup/make_host.py", options.hosts, options.host_setup, options.suite], check=True)
    names = (place / "repo/names").read_text().split()
    tools = fetch_tools(place, options.suite)
    binds = {"/srv/repo": place / "repo", "/srv/bench": tools}
    host = FreshHost(place, options.host_setup)
    (host.root / "srv/bench").mkdir()
    (host.root / "timer.py").write_text(TIMER)
    (host.root / "play.yml").write_text(playbook(names))
    with open(os.devnull, "w", encoding="utf-8") as quiet:
        shown, sys.stdout = sys.stdout, quiet
        answers = booted.boot(host.root, script_of(names, (tools / "names").read_text(), options.rounds), binds, 600)
        sys.stdout = shown
    for name, (code, text) in answers.items():
        if code != 0:
            sys.exit(f"{name} ended with {code}: {text[-2000:]}")
    tell(json.loads(answers["measure"][1].splitlines()[-1]), options.rounds, f"nothing to do on {options.suite}")
    before, after = ([int(word) for word in answers[name][1].split()] for name in ("before", "after"))
    fetched = sum(each.stat().st_size for each in (place / "repo").glob("*.deb"))
    print(f"a fresh {options.suite} gets {after[0] - before[0]} packages: {fetched / 1e6:.0f} MB to fetch, "
          f"{(after[1] - before[1]) * 1024 / 1e6:.0f} MB on disk")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("usage:", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--hosts", type=pathlib.Path, default=ROOT / "build/dev/setup-hosts")
    parser.add_argument("--host-setup", dest="host_setup", type=pathlib.Path, default=ROOT / "build/release/bin/host-setup")
    return parser.parse_args()


if __name__ == "__main__":
    OPTIONS = read_options()
    if os.environ.get("KVMKIT_BENCH_INSIDE") != "1":
        os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv],
                   {**os.environ, "KVMKIT_BENCH_INSIDE": "1"})
    measure(OPTIONS)
