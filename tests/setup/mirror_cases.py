# SPDX-License-Identifier: Apache-2.0
"""Cases of apt's sources and mirrors: apt and gpgv are real, the vendor and the mirrors are servers on 127.0.0.1."""
import os
import shutil
import subprocess
import time
from email.utils import formatdate

from machine import Machine
from mirror_server import HOUR, KEYRING, Archive, Key, Server, make_certificate
from schema import check
from switch_faults import RECORD, expect_undone

LIST = "etc/apt/sources.list"
STEPS = 4  # keep, write, write the record, refresh


class Scene:
    """A machine that takes its packages from a vendor, and a mirror of that."""

    def __init__(self, machine: Machine) -> None:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self.machine = machine
        self.key = Key("vendor")
        self.folder = machine.root.parent / "archives"
        self.vendor_archive = Archive(self.folder / "vendor", self.key, machine.repo)
        self.mirror_archive = Archive(self.folder / "mirror", self.key, machine.repo)
        self.vendor, self.mirror = Server(self.folder / "vendor"), Server(self.folder / "mirror")
        (machine.root / KEYRING).write_bytes(self.key.public())
        self.list = machine.root / LIST
        self.write(f"# caf\xe9\ndeb [arch=amd64 signed-by=/{KEYRING}] {self.vendor.url} bookworm main # base\n"
                   f"deb [signed-by=/{KEYRING}] {self.vendor.url} bookworm-updates main\n"
                   f"deb [signed-by=/{KEYRING}] {self.security} bookworm-security main\n"
                   "#deb-src http://example.org/debian bookworm main\n")
        assert machine.run("apt-get", "update").code == 0

    @property
    def security(self) -> str:
        return self.vendor.url.replace("/debian/", "/debian-security/")

    def write(self, text: str) -> None:
        self.list.write_bytes(text.encode("latin-1"))
        os.chmod(self.list, 0o640)
        os.chown(self.list, 0, 4)
        os.utime(self.list, ns=(1_600_000_000_123_456_789, 1_600_000_000_123_456_789))

    def state(self) -> tuple:
        status = self.list.stat()
        return self.list.read_bytes(), status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns

    def use(self, url: str = "", *more: str, **environment: str):
        return self.machine.setup("mirror", "use", url or self.mirror.url, *more, **environment)

    def close(self) -> None:
        self.key.drop()


def scene_of(case):
    def run(machine: Machine) -> None:
        scene = Scene(machine)
        try:
            case(machine, scene)
        finally:
            scene.close()
    run.__name__ = case.__name__
    return run


@scene_of
def a_mirror_is_used_and_given_back(machine: Machine, scene: Scene) -> None:
    before = scene.state()
    planned = machine.setup("plan", "mirror", "--mirror", scene.mirror.url, "--json")
    check(planned.record)
    assert planned.code == 1 and scene.state() == before
    done = machine.setup("mirror", "use", scene.mirror.url, "--json")
    check(done.record)
    assert done.code == 0 and done.record["changed"], done
    text = scene.list.read_bytes().decode("latin-1")
    assert text == before[0].decode("latin-1").replace(f"{scene.vendor.url} bookworm", f"{scene.mirror.url} bookworm"), text
    assert f"{scene.security} bookworm-security" in text, "security updates stay with their vendor"
    assert scene.state()[1:4] == before[1:4], "mode and owner are kept"
    assert list((machine.root / "var/cache/kvmkit").iterdir()) == [], "the proof's folder is gone"
    assert machine.run("apt-get", "indextargets", "--format", "$(REPO_URI)").out.count(scene.mirror.url) > 0

    written = scene.state(), (machine.root / RECORD).stat().st_mtime_ns
    again = machine.setup("mirror", "use", scene.mirror.url, "--json")
    assert again.code == 0 and not again.record["changed"] and again.record["transaction"] is None
    assert (scene.state(), (machine.root / RECORD).stat().st_mtime_ns) == written, "the second run wrote something"

    listed = machine.setup("mirror", "list", "--json")
    check(listed.record)
    assert listed.record["used"] == [scene.mirror.url] and len(listed.record["mirrors"]) > 5

    back = machine.setup("mirror", "restore")
    assert back.code == 0 and scene.state() == before and not (machine.root / RECORD).exists()
    none = machine.setup("mirror", "restore")
    assert none.code == 0 and "nothing to do" in none.out and "has not changed apt's sources" in none.out


