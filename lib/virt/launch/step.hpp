// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/host/qemu_user.hpp"
#include "virt/spec/image.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace kvmkit::virt {

/// Makes a folder that was not there.
struct MakeFolder {
    std::filesystem::path path;
    mode_t mode = 0755;
};
/// Removes an empty folder; none there is fine.
struct RemoveFolder {
    std::filesystem::path path;
};

/// Makes the root folder of an embedded driver, with its settings.
struct MakeDriverRoot {
    std::filesystem::path path;
};
/// Ends our connection to that driver and removes the folder with everything in it.
struct RemoveDriverRoot {
    std::filesystem::path path;
};

/// Makes a qcow2 overlay on a base image, owned by the user that runs QEMU.
struct MakeOverlay {
    BaseImage base;
    std::filesystem::path path;
    std::optional<QemuUser> owner;
};
/// Removes a file; none there is fine.
struct RemoveFile {
    std::filesystem::path path;
};

/// Which VM: the UUID is ours, the name is for people.
struct VmId {
    std::string uri;
    std::string uuid;
    std::string name;
};

/// Defines a VM that stays.
struct DefineVm {
    VmId vm;
    std::string xml;
};
/// Starts a defined VM, paused. Undone by what undoes its definition.
struct StartVm {
    VmId vm;
};
/// Starts a VM, paused, that lives as long as the connection.
struct CreateVm {
    VmId vm;
    std::string xml;
};
/// Opens console and events of the paused VM, so that nothing is missed.
struct AttachVm {
    VmId vm;
};
/// Lets the guest execute its first instruction.
struct ResumeVm {
    VmId vm;
};
/// Ends a VM and makes libvirt forget it; one that is gone is fine.
struct RemoveVm {
    VmId vm;
};

using Step = std::variant<MakeFolder,
                          RemoveFolder,
                          MakeDriverRoot,
                          RemoveDriverRoot,
                          MakeOverlay,
                          RemoveFile,
                          DefineVm,
                          StartVm,
                          CreateVm,
                          AttachVm,
                          ResumeVm,
                          RemoveVm>;

/// "define VM 'web'": for people.
std::string describe(const Step& step);

/// For journals, which hold inverses: the four removals. Any other step encodes to nothing.
std::string encode(const Step& step);
/// ErrorCode::invalid for a text that encode() did not make.
Result<Step> decode(std::string_view text);

}  // namespace kvmkit::virt
