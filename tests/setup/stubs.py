# SPDX-License-Identifier: Apache-2.0
"""Stub packages in place of QEMU, libvirt and their company, so that a run of apt takes seconds."""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

VERSION = "99.1"

NAMES = ["qemu-system-x86", "qemu-utils", "libvirt-daemon-system", "libvirt-clients", "dnsmasq-base", "iptables",
         "libvirt-daemon-config-network", "iproute2", "bridge-utils", "vlan", "kmod", "unwanted"]

# Of the components that are only installed when they are named.
MORE = ["virtinst", "virt-manager", "swtpm", "swtpm-tools", "ovmf", "cloud-image-utils", "osinfo-db", "libosinfo-bin",
        "task-kde-desktop", "libvirt-daemon-system-sysv"]

FIELDS = {"qemu-utils": "Recommends: unwanted\n"}

# As the real ones do it: the group comes with QEMU. It prints a word under set -e, as many do, on both its streams.
# libvirt's network is laid down, and its daemon started, as Debian's packages do it.
SCRIPTS = {"qemu-system-x86": {"postinst": "#!/bin/sh\nset -e\necho made a group\necho so there >&2\n"
                                           "groupadd -f --system kvm\n"},
           "libvirt-daemon-config-network": {
               "postinst": "#!/bin/sh\nset -e\ninstall -m 0600 -D /usr/share/libvirt/networks/default.xml"
                           " /etc/libvirt/qemu/networks/default.xml\n",
               "postrm": "#!/bin/sh\nset -e\ncd /etc/libvirt/qemu/networks 2>/dev/null || exit 0\n"
                         "case $1 in\n    remove) mv default.xml default.xml.dpkg-backup ;;\n"
                         "    purge) rm -f default.xml default.xml.dpkg-backup; cd /\n"
                         "        rmdir /etc/libvirt/qemu/networks/autostart 2>/dev/null || true\n"
                         "        rmdir -p /etc/libvirt/qemu/networks 2>/dev/null || true ;;\nesac\n"},
           "libvirt-daemon-system": {
               "postinst": "#!/bin/sh\nset -e\ngroupadd -f --system libvirt\n"
                           "if [ -d /run/systemd/system ]; then\n"
                           "    systemctl daemon-reload\n    systemctl --quiet enable libvirt-guests.service\n"
                           "    deb-systemd-invoke start libvirt-guests.service libvirtd.socket >/dev/null || true\nfi\n"}}

