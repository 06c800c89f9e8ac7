#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kvm-check on the hosts that others recorded, ../shared/fixtures/hosts beside the repository: arch, CPU, flag, underlay.

usage: kvm_check_hosts_test.py KVM-CHECK

index.tsv is worded by its collector; WORDS says in what words kvm-check answers, and EXCEPTIONS where a row knows more
than its recording tells, with the reason.
"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(sys.argv.pop(1)).resolve()
HOSTS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "hosts"
SKIPPED = 77

WORDS = {"PR/SM": "prsm", "PowerVM (lpar)": "powervm", "KVM": "kvm",
         "kvm (Firecracker), KVM-PVM provides /dev/kvm": "kvm"}
FLAGS = {"s390x": "sie", "loongarch64": "lvz", "riscv64": "h"}  # index.tsv has columns for vmx and svm alone
ARCHES = {"arm": {"armv7l"}, "x86": {"i686"}, "ppc64": {"ppc64", "ppc64le"}}

# What a bare cpuinfo, or what lscpu makes of it, cannot tell.
NO_WITNESS = "Arm's, RISC-V's and Loongson's cpuinfo names no hypervisor, and no DMI or device tree was recorded"
FLAG_ONLY = "the flag 'hypervisor' is the one witness: no CPUID, DMI or Xen files were recorded"
EXCEPTIONS = {
    "aarch64": ("unknown", NO_WITNESS), "arm": ("unknown", NO_WITNESS), "riscv64": ("unknown", NO_WITNESS),
    "loongarch64": ("unknown", NO_WITNESS),
    "ohai-cpuinfo/cpuinfo-s390x.output": ("unknown", "IBM Z names its hypervisor in proc/sysinfo alone"),
    "ohai-cpuinfo/lscpu-s390x-guest-kvm.output": ("unknown", "IBM Z names its hypervisor in proc/sysinfo alone"),
    "ohai-cpuinfo/cpuinfo-x86-guest-kvm-nested-rhel9.output": ("unknown", FLAG_ONLY),
    "ohai-cpuinfo/cpuinfo-x86-guest-kvm-nested.output": ("unknown", FLAG_ONLY),
    "ohai-cpuinfo/cpuinfo-x86-guest-xen.output": ("unknown", FLAG_ONLY),
    "ohai-cpuinfo/lscpu-x86-guest-kvm-nested-rhel9.output": ("unknown", FLAG_ONLY),
    "ohai-cpuinfo/lscpu-x86-guest-kvm-nested.output": ("unknown", FLAG_ONLY),
    "ohai-cpuinfo/cpuinfo-x86-guest-vtx.output": ("none", "only its name says guest: it lacks the flag 'hypervisor'"),
    "local-pvm/": ("unknown", "its CPUID was written to probe/, which is no file of a host"),
    "ohai-cpuinfo/lscpu-x86-guest-xen.output": ("unknown", FLAG_ONLY),
}
# Rows that contradict their own file.
WRONG_ROWS = {
    "ohai-cpuinfo/lscpu-x86-host-vuln.output": ({"vmx": "1"}, "its flags go on in the next lines, where vmx is"),
}


def lscpu_as_cpuinfo(text):
    """The lines of cpuinfo that lscpu's output still holds."""
    fields, last = {}, ""
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            last = key.strip()
            fields.setdefault(last, value.strip())
        elif last:
            fields[last] += line  # the flags, as wide as the terminal was
    arch = fields.get("Architecture", "")
    lines = []
    if arch.startswith("ppc64"):
        lines.append(("cpu", fields.get("Model name", "")))
    elif arch == "aarch64":
        lines += [("CPU implementer", "0x41"), ("CPU architecture", "8"), ("Features", fields.get("Flags", ""))]
    elif arch == "s390x":
        lines += [("vendor_id", fields.get("Vendor ID", "")), ("features", fields.get("Flags", ""))]
    else:
        lines += [("vendor_id", fields.get("Vendor ID", "")), ("model name", fields.get("Model name", "")),
                  ("flags", fields.get("Flags", ""))]
    return "".join(f"{key}\t: {value}\n" for key, value in lines)


def lay_out(row, folder):
    """What --root is to be given: an archive as it is, a file as a folder in which it lies where it lay."""
    source = HOSTS / row["path"]
    if row["path"].startswith("libvirt-vircgroup/"):
        stem = row["path"].split(".{")[0]
        for suffix, target in ((".self.cgroup", "proc/self/cgroup"), (".mounts", "proc/mounts"),
                               (".cgroups", "proc/cgroups")):
            found = HOSTS / (stem + suffix)
            if found.exists():
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                (folder / target).write_bytes(found.read_bytes())
        return folder
    if source.suffix != ".output":
        return source
    text = source.read_text(encoding="utf-8", errors="replace")
    (folder / "proc").mkdir()
    (folder / "proc/cpuinfo").write_text(lscpu_as_cpuinfo(text) if source.name.startswith("lscpu") else text,
                                         encoding="utf-8")
    return folder


def expected_underlay(row):
    told = EXCEPTIONS.get(row["path"]) or EXCEPTIONS.get(row["arch"])
    if row["path"].split("/")[-1].startswith("lscpu-ppc64le"):
        return "unknown"  # lscpu drops the platform that tells
    return told[0] if told else WORDS.get(row["underlay"], row["underlay"])


class Hosts(unittest.TestCase):
    def judge(self, row):
        with tempfile.TemporaryDirectory() as folder:
            root = lay_out(row, pathlib.Path(folder))
            done = subprocess.run([CHECK, "--json", "--root", root], capture_output=True, text=True, timeout=60, check=False)
            text = subprocess.run([CHECK, "--all", "--root", root], capture_output=True, text=True, timeout=60, check=False)
        self.assertIn(done.returncode, (0, 1, 3), done.stderr)
        self.assertEqual(text.returncode, done.returncode)
        self.assertEqual(done.stderr + text.stderr, "")
        self.assertRegex(text.stdout, r"\A(READY|DEGRADED|NOT USABLE|NOT USABLE HERE|UNKNOWN): \S")
        return json.loads(done.stdout)["host"]

    def compare(self, row, host):
        self.assertIn(host["arch"], ARCHES.get(row["arch"], {row["arch"]}))
        if row["cpu_vendor"].startswith("implementer "):
            self.assertEqual(host["cpu"]["vendor"], row["cpu_vendor"].split()[1])
        elif row["arch"] in ("x86_64", "x86", "s390x"):
            self.assertEqual(host["cpu"]["vendor"], row["cpu_vendor"])
        if row["arch"] in FLAGS:
            self.assertIn(host["cpu"]["flag"], (FLAGS[row["arch"]], None))
        else:
            self.assertEqual(host["cpu"]["flag"], "vmx" if row["vmx"] == "1" else "svm" if row["svm"] == "1" else None)
        self.assertEqual(host["underlay"]["kind"], expected_underlay(row), host["underlay"])

    def test_each_row_of_the_index(self):
        with open(HOSTS / "index.tsv", encoding="utf-8", newline="") as index:
            rows = list(csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE))
        self.assertGreater(len(rows), 60)
        for row in rows:
            with self.subTest(row["path"]):
                host = self.judge(row)
                if row["arch"] != "-":
                    self.compare({**row, **WRONG_ROWS.get(row["path"], ({}, ""))[0]}, host)


if __name__ == "__main__":
    if not (HOSTS / "index.tsv").exists():
        print("skipped: no ../shared")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
