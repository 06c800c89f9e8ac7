# SPDX-License-Identifier: Apache-2.0
"""Debian packages, fetched by apt and unpacked, not installed."""
import functools
import re
import subprocess
from pathlib import Path


class Missing(Exception):
    """Something that the lab needs cannot be had here; the text says what, and what would help."""


def output(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def candidate(package: str) -> str:
    """The version apt would fetch, "" where apt knows none."""
    found = re.search(r"^  Candidate: ([^(\n]+)$", output("apt-cache", "policy", package), re.MULTILINE)
    return found.group(1) if found else ""


@functools.cache
def dependency(package: str, pattern: str) -> str:
    """The name of the package that a metapackage stands for."""
    found = re.search(rf"^ *Depends: ({pattern})$", output("apt-cache", "depends", package), re.MULTILINE)
    return found.group(1) if found else ""


def update_lists() -> None:
    done = subprocess.run(["apt-get", "-qq", "update"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(f"apt-get update failed: {done.stderr.strip()[-400:]}")


@functools.cache
def known(package: str) -> str:
    """The candidate's version; apt's lists are filled first where they are empty."""
    version = candidate(package)
    if not version:
        update_lists()
        version = candidate(package)
    if not version:
        raise Missing(f"apt has no package '{package}'; add Debian's main archive to apt's sources")
    return version


def unpack(package: str, version: str, folder: Path) -> None:
    """Fetches the package and unpacks it into the folder. Lists that name a version which is gone are renewed once."""
    words = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", f"{package}={version}"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        update_lists()
        known.cache_clear()
        words[-1] = f"{package}={known(package)}"
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(f"cannot fetch package '{package}': {done.stderr.strip()[-400:]}")
    for archive in folder.glob(f"{package}_*.deb"):
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
        archive.unlink()
