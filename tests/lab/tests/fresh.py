#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fresh hosts of scripts/lab: what they take and give back, booting again, and that nothing stays.
usage: fresh.py HOST SECONDS TIMES     a run of HOST takes about SECONDS; end it TIMES times at random moments"""
import os
import pathlib
import sys
import tempfile

from harness import ends, expect, lab

BOOTS = """echo boot $LAB_BOOT
case $LAB_BOOT in
    1) echo kept >/var/kept; sync; lab-reset ;;
    2) reboot ;;
    *) cat /var/kept; exit 5 ;;
esac"""


def expect_run(host, words, code, out, err="") -> None:
    done = lab(*words, host=host)
    expect(done.returncode == code and done.stdout == out and err in done.stderr, f"{words}: {done}")


def skips_where_it_cannot_run(host) -> None:
    done = lab("--may-skip", "--", "true", host=host)
    print(done.stderr, end="")
    if done.returncode != 0:
        sys.exit(done.returncode)


def takes_files_and_gives_output_back(host) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "a file").write_text("in it\n")
        (place / "tree/below").mkdir(parents=True)
        (place / "tree/below/leaf").write_text("leaf\n")
        output = place / "output"
        expect_run(host, ["--copy", place / "a file", "--copy", place / "tree", "--output", output, "--", "sh", "-c",
                          "id -un; cat 'a file' tree/below/leaf; echo to stderr >&2; exit 7"], 7, "root\nin it\nleaf\n",
                   "to stderr\n")
        expect((output / "stdout").read_text() == "root\nin it\nleaf\n", "kept stdout")
        expect((output / "exit").read_text() == "7\n" and (output / "junit.xml").exists(), "kept exit and junit.xml")
        expect("systemd" in (output / "serial.log").read_text(errors="replace"), "kept serial.log")


def is_fresh_each_time(host) -> None:
    expect_run(host, ["--", "sh", "-c", "test ! -e /var/kept && systemctl is-system-running --wait"], 0, "running\n")


def boots_again(host) -> None:
    expect_run(host, ["--", "sh", "-c", BOOTS], 5, "boot 1\nboot 2\nboot 3\nkept\n")
    expect_run(host, ["--boots", "1", "--", "lab-reset"], 125, "", "more than 1 boots")


def ends_when_it_should(host, seconds) -> None:
    expect_run(host, ["--", "sh", "-c", "poweroff; sleep 60"], 125, "", "went down before the command had ended")
    expect_run(host, ["--timeout", f"{2 * seconds}", "--", "sleep", "1000"], 124, "", "the deadline came first")


def control_groups() -> list:
    return [folder for root, folders, _ in os.walk("/sys/fs/cgroup") for folder in folders if folder.startswith("kvmkit-lab.")]


def main(host, seconds, times) -> None:
    skips_where_it_cannot_run(host)
    takes_files_and_gives_output_back(host)
    boots_again(host)
    ends_when_it_should(host, seconds)
    ends(times, host, seconds)
    is_fresh_each_time(host)
    expect(not control_groups(), f"left {control_groups()}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
