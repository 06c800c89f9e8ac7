# SPDX-License-Identifier: Apache-2.0
"""Cases of repositories and mirrors: dnf, dnf5, zypper and pacman are real, the vendor and the mirror are servers on 127.0.0.1.
Each asserts the exit code, the message and the state that is left."""
import re
import shutil
import subprocess
import time
from pathlib import Path

from mirror_server import Key
from repo_scenes import RepoScene, scene_of
from rpm_machine import DnfMachine
from schema import check
from switch_faults import RECORD, expect_undone


@scene_of
def mirror_is_used_and_given_back(machine: DnfMachine, scene: RepoScene) -> None:
    before, others = scene.state(), scene.others()
    planned = machine.setup("plan", "mirror", "--mirror", scene.mirror, "--json")
    check(planned.record)
    assert planned.code == 1 and scene.state() == before, planned
    done = machine.setup("mirror", "use", scene.mirror, "--json")
    check(done.record)
    assert done.code == 0 and done.record["changed"], done
    text = before[0].decode("latin-1")
    assert scene.text() == scene.moved(text, scene.mirror), scene.text()
    assert scene.state()[1:4] == before[1:4], "mode and owner are kept"
    assert scene.others() == others, "a repository of somebody else's was touched"
    assert any("it is left as it is" in note for note in done.record["notes"])
    assert list((machine.root / "var/cache/kvmkit").glob("mirror-*")) == [], "the proof's folder is gone"

    written = scene.state(), (machine.root / RECORD).stat().st_mtime_ns
    again = machine.setup("mirror", "use", scene.mirror, "--json")
    assert again.code == 0 and not again.record["changed"] and again.record["transaction"] is None, again
    assert (scene.state(), (machine.root / RECORD).stat().st_mtime_ns) == written, "the second run wrote something"
    listed = machine.setup("mirror", "list", "--json")
    check(listed.record)
    assert listed.record["kind"] == scene.archive and listed.record["used"] == [scene.mirror] and listed.record["mirrors"], listed

    other = scene.use(scene.vendor)  # a third place, known by what the file was before the first change
    assert other.code == 0 and scene.text() in (scene.moved(text, scene.vendor), text), scene.text()
    back = machine.setup("mirror", "restore")
    assert back.code == 0 and scene.state() == before and not (machine.root / RECORD).exists(), back
    none = machine.setup("mirror", "restore")
    assert none.code == 0 and f"host-setup has not changed {machine.manager}'s repositories" in none.out
    assert scene.use().code == 0
    rolled = machine.setup("rollback")
    assert rolled.code == 0 and scene.state() == before and scene.others() == others, rolled


def refused(scene: RepoScene, cause: str, *words: str, url: str = ""):
    before, lists = scene.state(), scene.lists()
    done = scene.use(url)
    assert done.code == 3 and f"cannot use mirror '{url or scene.mirror}': {cause}" in done.err, done
    for each in words:
        assert each in done.err, (each, done)
    assert "hint: " in done.err and scene.state() == before and not (scene.machine.root / RECORD).exists()
    assert scene.lists() == lists != [], "the proof wrote to the host's own lists"
    return done


@scene_of
def mirrors_that_do_not_serve_are_refused(machine: DnfMachine, scene: RepoScene) -> None:
    """Each with its cause, and nothing changed."""
    done = refused(scene, "it ", url=f"http://127.0.0.1:1/{scene.archive}/")
    assert re.search(r": it (refuses connections|cannot be reached)", done.err), done
    refused(scene, "its name cannot be resolved", "resolver", url=f"http://no-such-host.invalid/{scene.archive}/")
    archive = scene.folder / "mirror" / scene.archive
    shutil.rmtree(archive)
    refused(scene, f"it does not have release '{scene.release}'", "host-setup mirror test")
    scene.fill(archive)
    if machine.manager == "pacman":
        (archive / scene.main / "core.db").write_bytes(b"no archive of anything")
        refused(scene, f"'{' '.join(machine.wanted)}' cannot be installed from it", "core.db: Unrecognized archive format")
    else:
        for primary in (archive / scene.main / "repodata").glob("*primary.xml*"):
            primary.write_bytes(primary.read_bytes() + b"\n")
        refused(scene, "what it serves is not what its index says", "try again in an hour")
    machine.drop(machine.emulator)  # of the root's own repository, which the mirror then follows
    scene.fill(archive)
    refused(scene, f"'{' '.join(machine.wanted)}' cannot be installed from it", machine.emulator, "is it complete?")
    wrong = scene.use("nowhere")
    assert wrong.code == 2 and "'nowhere' is no mirror" in wrong.err


