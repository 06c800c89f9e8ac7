# SPDX-License-Identifier: Apache-2.0
"""This machine's apt with folders of its own: it asks the mirrors for another suite, and leaves this machine's lists alone."""
import shutil
import subprocess
from pathlib import Path

from packages import Missing


class PrivateApt:
    """`status` is dpkg's database that it is to go by; the folder is made anew."""

    def __init__(self, folder: Path, lines: list, status: Path) -> None:
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "sources.list").write_text("\n".join(lines) + "\n")
        self.options = [f"-oDir::Etc::SourceList={folder}/sources.list", "-oDir::Etc::SourceParts=/dev/null",
                        "-oDir::Etc::Preferences=/dev/null", "-oDir::Etc::PreferencesParts=/dev/null",
                        f"-oDir::State::Lists={folder}/lists/", f"-oDir::State::Status={status}", f"-oDir::Cache={folder}/cache",
                        "-oAPT::Sandbox::User=root", "-oDebug::NoLocking=1"]
        self.run("apt-get", "-q", "update", "--error-on=any")

    def run(self, program: str, *words: str) -> str:
        done = subprocess.run([program, *self.options, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=900)
        if done.returncode != 0:
            raise Missing(f"{program} {' '.join(words)[:80]} failed: {done.stdout.strip()[-800:]}")
        return done.stdout

    def drop(self) -> None:
        shutil.rmtree(self.folder)
