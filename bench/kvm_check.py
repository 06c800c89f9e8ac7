#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kvm-check against virt-host-validate, kvm-ok, virt-what and lscpu, the whole commands: as it is, where it runs guests and
measures them, and with --no-probe, where it reads files as its peers do; then on a recorded host of 256 CPUs against lscpu.
usage: bench/kvm_check.py [BINARY-FOLDER]"""
import pathlib
import sys
import tempfile

import pairs

ANSWERS = (0, 1, 3)
CPU = ("processor\t: {0}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Intel(R) Xeon(R) Platinum\n"
       "physical id\t: {1}\ncore id\t\t: {2}\nflags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat ssse3 "
       "vmx ept vpid fma cx16 sse4_1 sse4_2 avx avx2 avx512f constant_tsc nonstop_tsc hypervisor tsc_deadline_timer\n\n")


def large_host(root, cpus):
    """The files of a host with that many CPUs, as both tools read them."""
    system = root / "sys/devices/system/cpu"
    for number in range(cpus):
        topology = system / f"cpu{number}/topology"
        topology.mkdir(parents=True)
        for name, value in (("physical_package_id", number // 128), ("core_id", number % 128 // 2),
                            ("thread_siblings_list", f"{number & ~1}-{number | 1}")):
            (topology / name).write_text(f"{value}\n")
    for name in ("online", "possible", "present"):
        (system / name).write_text(f"0-{cpus - 1}\n")
    (root / "proc").mkdir()
    (root / "proc/cpuinfo").write_text("".join(CPU.format(n, n // 128, n % 128 // 2) for n in range(cpus)))


def main():
    binaries = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/bin")
    ours = str(binaries / "kvm-check")
    pairs.need("virt-host-validate", "kvm-ok", "virt-what", "lscpu")
    peers = [("virt-host-validate qemu", ["virt-host-validate", "qemu"]), ("kvm-ok", ["kvm-ok"]), ("virt-what", ["virt-what"]),
             ("lscpu", ["lscpu"])]
    for name, argv in (("kvm-check", [ours]), ("kvm-check --no-probe", [ours, "run", "--no-probe"])):
        pairs.compare(f"{name} against its peers", pairs.Command(name, argv, accept=ANSWERS),
                      [pairs.Command(peer, words, accept=ANSWERS) for peer, words in peers])
    with tempfile.TemporaryDirectory() as folder:
        large_host(pathlib.Path(folder), 256)
        pairs.compare("a recorded host of 256 CPUs",
                      pairs.Command("kvm-check --root", [ours, "run", "--root", folder], accept=ANSWERS),
                      [pairs.Command("lscpu --sysroot", ["lscpu", "--sysroot", folder], accept=ANSWERS)])


if __name__ == "__main__":
    main()
