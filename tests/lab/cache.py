# SPDX-License-Identifier: Apache-2.0
"""What is made once and kept below the build folder: kernels, initramfs, images. Made anew when an input changed."""
import contextlib
import fcntl
import hashlib
import os
import shutil
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
CACHE = SOURCE / "build/lab"
held: list = []  # open folders: their locks say that this run uses them


@contextlib.contextmanager
def lock(path: Path):
    with open(path, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hold(folder: Path) -> None:
    """Keeps the folder from being swept away until this process ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    held.append(descriptor)


def remove_unless_held(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)


def recipe(*paths: Path) -> str:
    """A text that changes when one of the files does."""
    return "".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)


def built(kind: str, inputs: list, make) -> Path:
    """The folder of this kind and these inputs; make(folder) fills it where it is not there yet. Half a folder never counts:
    it gets its name when it is complete. Folders of the kind with other inputs are removed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:16]
    folder = CACHE / f"{kind}-{key}"
    with lock(CACHE / f"{kind}.lock"):
        if not folder.exists():
            fresh = CACHE / f"new.{kind}"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            make(fresh)
            fresh.rename(folder)
        hold(folder)
        for other in CACHE.glob(f"{kind}-" + "?" * len(key)):
            if other != folder:
                remove_unless_held(other)
    return folder


def run_folder(host: str) -> Path:
    """A folder for one run. Those of runs that have ended, or were killed, are swept away first."""
    runs = CACHE / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with lock(CACHE / "runs.lock"):
        for old in runs.iterdir():
            remove_unless_held(old)
        count = 0
        while (folder := runs / f"{host}.{count}").exists():
            count += 1
        folder.mkdir()
        hold(folder)
    return folder