@scene_of
def security_moves_only_if_it_is_asked_for(machine: Machine, scene: Scene) -> None:
    assert scene.use("", "--security").code == 0
    text = scene.list.read_text("latin-1")
    assert scene.vendor.url not in text and f"{scene.mirror.url.replace('/debian/', '/debian-security/')} bookworm-security" in text
    plain = Server(scene.folder / "mirror/debian")
    wrong = scene.use(plain.url.replace("/debian/", "/"), "--security")
    assert wrong.code == 3 and "for security updates: it is not known to have them" in wrong.err and "leave out" in wrong.err


@scene_of
def stanzas_are_edited_in_place(machine: Machine, scene: Scene) -> None:
    scene.list.unlink()
    stanza = (f"# the distribution\nTypes: deb\n# its archive\nURIs: {scene.vendor.url}\nSuites: bookworm bookworm-updates\n"
              f"Components: main\nSigned-By: /{KEYRING}\n\nTypes: deb\nURIs: {scene.security}\nSuites: bookworm-security\n"
              f"Components: main\nSigned-By: /{KEYRING}\n")
    foreign = "Types: deb\nURIs: http://127.0.0.1:1/debian\nSuites: bookworm\nComponents: main\nEnabled: no\n"
    sources = machine.root / "etc/apt/sources.list.d/debian.sources"
    other = machine.root / "etc/apt/sources.list.d/other.sources"
    sources.write_text(stanza)
    other.write_text(foreign)
    assert machine.run("apt-get", "update").code == 0
    done = scene.use()
    assert done.code == 0, done
    assert sources.read_text() == stanza.replace(f"URIs: {scene.vendor.url}\n", f"URIs: {scene.mirror.url}\n")
    assert other.read_text() == foreign and "not known to be the distribution's" in done.out
    assert not scene.list.exists()


@scene_of
def a_component_of_apply_turns_first(machine: Machine, scene: Scene) -> None:
    for words in (("apply", "mirror"), ("plan", "mirror"), ("apply", "hypervisor", "--mirror", "aliyun")):
        wrong = machine.setup(*words)
        assert wrong.code == 2 and "--mirror" in wrong.err
    unknown = machine.setup("apply", "mirror", "--mirror", "nowhere")
    assert unknown.code == 2 and "'nowhere' is no mirror" in unknown.err
    done = machine.setup("apply", "mirror", "hypervisor", "--mirror", scene.mirror.url)
    assert done.code == 0 and machine.installed("qemu-utils"), done
    assert scene.mirror.url in scene.list.read_text("latin-1")
    assert any("/pool/vlan.deb" in path for path in scene.mirror.asked), "the packages came from the mirror"


@scene_of
def a_failed_installation_gives_the_sources_back(machine: Machine, scene: Scene) -> None:
    before = scene.state()
    scene.mirror.refuses = lambda path: path.endswith("vlan.deb")
    done = machine.setup("apply", "mirror", "hypervisor", "--mirror", scene.mirror.url)
    assert done.code == 3 and "Failed to fetch" in done.err and scene.state() == before
    assert not (machine.root / RECORD).exists()


def refused(scene: Scene, cause: str, *words: str, url: str = "") -> None:
    before = scene.state()
    done = scene.use(url)
    assert done.code == 3 and f"cannot use mirror '{url or scene.mirror.url}': {cause}" in done.err, done
    for each in words:
        assert each in done.err, (each, done)
    assert "hint: " in done.err and scene.state() == before and not (scene.machine.root / RECORD).exists()


