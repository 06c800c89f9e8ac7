# SPDX-License-Identifier: Apache-2.0
"""What kvm-check says on a host of the lab, and that its remedy mends it. Runs on the host: kvm_check.py VARIANT,
or kvm_check.py guest-of PRODUCT with|without for a host that looks like somebody's guest, with SVM or without."""
import json
import pathlib
import subprocess
import sys

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def check(prefix=()):
    """Exit code, record, and the status of each check."""
    done = subprocess.run([*prefix, "kvm-check", "--json", "--timeout", "60s"], capture_output=True, text=True, check=False)
    print(done.stderr, end="", file=sys.stderr)
    record = json.loads(done.stdout)
    return done.returncode, record, {one["id"]: one for one in record["checks"]}


def expect(condition, told) -> None:
    if not condition:
        sys.exit(f"FAILED: {told}\n{subprocess.run(['kvm-check', '--all'], capture_output=True, text=True, check=False).stdout}")


def expect_ready(prefix=()) -> dict:
    code, record, checks = check(prefix)
    expect((code, record["summary"]["verdict"], record["recommendation"]["accel"]) == (0, "ready", "kvm"), record["summary"])
    expect([checks[name]["status"] for name in ("kvm.run_real", "kvm.run_long", "kvm.guest_speed")] == ["pass"] * 3, checks)
    return checks


def expect_one_cause(name, prefix=()) -> dict:
    """It cannot run guests, exactly this check fails, and all that were skipped for a cause were for it."""
    code, record, checks = check(prefix)
    expect((code, record["summary"]["verdict"], record["recommendation"]["accel"]) == (1, "unusable", "tcg"), record["summary"])
    expect([one for one, found in checks.items() if found["status"] == "fail"] == [name], f"not {name} alone")
    skipped = {found["because"] for found in checks.values() if found["status"] == "skip"}
    expect(skipped - {None} == {name}, f"skipped because of {skipped}")  # None: there was nothing to look at
    return checks[name]


def mend(finding) -> None:
    for command in finding["remedy"]["commands"]:
        print(f"$ {command}")
        subprocess.run(["sh", "-ec", command], check=True)


def nested(*options):
    done = subprocess.run(["kvm-check", "nested", "--json", "--timeout", "60s", *options], capture_output=True, text=True,
                          check=False)
    print(done.stderr, end="", file=sys.stderr)
    return done.returncode, json.loads(done.stdout)


def expect_proved() -> None:
    """A guest's guest really runs, by SVM alone and by nested paging."""
    code, record = nested("--prove")
    expect((code, record["verdict"], record["gets"], record["missing"]) == (0, "proved", "svm", None), record)
    expect([record[way]["status"] for way in ("run", "npt")] == ["pass", "pass"], record)


def nested_on() -> None:
    checks = expect_ready()
    expect([checks[name]["status"] for name in ("nested.param", "nested.offered", "kvm.msr_writeback")] == ["pass"] * 3, checks)
    expect(checks["nested.run"]["status"] == "skip", "a guest's guest ran without being asked for")
    expect(nested()[1]["verdict"] == "offered", "nothing was proved")
    expect_proved()


def nested_off() -> None:
    checks = expect_ready()
    finding = checks["nested.param"]
    expect(finding["status"] == "warn" and "nested is 0" in finding["evidence"], finding)
    expect(checks["nested.offered"]["because"] == "nested.param", "one cause, one finding")
    code, record = nested("--prove")
    expect((code, record["verdict"], record["missing"]["id"]) == (1, "unavailable", "nested.param"), record)
    expect((record["run"], record["offers"]["svm"]) == (None, False), record)
    mend(finding)
    expect(expect_ready()["nested.param"]["status"] == "pass", "the remedy did not switch nested on")
    expect_proved()


def no_virtualization() -> None:
    expect_one_cause("cpu.virt_ext")


def no_module() -> None:
    mend(expect_one_cause("kvm.module"))
    expect_ready()


def no_device() -> None:
    mend(expect_one_cause("kvm.device"))
    expect_ready()


