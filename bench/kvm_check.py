#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kvm-check against virt-host-validate and kvm-ok, the whole commands. kvm-check runs a guest and measures it, the peers
read files. usage: bench/kvm_check.py [BINARY-FOLDER]"""
import pathlib
import sys

import pairs

binaries = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/bin")
pairs.need("virt-host-validate", "kvm-ok")
answers = (0, 1, 3)
pairs.compare("kvm-check against its peers",
              pairs.Command("kvm-check", [str(binaries / "kvm-check")], accept=answers),
              [pairs.Command("virt-host-validate qemu", ["virt-host-validate", "qemu"], accept=answers),
               pairs.Command("kvm-ok", ["kvm-ok"], accept=answers)])