@scene_of
def mirrors_that_do_not_serve_are_refused(machine: Machine, scene: Scene) -> None:
    """The ways in which apt-get update fails, or says that it did not: each with its cause, and nothing changed."""
    archive, suite = scene.mirror_archive, "bookworm"
    refused(scene, "it refuses connections", "127.0.0.1", url="http://127.0.0.1:1/debian/")
    refused(scene, "its name cannot be resolved", "resolver", url="http://no-such-host.invalid/debian/")

    archive.suite(suite, Components="other")
    refused(scene, "it lacks a component that the sources ask for", "doesn't have the component 'main'")
    stranger = Key("stranger")
    archive.suite(suite, key=stranger)
    stranger.drop()
    refused(scene, "it is signed by a key that this host does not trust", "NO_PUBKEY")
    archive.suite(suite, signed=False)
    refused(scene, "it is not signed")
    archive.suite(suite, listed=archive.index + "\n")
    refused(scene, "it is being brought up to date right now", "File has unexpected size", "try again in an hour")
    archive.suite(suite, listed=archive.index.replace("99.1", "99.2"))
    refused(scene, "what it serves is not what its index says", "Hash Sum mismatch")
    archive.suite(suite, Valid_Until=formatdate(time.time() - HOUR / 2, usegmt=True))
    refused(scene, "its index is too old", "is expired", "never turned off")
    archive.suite(suite, Date=formatdate(time.time() + 900 * HOUR, usegmt=True))
    refused(scene, "this host's clock is behind", "is not valid yet", "set the clock")
    archive.suite(suite, Codename="trixie", Suite="testing")
    refused(scene, "it serves another release under this name")
    shutil.rmtree(scene.folder / "mirror/debian/dists" / suite)
    refused(scene, "it does not have release 'bookworm'", "host-setup mirror test")

    secure = Server(scene.folder / "vendor", make_certificate(scene.folder))
    refused(scene, "its certificate cannot be checked", "ca-certificates", url=secure.url)


@scene_of
def sources_that_do_not_serve_are_named_by_apply(machine: Machine, scene: Scene) -> None:
    """The same ways with the sources that the host has: apt-get update ends with 0 for some of them, and apply does not."""
    archive, suite = scene.vendor_archive, "bookworm"
    stranger = Key("stranger")
    ways = {
        "doesn't have the component 'main'": {"Components": "other"},
        "NO_PUBKEY": {"key": stranger},
        "is not signed": {"signed": False},
        "File has unexpected size": {"listed": archive.index + "\n"},
        "Hash Sum mismatch": {"listed": archive.index.replace("99.1", "99.2")},
        "is expired": {"Valid_Until": formatdate(time.time() - HOUR / 2, usegmt=True)},
        "is not valid yet": {"Date": formatdate(time.time() + 900 * HOUR, usegmt=True)},
    }
    before = machine.database()

    def fails(words: str) -> str:
        for stale in (machine.root / "var/lib/apt/lists").glob("*_*"):
            stale.unlink()
        done = machine.setup("apply", "hypervisor")
        assert done.code == 3 and words in done.err and "hint: " in done.err, (words, done)
        assert machine.database() == before and not machine.installed("qemu-utils")
        return done.err

    for words, way in ways.items():
        archive.suite(suite, **way)
        fails(words)
    stranger.drop()
    shutil.rmtree(scene.folder / "vendor/debian/dists" / suite)
    assert "host-setup mirror use" in fails("does not have a Release file"), "a release that has ended may be in the archive"
    archive.suite(suite)
    text = scene.list.read_text("latin-1")
    scene.write(text.replace(scene.vendor.url, "http://127.0.0.1:1/debian/"))
    fails("Could not connect to 127.0.0.1:1")
    scene.write(text)
    assert machine.setup("apply", "hypervisor").code == 0 and machine.installed("qemu-utils")


@scene_of
def a_mirror_without_a_package_is_refused(machine: Machine, scene: Scene) -> None:
    index = "\n\n".join(each for each in scene.mirror_archive.index.split("\n\n") if "Package: vlan\n" not in each)
    scene.mirror_archive.suite("bookworm", index=index)
    before = scene.state()
    done = machine.setup("apply", "mirror", "hypervisor", "--mirror", scene.mirror.url)
    assert done.code == 3 and "cannot be installed from it" in done.err and "Unable to locate package vlan" in done.err
    assert scene.state() == before and not machine.installed("qemu-utils")