def fix(*options, prefix=(), fault=None):
    done = subprocess.run([*prefix, "env", f"KVMKIT_FAULT={fault or ''}", "kvm-check", "run", "--fix", "--json", "--timeout",
                           "60s", *options], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    print(done.stderr, end="", file=sys.stderr)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def fixed() -> None:
    """--fix mends what it may, undoes what it was killed at, and nests only where that was asked for."""
    loaded = pathlib.Path("/sys/module/kvm_amd")
    kept = pathlib.Path("/etc/modules-load.d/kvmkit.conf")
    expect((fix()[0], loaded.exists()) == (10, False), "it changed something though nobody could be asked")
    expect((fix("--yes", prefix=NOBODY)[0], loaded.exists()) == (3, False), "only root may")
    told = subprocess.run(["kvm-check"], capture_output=True, text=True, check=False).stdout
    expect("kvm-check run --fix --dry-run" in told, told)
    code, record, _ = fix("--dry-run")
    expect(code == 1 and record["fix"]["dry_run"] and not loaded.exists(), "a dry run only looks")
    code = fix("--yes", fault="kill:after:1")[0]
    expect(code == -9 and kept.exists(), f"the fault hook did not strike: {code}")
    code, record, told = fix("--yes", fault="fail:after:1")
    expect("undid transaction" in told, "the killed run was not undone")
    expect(code == 3 and not kept.exists() and not loaded.exists(), f"{code}: it failed half-way and left something")
    code, record, _ = fix("--yes")
    expect((code, record["summary"]["verdict"]) == (0, "ready"), record)
    expect([step["kind"] for step in record["fix"]["steps"]][:2] == ["load-module", "set-file"] and kept.exists(), record["fix"])
    expect_ready()
    expect(fix("--yes")[1]["fix"]["transaction"] is None, "a second run found something to do")
    reload = "modprobe -r kvm_amd && modprobe kvm_amd nested=0"
    subprocess.run(["sh", "-ec", reload], check=True)
    steps = [step["kind"] for step in fix("--yes")[1]["fix"]["steps"]]
    expect("unload-module" not in steps, f"it switched nesting on unasked: {steps}")
    code, record, _ = fix("--yes", "--for", "nested")
    expect((code, record["summary"]["verdict"]) == (0, "ready"), record)
    expect(expect_ready()["nested.param"]["status"] == "pass", "nesting is still off")
    expect_proved()
    subprocess.run(["sh", "-ec", "chown root:root /dev/kvm; chmod 0600 /dev/kvm; groupadd -f --system kvm"], check=True)
    code, record, _ = fix("--yes", "--user", "nobody")
    expect(code == 0 and any(step["kind"] == "add-member" for step in record["fix"]["steps"]), record["fix"])
    expect_ready(("setpriv", "--reuid=65534", "--regid=65534", "--init-groups"))


def forbidden() -> None:
    expect_ready()  # root may
    finding = expect_one_cause("kvm.access", NOBODY)
    expect("Permission denied (EACCES)" in finding["evidence"], finding)
    mend({"remedy": {"commands": [line for line in finding["remedy"]["commands"] if "usermod" not in line]}})
    expect_ready(("setpriv", "--reuid=65534", "--regid=65534", "--groups", group_of_device()))


def guest_of(product: str, svm: str) -> None:
    """It names the product; without SVM it sends the user to the one who runs the hypervisor below, and not elsewhere."""
    name, where, step = PRODUCTS[product]
    if svm == "with":
        expect(name in expect_ready()["underlay.kind"]["evidence"], f"{name} is not named")
        return
    finding = expect_one_cause("cpu.virt_ext")
    expect(name in finding["evidence"], finding)
    told = " ".join((finding["remedy"]["summary"], *finding["remedy"]["commands"]))
    expect(finding["remedy"]["where"] == where and step in told, finding)


PRODUCTS = {
    "vmware": ("a VMware guest", "hypervisor", "vhv.enable"),
    "virtualbox": ("a VirtualBox guest", "hypervisor", "--nested-hw-virt on"),
    "hyper-v": ("a Hyper-V guest", "hypervisor", "-ExposeVirtualizationExtensions $true"),
    "azure": ("an Azure VM", "cloud-console", "nested virtualization"),
    "ec2": ("an EC2 instance", "cloud-console", "nested-virtualization"),
    "gcp": ("a Google Cloud VM", "cloud-console", "--enable-nested-virtualization"),
}


def group_of_device() -> str:
    return subprocess.run(["stat", "-c", "%g", "/dev/kvm"], capture_output=True, text=True, check=True).stdout.strip()


VARIANTS = {case.__name__.replace("_", "-"): case
            for case in (nested_on, nested_off, no_virtualization, no_module, no_device, forbidden, fixed)}

if __name__ == "__main__":
    if sys.argv[1] == "guest-of":
        guest_of(*sys.argv[2:])
    else:
        VARIANTS[sys.argv[1]]()
    print(f"{' '.join(sys.argv[1:])}: as it should be")
