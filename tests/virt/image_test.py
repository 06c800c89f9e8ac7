# SPDX-License-Identifier: Apache-2.0
"""Images by name and address: what is downloaded is whole and proven, or it is not kept; what came once is not asked for
again."""
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import unittest

from host import VM_RUN, VmRunTest, run, wait_for
from image_server import Server

CACHE = pathlib.Path("/var/lib/kvmkit/images")
CATALOGUE = pathlib.Path("/etc/kvmkit/images.json")
SIZE = 4 << 20


def disk(fill=b"kvmkit"):
    """A raw disk that is not all alike."""
    block = hashlib.sha256(fill).digest() * 2048
    return (block * (SIZE // len(block) + 1))[:SIZE]


def entry(name, url, **more):
    return {"name": name, "title": name, "user": "guest", "arch": {"x86_64": "x86_64"}, "url": url, **more}


for variable in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
    os.environ.pop(variable, None)


def names():
    return sorted(path.name for path in CACHE.glob("*"))


class ImageTest(VmRunTest):
    daemon = False

    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.stop)
        self.addCleanup(self.empty_cache)
        self.server.files["disk.img"] = disk()

    @staticmethod
    def empty_cache():
        for path in CACHE.glob("*"):
            path.unlink()
        CACHE.exists() and CACHE.rmdir()
        CATALOGUE.unlink(missing_ok=True)

    def catalogue(self, *entries):
        CATALOGUE.write_text(json.dumps({"schema": "kvmkit.images/1", "images": entries}))

    def pull(self, code, what, *words, **options):
        return self.expect(code, "image", "pull", what, *words, **options)

    def only_name(self):
        return json.loads(self.expect(0, "image", "ls", "--json").stdout)["cached"][0]["name"]


class Downloads(ImageTest):
    def test_an_address_is_kept_read_only_with_its_origin_and_used_without_the_server(self):
        url = self.server.url("good", "disk.img")
        record = self.expect_json(0, "image", "pull", url)
        path = pathlib.Path(record["path"])
        self.assertEqual(path.read_bytes(), disk())
        self.assertEqual(path.stat().st_mode & 0o777, 0o444)
        self.assertEqual((record["outcome"], record["format"], record["origin"]), ("downloaded", "raw", url))
        self.assertEqual(record["sha256"], hashlib.sha256(disk()).hexdigest())
        self.assertEqual(record["checksum"], "not verified: none is known")
        self.assertEqual(len(names()), 2, names())
        kept = json.loads(CACHE.joinpath(record["name"] + ".json").read_text())
        self.assertEqual((kept["origin"], kept["sha256"]), (url, record["sha256"]))
        self.server.stop()
        xml = self.expect(0, "launch", "web", "--image", url, "--print-xml", "--accel", "tcg").stdout
        self.assertIn(str(path), xml)
        self.assertEqual(self.expect_json(0, "image", "ls")["cached"][0]["used_by"], [])
        self.expect_json(0, "image", "rm", record["name"])
        self.assertEqual(names(), [])

    def test_a_checksum_is_verified_in_each_spelling(self):
        digests = {"sha256": hashlib.sha256(disk()).hexdigest(), "sha512": hashlib.sha512(disk()).hexdigest()}
        for spelling, text in (("gnu", f"{digests['sha256']}  disk.img\n{'0' * 64}  other.img\n"),
                               ("binary", f"{digests['sha512']} *disk.img\n{'0' * 128} *other.img\n"),
                               ("bsd", f"# disk.img: 1 bytes\nSHA256 (disk.img) = {digests['sha256']}\n"),
                               ("bare", digests["sha512"].upper() + "\n")):
            with self.subTest(spelling):
                self.server.files["SUMS"] = text.encode()
                self.catalogue(entry("guest", self.server.url("good", "disk.img"), checksum=self.server.url("good", "SUMS")))
                self.assertRegex(self.expect_json(0, "image", "pull", "guest")["checksum"],
                                 "^verified: SHA-(256|512) of http")
                self.expect(0, "image", "rm", "guest")

    def test_a_wrong_checksum_removes_the_file_and_names_both(self):
        wrong = "ab" * 32
        self.server.files["SUMS"] = f"{wrong}  disk.img\n".encode()
        self.catalogue(entry("guest", self.server.url("good", "disk.img"), checksum=self.server.url("good", "SUMS")))
        done = self.pull(3, "guest")
        self.assertIn("its SHA-256 is wrong, it is removed", done.stderr)
        self.assertIn(f"published  {wrong}", done.stderr)
        self.assertIn(f"downloaded {hashlib.sha256(disk()).hexdigest()}", done.stderr)
        self.assertEqual(names(), [])
        self.assertIn("its SHA-512 is wrong", self.pull(3, self.server.url("good", "disk.img"), "--image-checksum",
                                                        "cd" * 64).stderr)
        self.assertEqual(names(), [])
        self.assertIn("'12' is no checksum", self.pull(2, self.server.url("good", "disk.img"), "--image-checksum", "12").stderr)

    def test_a_cached_one_is_held_to_the_checksum_that_is_told(self):
        url = self.server.url("good", "disk.img")
        self.pull(0, url)
        for words in ((), ("--dry-run",)):
            done = self.expect(3, "launch", "bad", "--image", url, "--image-checksum", "ab" * 32, *words)
            self.assertIn("the one in the cache has another SHA-256", done.stderr)
            self.assertIn(f"cached {hashlib.sha256(disk()).hexdigest()}", done.stderr)
        right = run("launch", "bad", "--image", url, "--image-checksum", hashlib.sha512(disk()).hexdigest(), "--dry-run")
        self.assertIn("cannot connect to libvirt", right.stderr, "and not before")

    def test_a_file_that_the_sums_do_not_name(self):
        self.server.files["SUMS"] = f"{'0' * 64}  a.img\n{'1' * 64}  b.img\n".encode()
        self.catalogue(entry("guest", self.server.url("good", "disk.img"), checksum=self.server.url("good", "SUMS")))
        self.assertIn("cannot find 'disk.img' among the checksums of 'http", self.pull(3, "guest").stderr)

    def test_what_the_server_does_not_have(self):
        done = self.pull(3, self.server.url("gone", "disk.img"))
        self.assertIn("/gone/disk.img': the server answers 404", done.stderr)
        self.assertIn("hint: check the address", done.stderr)

    def test_one_that_breaks_off_is_taken_up_again_and_nothing_is_asked_for_twice(self):
        record = self.expect_json(0, "image", "pull", self.server.url("cut", "disk.img"))
        self.assertEqual(pathlib.Path(record["path"]).read_bytes(), disk())
        self.assertEqual(self.server.sent, SIZE)
        self.assertIn(("cut", "disk.img", f"bytes={SIZE // 2}-"), self.server.requests)

    def test_one_that_is_always_cut_short_is_not_kept(self):
        done = self.pull(3, self.server.url("half", "disk.img"))
        self.assertIn("cannot download 'http", done.stderr)
        self.assertFalse([name for name in names() if name.endswith(".json")], names())

    def test_a_server_without_ranges_sends_everything_again(self):
        url = self.server.url("norange", "disk.img")
        self.assertEqual(self.expect_json(0, "image", "pull", url)["sha256"], hashlib.sha256(disk()).hexdigest())
        self.expect(0, "image", "pull", url)
        self.assertEqual(self.server.sent, 2 * SIZE, "without validators nobody can tell whether it changed")

    def test_redirects(self):
        self.server.redirects["there.img"] = self.server.url("good", "disk.img")
        self.pull(0, self.server.url("good", "there.img"))
        self.assertIn("redirects", self.pull(3, self.server.url("loop", "disk.img")).stderr)

    def test_what_is_no_disk_is_told_by_its_kind(self):
        for kind, head, advice in (("xz", b"\xfd7zXZ\0", "xz -dk"), ("HTML", b"<!DOCTYPE html>", "check the address"),
                                   ("VMDK", b"KDMV", "qemu-img convert"), ("VHDX", b"vhdxfile", "qemu-img convert")):
            with self.subTest(kind):
                self.server.files["odd"] = head + bytes(4096 - len(head))
                done = self.pull(3, self.server.url("good", "odd"))
                self.assertRegex(done.stderr, f"cannot use image 'http.*/odd': it is {kind}, not qcow2 or raw")
                self.assertIn(advice, done.stderr)
                self.assertEqual(names(), [])

    def test_other_protocols_and_unknown_names(self):
        self.assertIn("only http and https", self.pull(2, "ftp://127.0.0.1/disk.img").stderr)
        self.assertIn("did you mean 'debian-12'?", self.pull(3, "debain-12").stderr)
        done = self.expect(3, "launch", "web", "--image", "nothing-like-it")
        self.assertIn("there is no such file here, and the catalogue has no such name", done.stderr)

    def test_a_dry_run_downloads_nothing(self):
        url = self.server.url("good", "disk.img")
        self.expect(0, "launch", "web", "--image", url, "--print-xml", "--accel", "tcg")
        self.assertEqual(self.server.requests, [])


class Interruptions(ImageTest):
    def start_slow(self):
        process = self.start("image", "pull", self.server.url("slow", "disk.img"))
        wait_for("a part of it is there", lambda: any(path.stat().st_size > 500_000 for path in CACHE.glob("*.part")))
        return process

    def check_resumed(self, before):
        self.server.pause = 0
        record = self.expect_json(0, "image", "pull", self.server.url("slow", "disk.img"))
        self.assertEqual(record["sha256"], hashlib.sha256(disk()).hexdigest())
        self.assertEqual(self.server.requests[-1][2], f"bytes={before}-")

    def test_a_killed_one_is_taken_up_where_it_stopped(self):
        process = self.start_slow()
        process.kill()
        process.wait(timeout=10)
        left = names()
        self.assertEqual(sorted(name[name.index(".part"):] for name in left), [".part", ".part.json"])
        self.check_resumed(next(CACHE.glob("*.part")).stat().st_size)

    def test_ctrl_c_stops_at_once_and_leaves_the_part(self):
        process = self.start_slow()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=10), 130)
        self.check_resumed(next(CACHE.glob("*.part")).stat().st_size)

    def test_a_part_of_another_version_is_not_continued(self):
        process = self.start_slow()
        process.kill()
        process.wait(timeout=10)
        self.server.files["disk.img"] = disk(b"newer")
        self.server.pause = 0
        record = self.expect_json(0, "image", "pull", self.server.url("slow", "disk.img"))
        self.assertEqual(record["sha256"], hashlib.sha256(disk(b"newer")).hexdigest())

    def test_two_at_once_share_one_download(self):
        first = self.start_slow()
        second = self.start("launch", "web", "--image", self.server.url("slow", "disk.img"), "--accel", "tcg", "--connect",
                            "nosuchdriver:///")
        self.assertRegex(second.stderr.readline(), rf"waiting for image '.*': another instance is at work: pid {first.pid} ")
        self.assertEqual(first.wait(timeout=30), 0)
        self.assertEqual(second.wait(timeout=30), 3, "the driver that does not exist comes after the image")
        self.assertEqual(len([one for one in self.server.requests if one[1] == "disk.img"]), 1)


