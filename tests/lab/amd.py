# SPDX-License-Identifier: Apache-2.0
"""The host `amd`: kvm_amd with nested SVM, and its broken variants; and `guest-of`, the same as somebody's guest."""
import borrowed

SUMMARY = "AMD-V: Debian's kernel and kvm_amd under QEMU's emulator, this machine's root file system (about 20 s)"

# Not "max,-svm": programs fail at random under that one.
NO_SVM = "EPYC,-svm"

# SMBIOS tables as those products show them; only the CPUID signature is not theirs.
PRODUCTS = {
    "vmware": ["type=0,vendor=Phoenix Technologies LTD,version=6.00",
               "type=1,manufacturer=VMware,, Inc.,product=VMware Virtual Platform",
               "type=2,manufacturer=Intel Corporation,product=440BX Desktop Reference Platform"],
    "virtualbox": ["type=0,vendor=innotek GmbH,version=VirtualBox", "type=1,manufacturer=innotek GmbH,product=VirtualBox",
                   "type=2,manufacturer=Oracle Corporation,product=VirtualBox"],
    "hyper-v": ["type=0,vendor=American Megatrends Inc.,version=090008",
                "type=1,manufacturer=Microsoft Corporation,product=Virtual Machine",
                "type=2,manufacturer=Microsoft Corporation,product=Virtual Machine"],
    "azure": ["type=0,vendor=American Megatrends Inc.,version=090008",
              "type=1,manufacturer=Microsoft Corporation,product=Virtual Machine",
              "type=3,manufacturer=Microsoft Corporation,asset=7783-7084-3265-9085-8269-3286-77"],
    "ec2": ["type=0,vendor=Amazon EC2,version=1.0", "type=1,manufacturer=Amazon EC2,product=m5.large",
            "type=3,manufacturer=Amazon EC2,asset=Amazon EC2"],
    "gcp": ["type=0,vendor=Google,version=Google", "type=1,manufacturer=Google,product=Google Compute Engine",
            "type=2,manufacturer=Google,product=Google Compute Engine"],
}


def declare(parser) -> None:
    parser.add_argument("--nested", choices=("on", "off"), default="on", help="the nested option of kvm_amd")
    parser.add_argument("--no-svm", action="store_true", help="a CPU without SVM")
    parser.add_argument("--no-module", action="store_true", help="kvm_amd is not loaded")
    parser.add_argument("--device", default="", metavar="absent|MODE",
                        help="/dev/kvm is not there, or belongs to root:root with this octal mode")
    parser.add_argument("--nics", type=int, default=0, metavar="N", help="cards on a private segment of their own")


def declare_guest_of(parser) -> None:
    declare(parser)
    parser.add_argument("--as", dest="product", choices=tuple(PRODUCTS), required=True, help="whose guest it looks like")


def wanted(options, host: str) -> borrowed.Wanted:
    loaded = not (options.no_module or options.no_svm)
    return borrowed.Wanted(host=host, cpu=NO_SVM if options.no_svm else "max", kvm_device=options.device,
                           kvm_options=f"nested={int(options.nested == 'on')}" if loaded else "")


def run(options, outcome) -> None:
    borrowed.run(wanted(options, "amd"), options, outcome)


def run_guest_of(options, outcome) -> None:
    host = wanted(options, f"guest-of-{options.product}")
    host.cpu += ",tcg-cpuid=off"
    host.machine = borrowed.network_words(options.nics)
    for table in PRODUCTS[options.product]:
        host.machine += ["-smbios", table]
    borrowed.run(host, options, outcome)