@scene_of
def an_ended_release_is_found_in_the_archive(machine: Machine, scene: Scene) -> None:
    shutil.rmtree(scene.folder / "mirror/debian/dists/bookworm")
    folder = machine.root / "etc/kvmkit"
    folder.mkdir()
    (folder / "mirrors.json").write_text(
        f'{{"archives": {{"debian": "{scene.vendor.url}"}}, "mirrors": [{{"name": "mine", "where": "here", '
        f'"debian": "{scene.mirror.url}"}}]}}')
    done = scene.use("mine")
    assert done.code == 3 and "it does not have release 'bookworm'" in done.err
    command = f"the release has ended and is kept at {scene.vendor.url}: host-setup mirror use {scene.vendor.url} --security"
    assert command in done.err
    (folder / "mirrors.json").write_text("{")
    broken = machine.setup("mirror", "list")
    assert broken.code == 2 and "cannot read catalogue '/etc/kvmkit/mirrors.json'" in broken.err


@scene_of
def an_ended_release_moves_with_its_security(machine: Machine, scene: Scene) -> None:
    """Nobody but the archive has it; the vendor of security updates has not, either."""
    third = Server(scene.folder / "vendor")
    scene.list.write_text(scene.list.read_text("latin-1").replace(scene.vendor.url, third.url), "latin-1")
    folder = machine.root / "etc/kvmkit"
    folder.mkdir()
    (folder / "mirrors.json").write_text(
        f'{{"archives": {{"debian": "{scene.mirror.url}"}}, "mirrors": [{{"name": "mine", "where": "here", '
        f'"debian": "{third.url}"}}]}}')
    third.refuses = scene.vendor.refuses = lambda path: True
    tested = machine.setup("mirror", "test")
    command = f"host-setup mirror use {scene.mirror.url} --security"
    assert tested.code == 0 and command in tested.err, tested
    assert "(ended)" in tested.out and "does not have bookworm" in tested.out
    record = machine.setup("mirror", "test", "--json").record
    check(record)
    assert record["fastest"] == scene.mirror.url
    alone = scene.use(scene.mirror.url)
    assert alone.code == 3 and f"cannot read '{scene.security}' beside mirror '{scene.mirror.url}'" in alone.err, alone
    assert "the same command with --security" in alone.err
    shutil.move(scene.folder / "mirror/debian/dists/bookworm-updates", scene.folder / "kept")
    lacks = scene.use(scene.mirror.url, "--security")
    assert lacks.code == 3 and "comment out suite bookworm-updates in apt's sources" in lacks.err, lacks
    shutil.move(scene.folder / "kept", scene.folder / "mirror/debian/dists/bookworm-updates")
    done = scene.use(scene.mirror.url, "--security")
    assert done.code == 0 and scene.mirror.url.replace("/debian/", "/debian-security/") in scene.list.read_text("latin-1")


@scene_of
def mirrors_are_measured(machine: Machine, scene: Scene) -> None:
    done = machine.setup("mirror", "test", scene.mirror.url, "http://127.0.0.1:1/debian/", "--json", "--timeout", "5")
    check(done.record)
    first, second, third = done.record["mirrors"]
    assert done.code == 0 and {first["archive"], second["archive"]} == {scene.vendor.url, scene.mirror.url}
    assert first["bytes"] > 100 and first["whole_ms"] >= first["first_byte_ms"] and first["problem"] is None
    assert third["archive"] == "http://127.0.0.1:1/debian/" and third["whole_ms"] is None and third["problem"]
    text = machine.setup("mirror", "test", scene.mirror.url)
    assert text.code == 0 and "(now)" in text.out and "the fastest" in text.err
    assert done.record["fastest"] == first["archive"]
    alone = machine.setup("mirror", "test", "http://127.0.0.1:1/debian/", "--json", "--timeout", "5").record
    scene.vendor.refuses = lambda path: True
    best = machine.setup("mirror", "test", scene.mirror.url)
    assert f"the fastest: host-setup mirror use {scene.mirror.url}" in best.err and alone["fastest"] == scene.vendor.url, best
    wrong = machine.setup("mirror", "test", "--timeout", "soon")
    assert wrong.code == 2 and "--timeout" in wrong.err
    nobody = machine.run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/host-setup", "mirror", "use", "163")
    assert nobody.code == 3 and "only root may" in nobody.err


