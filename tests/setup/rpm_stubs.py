# SPDX-License-Identifier: Apache-2.0
"""Stub packages of RPM in place of QEMU, libvirt and their company, made and indexed by the root's own rpmbuild and createrepo_c."""
import shutil
import subprocess
from pathlib import Path

VERSION = "99.1"

NAMES = ["qemu-kvm", "libvirt", "libvirt-daemon-qemu", "libvirt-client", "bridge-utils"]
MORE = ["libvirt-daemon", "unwanted", "shell", "virt-install", "virt-manager", "swtpm", "swtpm-tools"]

# A shell is what scripts of packages need, and rpm asks for.
FIELDS = {"libvirt": "Requires: libvirt-daemon\nRecommends: unwanted",
          "libvirt-daemon-qemu": "Requires: libvirt-daemon\nRecommends: unwanted", "shell": "Provides: /bin/sh"}

SPEC = """Name: {name}
Version: {version}
Release: 1
Summary: stub
License: none
BuildArch: noarch
{fields}
%description
stub
%install
mkdir -p %{{buildroot}}/usr/share/stubs
echo stub > %{{buildroot}}/usr/share/stubs/{name}
%files
/usr/share/stubs/{name}
{scripts}
"""


COMPS = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps>
  <group><id>shell</id><name>A shell with windows</name><description/><default>false</default><uservisible>true</uservisible>
    <packagelist>
      <packagereq type="mandatory">gnome-shell</packagereq>
      <packagereq type="default">a-display-manager-with-a-name-that-is-too-long-for-a-line</packagereq>
      <packagereq type="optional">unwanted</packagereq>
    </packagelist></group>
  {environments}
</comps>
"""
ENVIRONMENT = """<environment><id>{name}</id><name>Server with a lot of GUI</name><description/><display_order>1</display_order>
    <grouplist><groupid>shell</groupid></grouplist></environment>"""


def write_groups(root: Path, *environments: str) -> None:
    """Each is an environment of one group: one package that has to be, one that usually is, one that may be."""
    (root / "srv/comps.xml").write_text(COMPS.format(environments="\n".join(ENVIRONMENT.format(name=each) for each in environments)))


def inside(root: Path, *words: str) -> None:
    done = subprocess.run(["chroot", root, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, f"{words}: {done.stdout}"


def make_package(root: Path, name: str, *, fields: str = "", scripts: str = "", version: str = VERSION) -> None:
    """Adds NAME to the root's repository, beside an older one of that name."""
    spec = root / f"srv/{name}.spec"
    spec.write_text(SPEC.format(name=name, version=version, fields=fields or FIELDS.get(name, ""), scripts=scripts))
    inside(root, "rpmbuild", "-bb", "--quiet", "--define", "_topdir /srv/build", "--define", "_rpmdir /srv/repo",
           f"/srv/{name}.spec")
    spec.unlink()


def write_index(root: Path) -> None:
    shutil.rmtree(root / "srv/repo/repodata", ignore_errors=True)  # createrepo's own renaming fails on an overlay
    groups = ["-g", "/srv/comps.xml"] if (root / "srv/comps.xml").exists() else []
    inside(root, "createrepo_c", "--quiet", *groups, "/srv/repo")
