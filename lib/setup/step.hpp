// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "facts/ipv4.hpp"
#include "setup/network_action.hpp"
#include "system/files.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kvmkit::setup {

/// apt-get update. Nothing to undo.
struct RefreshLists {};

/// apt-get install, which is undone on request alone; or that of dnf, zypper or pacman, undone by RemovePackages.
struct InstallPackages {
    std::vector<std::string> names;
};

/// Takes back what an InstallPackages brought, and of nothing else. An inverse alone.
struct RemovePackages {
    std::vector<std::string> names;
    std::vector<std::string> purge = {};  ///< Of apt: those whose settings go, too, unless they were edited.
    bool spares_vms = false;              ///< Refused while VMs run: somebody asked for it long after.
};

/// modprobe; undone only where it was not loaded before, or was.
struct LoadModule {
    std::string name;
};
struct UnloadModule {
    std::string name;
};

/// Ends what an interrupted dpkg began. Nothing to undo.
struct FinishPackages {};

/// Gives a file these bytes and this look; without bytes the file is removed.
struct SetFile {
    std::string path;  ///< Relative to the host's root.
    std::optional<std::string> bytes;
    mode_t mode = 0644;
    std::optional<FileOwner> owner = {};
    std::optional<std::int64_t> modified_ns = {};
    std::string over = {};  ///< Of an inverse: fingerprint() of what it takes back; empty: not known.
};

/// Of a file's bytes; absent ones have one, too. To tell whether somebody wrote the file since, not to prove it.
std::string fingerprint(const std::optional<std::string>& bytes);

/// Does nothing, and once all that comes after it is undone, refreshes the package lists, or has a service read its
/// files again: an undoing goes backwards.
struct RefreshOnUndo {};
struct ReloadOnUndo {
    std::string unit;
};

/// Fetches the package lists with the sources as they are now. A failure of this archive takes back what came before.
struct ProveSources {
    std::string archive;
};

/// systemctl reload, or the daemon's own signal where no systemd runs; nothing where the service does not run.
struct ReloadService {
    std::string unit;
};

/// Asks sshd what root may do from an address. Changes nothing; another answer takes back what came before.
struct ProveRootLogin {
    std::string wanted;   ///< "prohibit-password", "yes"
    std::string address;  ///< Of a client for whom it must hold.
};

/// mknod for /dev/kvm, open to root only; undone only where there was none.
struct MakeDevice {};
struct RemoveDevice {};

/// A system group, and who is in it; undone only where it was not there, or the user not in it.
struct AddGroup {
    std::string name;
};
struct RemoveGroup {
    std::string name;
};
struct AddMember {
    std::string user;
    std::string group;
};
struct RemoveMember {
    std::string user;
    std::string group;
};

/// chgrp kvm and mode 0660 for /dev/kvm. The group is looked up when it is done: a package may just have made it.
struct GrantDevice {};
struct SetDeviceOwner {
    gid_t group = 0;
    mode_t mode = 0;
};

/// `unlink`: out of all of sysvinit's runlevels, as a script that was in none.
enum class UnitAction { enable, disable, unlink, start, stop };
struct ChangeUnit {
    UnitAction action = UnitAction::enable;
    std::string unit;
    bool if_enabled = false;  ///< Not started where it is not started at boot; nothing is done where it is not there.
};

/// Keeps libvirt from starting while its packages are installed, and lets it start again. The first is taken back by
/// the second, which is harmless where nothing is held.
struct HoldLibvirt {};
struct ReleaseLibvirt {};

/// Gives libvirt's network "default" other addresses. Undone by its old definition: bytes and look of its file.
struct MoveNetwork {
    Ipv4Range range;
};
struct DefineNetwork {
    SetFile file;
};

/// Of libvirt's network "default".
struct ChangeNetwork {
    NetworkAction action = NetworkAction::start;
    std::string forwarding;  ///< Of a stop that takes a start back: what net.ipv4.ip_forward was before; else empty.
};

/// Opens libvirt's socket and waits for its answer. Changes nothing; a failure takes back what came before.
struct ProveLibvirt {};

using Step = std::variant<RefreshLists,
                          InstallPackages,
                          LoadModule,
                          UnloadModule,
                          SetFile,
                          MakeDevice,
                          RemoveDevice,
                          AddGroup,
                          RemoveGroup,
                          AddMember,
                          RemoveMember,
                          GrantDevice,
                          SetDeviceOwner,
                          ChangeUnit,
                          ProveLibvirt,
                          RefreshOnUndo,
                          ReloadOnUndo,
                          ProveSources,
                          ReloadService,
                          ProveRootLogin,
                          FinishPackages,
                          RemovePackages,
                          HoldLibvirt,
                          ReleaseLibvirt,
                          MoveNetwork,
                          DefineNetwork,
                          ChangeNetwork>;

/// The stable word for a step's kind, as records carry it ("install-packages").
std::string_view kind(const Step& step) noexcept;

/// "install qemu-utils vlan": for plans and journals.
std::string describe(const Step& step);

/// "start", "enable", ...: systemctl's verbs.
std::string_view word(UnitAction action) noexcept;

/// The journal's form of a step, and back.
std::string encode(const Step& step);
Result<Step> decode(std::string_view text);

}  // namespace kvmkit::setup