@scene_of
def mirror_that_fails_late_gives_the_repositories_back(machine: DnfMachine, scene: RepoScene) -> None:
    """It serves while it is tried, and no longer once the repositories name it."""
    before = scene.state()
    first = scene.use()
    assert first.code == 0
    while_tried = scene.asked_for_index() - 1  # the last one was for the repositories as they are
    assert machine.setup("mirror", "restore").code == 0 and scene.state() == before
    scene.server.asked.clear()
    scene.server.refuses = lambda path: scene.asked_for_index() > while_tried
    done = scene.use()
    assert done.code == 12 and f"cannot use mirror '{scene.mirror}'" in done.err, done
    assert scene.state() == before and not (machine.root / RECORD).exists()
    assert machine.setup("apply", "hypervisor").code == 0 and machine.installed(machine.emulator)


@scene_of
def killed_switch_is_undone(machine: DnfMachine, scene: RepoScene) -> None:
    text = scene.state()[0].decode("latin-1")
    expect_undone(machine, scene, scene.steps, scene.moved(text, scene.mirror).encode("latin-1"))


@scene_of
def component_of_apply_turns_first(machine: DnfMachine, scene: RepoScene) -> None:
    before = scene.state()
    for server in (scene.server, scene.vendor_server):  # on which pacman falls back
        server.refuses = lambda path: path.endswith((".rpm", ".zst"))
    failed = machine.setup("apply", "mirror", "hypervisor", "--mirror", scene.mirror)
    assert failed.code == 3 and scene.state() == before and not machine.packages(), failed
    assert not (machine.root / RECORD).exists()
    scene.server.refuses = lambda path: False
    done = machine.setup("apply", "mirror", "hypervisor", "--mirror", scene.mirror)
    assert done.code == 0 and machine.installed(machine.emulator), done
    assert any(machine.emulator in path for path in scene.server.asked), "the packages came from the mirror"


@scene_of
def security_moves_only_if_it_is_asked_for(machine: DnfMachine, scene: RepoScene) -> None:
    updates = {"dnf": "", "dnf5": "updates/$releasever/Everything/$basearch/", "zypper": "update/leap/$releasever/oss/"}[machine.manager]
    if not updates:  # Rocky Linux has them in its main ones
        assert scene.use("", "--security").code == 0 and scene.mirror in scene.text()
        return
    place = updates.replace("$releasever", scene.release).replace("$basearch", "x86_64")
    for name in ("vendor", "mirror"):
        shutil.copytree(machine.root / "srv/other", scene.folder / name / scene.archive / place)
    key = getattr(scene, "key", "")
    line = f"baseurl={scene.vendor}{updates}\n"
    scene.write(scene.text() + f"\n[updates]\nname=Updates\nenabled=1\ngpgcheck=0\n{line}{key}\n")
    before = scene.text()
    stays = scene.use()
    assert stays.code == 0 and "brings security updates: it stays" in stays.out, stays
    assert scene.text() == scene.moved(before.replace(line, "@"), scene.mirror).replace("@", line)
    assert scene.use("", "--security").code == 0
    assert scene.text() == scene.moved(before.replace(line, "@"), scene.mirror).replace("@", line.replace(scene.vendor, scene.mirror))
    assert machine.setup("mirror", "restore").code == 0 and scene.text() == before


@scene_of
def edited_repositories_are_not_overwritten(machine: DnfMachine, scene: RepoScene) -> None:
    assert scene.use().code == 0
    scene.path.write_bytes(scene.path.read_bytes() + b"# mine\n")
    done = machine.setup("mirror", "restore")
    assert done.code == 10 and f"refused to restore '/{scene.file}': it was edited" in done.err and RECORD in done.err, done
    assert scene.path.read_bytes().endswith(b"# mine\n")


def sign(archive: Path, key: Key) -> None:
    index = archive / "repodata/repomd.xml"
    key.gpg("--detach-sign", "--armor", "--output", f"{index}.asc", str(index))


@scene_of
def signature_of_an_index_is_checked_as_before(machine: DnfMachine, scene: RepoScene) -> None:
    vendor, stranger = Key("vendor"), Key("stranger")
    try:
        keys = machine.root / "etc/pki/rpm-gpg"
        keys.mkdir(parents=True)
        (keys / "RPM-GPG-KEY-Rocky-9").write_bytes(vendor.gpg("--export", "--armor").stdout)
        for name in ("vendor", "mirror"):
            sign(scene.folder / name / scene.archive / scene.main, vendor)
        scene.write(scene.text().replace("gpgcheck=0\n", "gpgcheck=1\nrepo_gpgcheck=1\n"))
        assert machine.run(*machine.fetch).code == 0
        assert scene.use().code == 0 and "gpgcheck=1\nrepo_gpgcheck=1\n" in scene.text()
        assert machine.setup("mirror", "restore").code == 0
        sign(scene.folder / "mirror" / scene.archive / scene.main, stranger)
        refused(scene, "its signature is wrong, or by a key that this host does not trust")
        (scene.folder / "mirror" / scene.archive / scene.main / "repodata/repomd.xml.asc").unlink()
        refused(scene, "it is not signed", "repomd.xml.asc")
    finally:
        vendor.drop()
        stranger.drop()


