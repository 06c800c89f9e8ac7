# SPDX-License-Identifier: Apache-2.0
"""A vendor and a mirror of a small Debian on 127.0.0.1, signed by a key that is made for the case and thrown away."""
import functools
import hashlib
import http.server
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
from email.utils import formatdate
from pathlib import Path

from skip import skip

KEYRING = "usr/share/keyrings/case.gpg"
HOUR = 3600


class Key:
    """A signing key in a folder of its own."""

    def __init__(self, name: str) -> None:
        if shutil.which("gpg") is None:
            skip("gpg is not installed")
        self.home = tempfile.mkdtemp(prefix="kvmkit-key-")
        self.gpg("--quick-gen-key", f"{name} <{name}@example.org>", "rsa2048", "sign", "never")

    def gpg(self, *words: str, **more) -> subprocess.CompletedProcess:
        return subprocess.run(["gpg", "--homedir", self.home, "--batch", "--quiet", "--yes", "--pinentry-mode", "loopback",
                               "--passphrase", "", *words], check=True, capture_output=True, **more)

    def public(self) -> bytes:
        return self.gpg("--export").stdout

    def sign(self, text: str) -> str:
        return self.gpg("--clearsign", "--armor", input=text.encode()).stdout.decode()

    def drop(self) -> None:
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)


class Archive:
    """DIRECTORY/debian and DIRECTORY/debian-security with the case's stub packages."""

    def __init__(self, directory: Path, key: Key, packages: Path) -> None:
        self.directory, self.key = directory, key
        pool = directory / "debian/pool"
        pool.mkdir(parents=True)
        for package in packages.glob("*.deb"):
            (pool / package.name).symlink_to(package)
        self.index = (packages / "Packages").read_text().replace("Filename: ./", "Filename: pool/")
        self.suite("bookworm")
        self.suite("bookworm-updates", index="")
        self.suite("bookworm-security", top="debian-security", index="", label="Debian-Security")

    def suite(self, name: str, *, top: str = "debian", index: str | None = None, label: str = "Debian", key: Key | None = None,
              signed: bool = True, listed: str | None = None, **fields: str) -> None:
        """Writes dists/NAME anew. `listed` is what Release says that the index holds, where that is not what it does."""
        index = self.index if index is None else index
        listed = index if listed is None else listed
        dist = self.directory / top / "dists" / name
        shutil.rmtree(dist, ignore_errors=True)
        component = fields.pop("Components", "main")
        (dist / component / "binary-amd64").mkdir(parents=True)
        (dist / component / "binary-amd64/Packages").write_text(index)
        values = {"Origin": "Debian", "Label": label, "Suite": "stable", "Codename": name, "Architectures": "amd64",
                  "Components": component, "Date": formatdate(time.time() - HOUR, usegmt=True)} | {
                      each.replace("_", "-"): value for each, value in fields.items()}
        text = "".join(f"{each}: {value}\n" for each, value in values.items())
        text += (f"SHA256:\n {hashlib.sha256(listed.encode()).hexdigest()} {len(listed.encode())} "
                 f"{component}/binary-amd64/Packages\n")
        if signed:
            (dist / "InRelease").write_text((key or self.key).sign(text))
        else:
            (dist / "Release").write_text(text)


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.refuses(self.path):
            self.send_error(404)
            return
        super().do_GET()


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder on 127.0.0.1."""

    def __init__(self, directory: Path, certificate: str = "") -> None:
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=str(directory)))
        self.asked: list = []
        self.refuses = lambda path: False
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}/debian/"

    def handle_error(self, request, client_address) -> None:
        pass


def make_certificate(folder: Path) -> str:
    """A certificate that nobody has a reason to trust, with its key in one file."""
    if shutil.which("openssl") is None:
        skip("openssl is not installed")
    both = folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2", "-keyout",
                    both, "-out", folder / "only.pem"], check=True, capture_output=True)
    both.write_bytes(both.read_bytes() + (folder / "only.pem").read_bytes())
    os.chmod(both, 0o600)
    return str(both)