@scene_of
def a_mirror_that_fails_late_gives_the_sources_back(machine: Machine, scene: Scene) -> None:
    """It serves while it is tried, and no longer once the sources name it."""
    before = scene.state()

    def late(path: str) -> bool:
        return scene.mirror.asked.count("/debian/dists/bookworm/InRelease") > 2

    scene.mirror.refuses = late
    done = scene.use()
    assert done.code == 12 and "it does not have this release" in done.err, done
    assert scene.state() == before and not (machine.root / RECORD).exists()
    assert scene.vendor.url in machine.run("apt-get", "indextargets", "--format", "$(REPO_URI)").out


@scene_of
def a_killed_switch_is_undone(machine: Machine, scene: Scene) -> None:
    new = scene.state()[0].replace(f"{scene.vendor.url} bookworm".encode(), f"{scene.mirror.url} bookworm".encode())
    expect_undone(machine, scene, STEPS, new)


@scene_of
def a_folder_that_takes_no_bytes_keeps_the_old_sources(machine: Machine, scene: Scene) -> None:
    before = scene.state()
    etc = machine.root / "etc/apt"
    subprocess.run(["mount", "--bind", etc, etc], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", etc], check=True)
    done = scene.use()
    assert done.code == 3 and "Read-only file system" in done.err and scene.state() == before, done
    subprocess.run(["umount", etc], check=True)

    copy = machine.root / "etc/apt.copy"
    subprocess.run(["cp", "-a", etc, copy], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "small", etc], check=True)
    subprocess.run(["cp", "-a", f"{copy}/.", etc], check=True)
    subprocess.run(["dd", "if=/dev/zero", f"of={etc}/full", "bs=4k"], check=False, capture_output=True)
    done = scene.use()
    assert done.code == 3 and "No space left on device" in done.err and scene.state() == before, done
    assert sorted(each.name for each in etc.iterdir()) == sorted([each.name for each in copy.iterdir()] + ["full"])
    subprocess.run(["umount", etc], check=True)


@scene_of
def edited_sources_are_not_overwritten(machine: Machine, scene: Scene) -> None:
    assert scene.use().code == 0
    scene.list.write_bytes(scene.list.read_bytes() + b"# mine\n")
    done = machine.setup("mirror", "restore")
    assert done.code == 10 and f"refused to restore '/{LIST}': it was edited" in done.err and RECORD in done.err
    assert scene.list.read_bytes().endswith(b"# mine\n")


@scene_of
def unreadable_sources_are_named(machine: Machine, scene: Scene) -> None:
    text = scene.list.read_text("latin-1")
    scene.write(text + "deb http://example.org/debian\n")
    done = scene.use()
    assert done.code == 2 and f"/{LIST} line 6: there is no suite" in done.err
    scene.write("deb http://example.org/debian bookworm main\n")
    for stale in (machine.root / "var/lib/apt/lists").glob("*_*"):
        stale.unlink()
    nothing = scene.use()
    assert nothing.code == 3 and "cannot find the archive of 'bookworm'" in nothing.err and "apt-get update first" in nothing.err


@scene_of
def suites_that_are_not_released_are_never_moved(machine: Machine, scene: Scene) -> None:
    scene.vendor_archive.suite("bookworm-proposed-updates", index="")
    scene.write(scene.list.read_text("latin-1") +
                f"deb [signed-by=/{KEYRING}] {scene.vendor.url} bookworm-proposed-updates main\n")
    assert machine.run("apt-get", "update").code == 0
    done = scene.use()
    assert done.code == 0, done
    assert f"{scene.vendor.url} bookworm-proposed-updates" in scene.list.read_text("latin-1")