@scene_of
def mirrors_are_measured(machine: DnfMachine, scene: RepoScene) -> None:
    dead = f"http://127.0.0.1:1/{scene.archive}/"
    done = machine.setup("mirror", "test", scene.mirror, dead, "--json", "--timeout", "5")
    check(done.record)
    found = {each["archive"]: each for each in done.record["mirrors"]}
    assert done.code == 0 and done.record["suite"] == scene.release, done
    assert found[scene.mirror]["bytes"] > 100 and found[scene.mirror]["problem"] is None
    assert found[scene.mirror]["whole_ms"] >= found[scene.mirror]["first_byte_ms"]
    assert found[dead]["whole_ms"] is None and "127.0.0.1" in found[dead]["problem"]
    named = [each["name"] for each in done.record["mirrors"]]
    assert ("(now)" in named) == (machine.manager in ("zypper", "pacman")), "a vendor's list of mirrors is no mirror"
    scene.server.refuses = lambda path: True
    lacks = machine.setup("mirror", "test", scene.mirror)
    assert f"does not have {scene.release}" in lacks.out, lacks
    (machine.root / "usr/bin/curl").unlink()
    without = machine.setup("mirror", "test", scene.mirror)
    assert without.code == 1 and "there is no curl" in without.out, without


@scene_of
def trial_waits_for_a_lock_as_long_as_it_is_told(machine: DnfMachine, scene: RepoScene) -> None:
    """Somebody takes zypper's lock between our look at it and the trial of the mirror: what curl asks comes between them."""
    before, curl = scene.state(), machine.root / "usr/bin/curl"
    with subprocess.Popen(["sleep", "100"]) as sleeper:
        curl.rename(curl.with_name("curl.real"))
        curl.write_text(f"#!/bin/sh\necho {sleeper.pid} >/run/zypp.pid\nexec /usr/bin/curl.real \"$@\"\n")
        curl.chmod(0o755)
        began = time.monotonic()
        held = scene.use("", "--lock-timeout", "1")
        lasted = time.monotonic() - began
        sleeper.kill()
    assert held.code == 3 and "cannot read repositories: zypper ended with 7" in held.err and "--lock-timeout" in held.err, held
    assert lasted < 60 and scene.state() == before, lasted
    assert scene.use().code == 0


@scene_of
def ended_release_is_found_in_the_archive(machine: DnfMachine, scene: RepoScene) -> None:
    shutil.rmtree(scene.folder / "mirror" / scene.archive)
    scene.catalogue(f'{{"archives": {{"{scene.archive}": "{scene.vendor}"}}, "mirrors": [{{"name": "mine", "where": "here", '
                    f'"{scene.archive}": "{scene.mirror}"}}, {{"name": "home", "where": "here", "{scene.archive}": "{scene.vendor}"}}]}}')
    done = scene.use("mine")
    assert done.code == 3 and f"it does not have release '{scene.release}'" in done.err, done
    assert f"the release has ended and is kept at {scene.vendor}: host-setup mirror use {scene.vendor}" in done.err


@scene_of
def unreadable_repositories_are_named(machine: DnfMachine, scene: RepoScene) -> None:
    path = "etc/pacman.conf" if machine.manager == "pacman" else scene.file
    file = machine.root / path
    text = file.read_bytes()
    file.write_bytes(b"[broken\n" + text)
    done = scene.use()
    assert done.code == 2 and f"cannot read repositories: /{path} line 1: the section's name has no end" in done.err, done
    file.write_bytes(b"[options]\n" if machine.manager == "pacman" else b"")
    nothing = scene.use()
    assert nothing.code == 3 and f"in {machine.manager}'s repositories" in nothing.err and "cannot find the repositories" in nothing.err
    (machine.root / "usr/lib/os-release").write_text('ID=rhel\nID_LIKE=fedora\nVERSION_ID="9.4"\nPRETTY_NAME="Red Hat Enterprise Linux 9.4"\n')
    for words in (("mirror", "use", scene.mirror), ("mirror", "list")):
        unknown = machine.setup(*words)
        assert unknown.code == 10 and "no public" in unknown.err and "Red Hat Enterprise Linux" in unknown.err, unknown


CASES = (mirror_is_used_and_given_back, mirrors_that_do_not_serve_are_refused, mirror_that_fails_late_gives_the_repositories_back,
         killed_switch_is_undone, component_of_apply_turns_first, security_moves_only_if_it_is_asked_for,
         edited_repositories_are_not_overwritten, mirrors_are_measured, ended_release_is_found_in_the_archive,
         unreadable_repositories_are_named)
OF_DNF = (signature_of_an_index_is_checked_as_before,)
OF_ZYPPER = (trial_waits_for_a_lock_as_long_as_it_is_told,)
