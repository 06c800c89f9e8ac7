# SPDX-License-Identifier: Apache-2.0
"""Cases of faults in the middle of a change of files: what is there afterwards is the old or the new, and the look is kept."""
import contextlib
import os
import signal
import struct
import subprocess
from pathlib import Path

from machine import Machine
from mirror_cases import Scene, scene_of
from switch_faults import RECORD

LABEL = b"system_u:object_r:etc_t:s0"
ACL = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in (
    (1, 6, 0xffffffff), (2, 4, 65534), (4, 4, 0xffffffff), (16, 4, 0xffffffff), (32, 0, 0xffffffff)))  # user nobody may read
STATES = ("applying", "applied", "rolling-back", "rolled-back")


def attributes(path: Path) -> dict:
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


@scene_of
def labels_and_access_lists_are_kept(machine: Machine, scene: Scene) -> None:
    os.setxattr(scene.list, "security.selinux", LABEL)
    os.setxattr(scene.list, "system.posix_acl_access", ACL)
    os.setxattr(scene.list, "user.note", b"mine")
    scene.write(scene.list.read_text("latin-1"))  # the mode goes through the list's mask
    before, kept = scene.state(), attributes(scene.list)
    assert scene.use().code == 0 and scene.state() != before
    assert attributes(scene.list) == kept and scene.state()[1:4] == before[1:4]
    assert machine.setup("rollback").code == 0
    assert scene.state() == before and attributes(scene.list) == kept


def steps_of(machine: Machine, identity: str) -> int:
    return len(machine.setup("show", identity, "--json").record["change"]["steps"])


def strike(machine: Machine, moment: str, *words: str) -> None:
    killed = machine.setup(*words, KVMKIT_FAULT=f"kill:{moment}")
    assert killed.code == -signal.SIGKILL, (moment, killed)


@scene_of
def an_undoing_that_is_killed_is_ended(machine: Machine, scene: Scene) -> None:
    """Power goes at each record of the way there and of the way back: then all is old again."""
    before = scene.state()
    done = machine.setup("mirror", "use", scene.mirror.url, "--json")
    assert done.code == 0
    new, count = scene.state()[0], steps_of(machine, done.record["transaction"])
    assert machine.setup("rollback").code == 0 and scene.state() == before
    moments = [f"undo:{index}" for index in range(count)] + [f"state:{state}" for state in STATES]
    tried = 0
    for moment in moments:
        assert scene.use().code == 0 and scene.state()[0] == new
        killed = machine.setup("rollback", KVMKIT_FAULT=f"kill:{moment}")
        assert scene.state()[0] in (before[0], new), f"{moment}: neither the old bytes nor the new ones"
        if killed.code == 0:  # a state or step that the way back does not pass
            assert scene.state() == before
            continue
        tried += 1
        assert killed.code == -signal.SIGKILL, (moment, killed)
        assert machine.setup("resume").code == 0, moment
        assert scene.state() == before and not (machine.root / RECORD).exists(), moment
    assert tried >= 4, "the faults did not strike"
    for state in ("applying", "applied"):
        strike(machine, f"state:{state}", "mirror", "use", scene.mirror.url)
        assert machine.setup("resume").code == 0
        assert scene.state() == before and not (machine.root / RECORD).exists(), state


def an_apply_that_is_killed_anywhere_is_ended(machine: Machine) -> None:
    """Whatever step of apply: the device is as it was or as it is to be, and resume leaves no half."""
    reference = machine.setup("apply", "modules", "hypervisor", "--json")
    count = steps_of(machine, reference.record["transaction"])
    assert reference.code == 0 and count >= 2
    assert machine.setup("rollback").code == 0
    device = machine.root / "dev/kvm"
    old = (device.stat().st_mode, device.stat().st_gid)
    assert machine.setup("apply", "modules").code == 0
    new = (device.stat().st_mode, device.stat().st_gid)
    assert old != new and machine.setup("rollback").code == 0
    for moment in ("before:0", "after:0", "state:applying", "state:applied"):
        strike(machine, moment, "apply", "modules")
        assert (device.stat().st_mode, device.stat().st_gid) in (old, new), moment
        assert machine.setup("resume").code == 0
        assert (device.stat().st_mode, device.stat().st_gid) == old, moment
    assert machine.setup("apply").code == 0 and "nothing to do" in machine.setup("apply").out


@contextlib.contextmanager
def read_only(folder: Path):
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@contextlib.contextmanager
def full(folder: Path):
    """The same files, on a disk without a free byte."""
    copy = folder.with_name(folder.name + ".copy")
    subprocess.run(["cp", "-a", folder, copy], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "small", folder], check=True)
    try:
        subprocess.run(["cp", "-a", f"{copy}/.", folder], check=True)
        subprocess.run(["dd", "if=/dev/zero", f"of={folder}/full", "bs=4k"], check=False, capture_output=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@scene_of
def a_way_back_that_is_barred_is_tried_again(machine: Machine, scene: Scene) -> None:
    """/etc became read-only, or the disk full, before the way back: what is left is named, nothing is mixed, and resume ends it."""
    before = scene.state()
    assert scene.use().code == 0
    new = scene.state()[0]
    with read_only(machine.root / "etc/apt"):
        barred = machine.setup("rollback")
        assert barred.code == 4 and "Read-only file system" in barred.err and "host-setup resume" in barred.err, barred
        assert scene.state()[0] == new
    assert machine.setup("resume").code == 0 and scene.state() == before
    for place in ("etc/apt", "var/lib/kvmkit"):
        with full(machine.root / place):
            failed = scene.use()
            assert failed.code == 3 and "No space left on device" in failed.err, failed
            assert scene.list.read_bytes() == before[0]
    assert scene.state() == before and scene.use().code == 0


def a_half_configured_package_is_repaired_on_request(machine: Machine) -> None:
    cured = "test -e /srv/cured || { echo the cable is unplugged >&2; exit 7; }"
    machine.replace("unwanted", scripts={"postinst": f"#!/bin/sh\n{cured}\n"})
    assert machine.run("dpkg", "-i", "/srv/repo/unwanted.deb").code != 0
    refused = machine.setup("apply")
    assert refused.code == 3 and "unwanted (half-configured)" in refused.err and "host-setup apply --repair" in refused.err
    planned = machine.setup("plan", "--repair")
    assert planned.code == 1 and "finish what an interrupted dpkg began" in planned.out
    failed = machine.setup("apply", "--repair")
    assert failed.code == 3 and "the cable is unplugged" in failed.err and not machine.installed("vlan"), failed
    (machine.root / "srv/cured").touch()
    done = machine.setup("apply", "--repair", "--json")
    kinds = [step["kind"] for step in done.record["steps"]]
    assert done.code == 0 and kinds[:2] == ["hold-libvirt", "finish-packages"] and "release-libvirt" in kinds, done
    assert not (machine.root / "usr/sbin/policy-rc.d").exists()
    assert machine.installed("unwanted") and machine.installed("vlan")
    assert "nothing to do" in machine.setup("apply", "--repair").out
