# SPDX-License-Identifier: Apache-2.0
"""ifupdown2's programs without its being installed, which would take the host's own network over: the package's files are laid
over this machine's, in a mount namespace of the benchmark's own, whose /run and /var/lib are in memory.
apt-get download ifupdown2 && dpkg -x ifupdown2_*.deb FOLDER"""
import pathlib
import subprocess

INTERFACES = pathlib.Path("/etc/network/interfaces")


def lay_over(package, tree):
    """The package's files beside this machine's; what is written there is in memory."""
    upper, work = (pathlib.Path(f"/run/{kind}{tree.replace('/', '-')}") for kind in ("upper", "work"))
    upper.mkdir()
    work.mkdir()
    layers = f"lowerdir={package}{tree}:{tree},upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "-o", layers, "bench", tree], check=True)


def set_up(package):
    """Once, in the benchmark's own network and mount namespaces."""
    subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)  # this namespace's links
    for state in ("/run/network", "/var/lib/ifupdown2/hooks", "/var/lib/ifupdown2/policy.d"):
        pathlib.Path(state).mkdir(parents=True)
    for tree in ("/usr/share", "/etc"):
        lay_over(package, tree)


def words(name):
    """The command line of one of its programs for all links: they are one script that looks at the name it is called by."""
    program = pathlib.Path("/run", name)
    if not program.exists():
        program.symlink_to("/usr/share/ifupdown2/__main__.py")
    return ["/usr/bin/python3", str(program), "-a"]


def run(name, interfaces):
    INTERFACES.write_text(interfaces, encoding="ascii")
    subprocess.run(words(name), stderr=subprocess.DEVNULL, check=True)
