# SPDX-License-Identifier: Apache-2.0
"""What came of a run, for people and for JUnit readers."""
import os
import shutil
import sys
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path

FAILED = 125  # the host, not the command, failed: beyond what a command commonly answers
TIMED_OUT = 124  # as timeout(1) says it
TAIL_LINES = 40


@dataclass
class Outcome:
    host: str
    command: list
    code: int = FAILED
    seconds: float = 0.0
    why: str = ""  # why the host did not bring the command to its end; "" where it did
    folder: Path = field(default_factory=Path)  # holds stdout, stderr and serial.log

    def text(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""


def printable(text: str) -> str:
    """What XML 1.0 can hold of it."""
    return "".join(letter for letter in text if letter in "\t\n" or " " <= letter < "\ufffe" and not "\ud800" <= letter < "\ue000")


def junit(outcome: Outcome) -> bytes:
    failed = outcome.code != 0
    suite = xml.Element("testsuite", name=f"lab.{outcome.host}", tests="1", failures=str(int(failed and not outcome.why)),
                        errors=str(int(bool(outcome.why))), time=f"{outcome.seconds:.3f}")
    case = xml.SubElement(suite, "testcase", classname=f"lab.{outcome.host}", name=" ".join(outcome.command) or "shell",
                          time=f"{outcome.seconds:.3f}")
    if outcome.why:
        xml.SubElement(case, "error", message=outcome.why)
    elif failed:
        xml.SubElement(case, "failure", message=f"exit code {outcome.code}")
    xml.SubElement(case, "system-out").text = printable(outcome.text("stdout"))
    xml.SubElement(case, "system-err").text = printable(outcome.text("stderr"))
    return xml.tostring(suite, encoding="utf-8", xml_declaration=True)


def tail(text: str) -> str:
    return "\n".join(text.replace("\r", "").splitlines()[-TAIL_LINES:])


def finish(outcome: Outcome, output: str) -> int:
    """Tells on stderr why a host failed, with the end of its serial log, and keeps the record where the caller asked for it."""
    if outcome.why:
        print(f"lab: {outcome.host}: {outcome.why} after {outcome.seconds:.0f} s; its console's last lines:", file=sys.stderr)
        print(tail(outcome.text("serial.log")) or "(it printed nothing)", file=sys.stderr)
    (outcome.folder / "exit").write_text(f"{outcome.code}\n")
    report = outcome.folder / "gtest.xml"  # a GoogleTest program writes its own
    (outcome.folder / "junit.xml").write_bytes(report.read_bytes() if report.exists() else junit(outcome))
    if output:
        os.makedirs(output, exist_ok=True)
        for name in ("stdout", "stderr", "exit", "serial.log", "junit.xml"):
            if (outcome.folder / name).exists():
                shutil.copy(outcome.folder / name, Path(output) / name)
    shutil.rmtree(outcome.folder, ignore_errors=True)
    return outcome.code