class Trouble(ImageTest):
    def test_no_room_is_told_before_and_meanwhile(self):
        CACHE.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "none", str(CACHE)], check=True)
        self.addCleanup(subprocess.run, ["umount", str(CACHE)], check=True)
        done = self.pull(10, self.server.url("good", "disk.img"))
        self.assertRegex(done.stderr, r"it needs 4 MiB, '/var/lib/kvmkit/images' has room for 2.0 MiB")
        self.assertEqual(self.server.sent < SIZE, True)
        done = self.pull(3, self.server.url("chunked", "disk.img"))
        self.assertIn("No space left on device", done.stderr)

    def test_tls_is_checked(self):
        certificate = pathlib.Path("/run/server.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        str(certificate), "-out", "/run/cert.pem"], check=True, capture_output=True)
        certificate.write_text(certificate.read_text() + pathlib.Path("/run/cert.pem").read_text())
        secure = Server(certificate)
        self.addCleanup(secure.stop)
        secure.files["disk.img"] = disk()
        done = self.pull(3, secure.url("good", "disk.img"))
        self.assertRegex(done.stderr, "cannot download 'https.*certificate")
        self.assertIn("SSL_CERT_FILE", done.stderr)
        secure.redirects["plain.img"] = self.server.url("good", "disk.img")
        trusted = {"SSL_CERT_FILE": "/run/cert.pem", "CURL_CA_BUNDLE": ""}
        self.pull(3, secure.url("good", "plain.img"), env=trusted)
        self.assertEqual(self.server.requests, [], "what began with TLS did not go on without it")
        self.pull(0, secure.url("good", "disk.img"), env=trusted)

    def test_a_proxy_of_the_environment_is_used(self):
        done = self.pull(3, "http://127.0.0.2/disk.img", env={"http_proxy": "http://127.0.0.1:1"})
        self.assertIn("127.0.0.1 port 1", done.stderr)

    def test_a_cache_that_is_none_or_that_others_may_write(self):
        CACHE.parent.mkdir(exist_ok=True)
        CACHE.write_text("")
        self.assertIn("/var/lib/kvmkit/images", self.pull(3, self.server.url("good", "disk.img")).stderr)
        CACHE.unlink()
        CACHE.mkdir()
        CACHE.chmod(0o777)
        self.assertIn("cannot trust '/var/lib/kvmkit/images'", self.pull(3, self.server.url("good", "disk.img")).stderr)
        CACHE.rmdir()

    def test_a_damaged_catalogue_and_a_damaged_record_are_named(self):
        CATALOGUE.write_text("{")
        self.assertIn("cannot read image catalogue '/etc/kvmkit/images.json'", self.expect(3, "image", "ls").stderr)
        CATALOGUE.unlink()
        CACHE.mkdir()
        CACHE.joinpath("guest.json").write_text("{}")
        self.assertIn("cannot read image record '/var/lib/kvmkit/images/guest.json'", self.expect(3, "image", "ls").stderr)


class Signatures(ImageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = pathlib.Path("/run/gnupg-test")
        cls.home.mkdir(mode=0o700)
        cls.gpg("--quick-gen-key", "--passphrase", "", "tester", "ed25519", "sign", "never")
        cls.gpg("--output", "/run/keyring.gpg", "--export", "tester")

    @classmethod
    def gpg(cls, *words):
        subprocess.run(["gpg", "--homedir", cls.home, "--batch", "--yes", *words], check=True, capture_output=True, timeout=60)

    def sign(self, data, *how):
        pathlib.Path("/run/data").write_bytes(data)
        self.gpg("--output", "/run/data.sig", *how, "/run/data")
        return pathlib.Path("/run/data.sig").read_bytes()

    def offer(self, of, keyring="/run/keyring.gpg"):
        self.catalogue(entry("guest", self.server.url("good", "disk.img"), checksum=self.server.url("good", "SUMS"), signature={
            "of": of, "url": self.server.url("good", "SIG"), "keyring": keyring, "package": "guest-keyring"}))

    def test_of_the_sums_of_the_image_and_inside_the_sums(self):
        sums = f"{hashlib.sha256(disk()).hexdigest()}  disk.img\n".encode()
        for of, text, signature in (("checksums", sums, self.sign(sums, "--detach-sign")),
                                    ("image", sums, self.sign(disk(), "--detach-sign")),
                                    ("checksums-inline", self.sign(sums, "--clear-sign"), b"")):
            with self.subTest(of):
                self.server.files.update({"SUMS": text, "SIG": signature})
                self.offer(of)
                self.assertRegex(self.expect_json(0, "image", "pull", "guest")["signature"], "^verified: of the (checksums|image)")
                self.expect(0, "image", "rm", "guest")

    def test_one_that_does_not_hold_keeps_nothing(self):
        sums = f"{hashlib.sha256(disk()).hexdigest()}  disk.img\n".encode()
        for of, text, signature in (("checksums", sums, self.sign(b"other sums", "--detach-sign")),
                                    ("image", sums, self.sign(b"another image", "--detach-sign")),
                                    ("checksums-inline", sums, b"")):
            with self.subTest(of):
                self.server.files.update({"SUMS": text, "SIG": signature})
                self.offer(of)
                self.assertIn("its signature does not hold", self.pull(3, "guest").stderr)
                self.assertEqual(names(), [])

    def test_without_the_keyring_it_says_so(self):
        self.server.files["SUMS"] = f"{hashlib.sha256(disk()).hexdigest()}  disk.img\n".encode()
        self.offer("checksums", "/run/no-keyring.gpg")
        self.assertEqual(self.expect_json(0, "image", "pull", "guest")["signature"],
                         "not verified: no keyring '/run/no-keyring.gpg' (package guest-keyring)")


class Cache(ImageTest):
    def test_a_newer_one_replaces_the_old_one_and_the_same_is_not_downloaded_again(self):
        url = self.server.url("good", "disk.img")
        old = self.expect_json(0, "image", "pull", url)
        self.assertEqual(self.expect_json(0, "image", "pull", url)["outcome"], "unchanged")
        self.assertEqual(self.server.sent, SIZE)
        self.server.files["disk.img"] = disk(b"newer")
        new = self.expect_json(0, "image", "pull", url)
        self.assertEqual(new["outcome"], "downloaded")
        self.assertNotEqual(new["path"], old["path"])
        self.assertEqual(len(names()), 2, names())

    def test_a_damaged_file_is_found(self):
        record = self.expect_json(0, "image", "pull", self.server.url("good", "disk.img"))
        self.assertIn("whole", self.expect(0, "image", "verify").stdout)
        path = pathlib.Path(record["path"])
        path.chmod(0o644)
        path.write_bytes(disk(b"altered"))
        verified = self.expect_json(1, "image", "verify", record["name"])["images"][0]
        self.assertEqual(verified["whole"], False)
        self.assertIn(record["sha256"], verified["problem"])

    def test_a_file_is_added_under_a_name(self):
        pathlib.Path("/run/own.raw").write_bytes(disk())
        record = self.expect_json(0, "image", "add", "own", "/run/own.raw")
        self.assertEqual(pathlib.Path(record["path"]).read_bytes(), disk())
        self.assertIn("there is one of that name, from /run/own.raw", self.expect(3, "image", "add", "own", "/run/own.raw").stderr)
        self.assertIn("was added from file", self.pull(10, "own").stderr)
        self.assertIn(record["path"], self.expect(0, "launch", "web", "--image", "own", "--print-xml", "--accel", "tcg").stdout)
        self.assertIn("'../own' is not a valid image name", self.expect(2, "image", "add", "../own", "/run/own.raw").stderr)
        self.assertIn("cannot find image 'none' in the cache", self.expect(3, "image", "rm", "none").stderr)


class InUse(ImageTest):
    daemon = True

    def test_an_image_under_a_vm_stays(self):
        url = self.server.url("good", "disk.img")
        self.expect(0, "launch", "web", "--image", url, "--wait", "none", "--net", "none", "--memory", "32M")
        self.addCleanup(run, "rm", "web", "--force")
        name = self.only_name()
        done = self.expect(10, "image", "rm", name)
        self.assertIn(f"refused to remove image '{name}': the disk of web lies on top of it", done.stderr)
        old = self.expect_json(0, "image", "ls")["cached"][0]
        self.assertEqual(old["used_by"], ["web"])
        self.server.files["disk.img"] = disk(b"newer")
        self.expect(0, "image", "pull", url)
        self.assertTrue(os.path.exists(old["path"]), "the disk of a VM lies on the older one")
        self.expect(0, "rm", "web", "--force")
        self.expect(0, "image", "rm", name)


if __name__ == "__main__":
    assert VM_RUN
    unittest.main(verbosity=2)