SERVICE = """[Unit]
Description=stub of libvirtd
Requires=libvirtd.socket
After=libvirtd.socket
[Service]
ExecStart=/usr/bin/perl /usr/sbin/libvirtd
[Install]
WantedBy=multi-user.target
Also=libvirtd.socket
"""
SOCKET = """[Socket]
ListenStream=/run/libvirt/libvirt-sock
[Install]
WantedBy=sockets.target
"""
# Answers libvirt's first question, procedure 66, with "no authentication", on the socket that systemd hands it.
DAEMON = """use strict; use warnings; use IO::Socket::UNIX;
my $listen = IO::Socket::UNIX->new_from_fd(3, 'r+') or die "no socket: $!";
while (my $peer = $listen->accept) {
    sysread($peer, my $call, 28) or next;
    syswrite($peer, pack('N9', 36, 0x20008086, 1, 66, 1, 1, 0, 1, 0));
}
"""
GUESTS = """[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
[Install]
WantedBy=multi-user.target
"""
# Does with files what libvirt does with networks, and says when it was asked.
VIRSH = """#!/bin/sh
set -e
state=/run/libvirt/network/default.xml
link=/etc/libvirt/qemu/networks/autostart/default.xml
while [ "${1#--}" != "$1" ] && [ "$1" != --version ]; do [ "$1" != --connect ] || shift; shift; done
case "$*" in
    "net-start default") mkdir -p ${state%/*}; touch $state; echo 1 >/proc/sys/net/ipv4/ip_forward ;;
    "net-destroy default") rm $state ;;
    "net-autostart default") mkdir -p ${link%/*}; ln -s /etc/libvirt/qemu/networks/default.xml $link ;;
    "net-autostart default --disable") rm $link ;;
    "net-list --name") [ ! -e $state ] || echo default ;;
    capabilities) echo "<capabilities><guest><domain type='kvm'/></guest></capabilities>" ;;
    *) echo "error: unknown: $*" >&2; exit 1 ;;
esac
"""
NETWORK = """<network>
  <name>default</name>
  <bridge name='virbr0'/>
  <forward/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
"""
# As init scripts start it: it opens the socket itself.
DAEMON_ALONE = DAEMON.replace("IO::Socket::UNIX->new_from_fd(3, 'r+')", "IO::Socket::UNIX->new(Local => '/run/libvirt/libvirt-sock', Listen => 5)")
SCRIPT = """#!/bin/sh
### BEGIN INIT INFO
# Provides: {name}
# Required-Start: $remote_fs
# Required-Stop: $remote_fs
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
### END INIT INFO
pidfile=/run/{name}.pid
case "$1" in
    start) mkdir -p /run/libvirt; rm -f /run/libvirt/{name}-sock
           start-stop-daemon --start --background --make-pidfile --pidfile $pidfile --startas {program} ;;
    stop) start-stop-daemon --stop --oknodo --pidfile $pidfile --remove-pidfile; rm -f /run/libvirt/libvirt-sock ;;
    status) [ -e $pidfile ] && kill -0 "$(cat $pidfile)" 2>/dev/null || exit 3 ;;
esac
"""
FILES = {"libvirt-daemon-system-sysv": {
             "etc/init.d/libvirtd": SCRIPT.format(name="libvirtd", program="/usr/bin/perl -- /usr/sbin/libvirtd-alone"),
             "etc/init.d/virtlogd": SCRIPT.format(name="virtlogd", program="/bin/sleep -- 1000"),
             "usr/sbin/libvirtd-alone": DAEMON_ALONE},
         "libvirt-clients": {"usr/bin/virsh": VIRSH},
         "libvirt-daemon-config-network": {"usr/share/libvirt/networks/default.xml": NETWORK},
         "libvirt-daemon-system": {"usr/lib/systemd/system/libvirt-guests.service": GUESTS,
                                   "usr/lib/systemd/system/libvirtd.service": SERVICE,
                                   "usr/lib/systemd/system/libvirtd.socket": SOCKET,
                                   "usr/sbin/libvirtd": DAEMON}}


def make_package(repository: Path, name: str, *, fields: str = "", scripts: dict | None = None,
                 files: dict | None = None, version: str = VERSION) -> None:
    """Writes NAME.deb into the repository, in place of one that is there."""
    work = repository / f"{name}.build"
    (work / "DEBIAN").mkdir(parents=True)
    (work / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\n"
        f"{fields}Description: stub\n")
    for script, text in (scripts or {}).items():
        (work / "DEBIAN" / script).write_text(text)
        (work / "DEBIAN" / script).chmod(0o644 if script == "templates" else 0o755)
    for path, content in (files or {}).items():
        target = work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        target.chmod(0o755 if isinstance(content, str) and content.startswith("#!") else 0o644)
    os.chmod(work, 0o755)
    subprocess.run(["dpkg-deb", "-Znone", "--root-owner-group", "--build", work, repository / f"{name}.deb"], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(work)


def write_index(repository: Path) -> None:
    """The Packages file of a flat repository."""
    stanzas = []
    for package in sorted(repository.glob("*.deb")):
        control = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True, check=True).stdout
        bytes_ = package.read_bytes()
        stanzas.append(f"{control.rstrip()}\nFilename: ./{package.name}\nSize: {len(bytes_)}\n"
                       f"SHA256: {hashlib.sha256(bytes_).hexdigest()}\n")
    (repository / "Packages").write_text("\n".join(stanzas))


def make_repository(repository: Path) -> None:
    shutil.rmtree(repository, ignore_errors=True)
    repository.mkdir(parents=True)
    for name in NAMES + MORE:
        make_package(repository, name, fields=FIELDS.get(name, ""), scripts=SCRIPTS.get(name), files=FILES.get(name))
    write_index(repository)
