// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/host/qemu_user.hpp"
#include "virt/seed/make_seed.hpp"
#include "virt/spec/disk.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
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
    std::optional<Bytes> size = std::nullopt;  ///< Absent: that of the base.
};
/// Makes an empty disk, owned by the user that runs QEMU.
struct MakeDisk {
    NewDisk disk;
    std::filesystem::path path;
    std::optional<QemuUser> owner;
};
/// Makes the seed of a VM with its keys, in the folder of the VM or in memory.
struct MakeSeed {
    SeedOrder order;
};
/// Removes what MakeSeed made in that folder; nothing there is fine.
struct RemoveSeed {
    std::filesystem::path folder;
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
/// Starts a VM of ours that is off, paused, and notes on it which transaction did.
struct StartAgain {
    VmId vm;
    std::string transaction;
};
/// Cuts the power of a VM that this transaction started; one that is off, gone, or started by another stays as it is.
struct StopStarted {
    VmId vm;
    std::string transaction;
};
/// Starts a VM, paused, that lives as long as the connection.
struct CreateVm {
    VmId vm;
    std::string xml;
    bool keeps_variables = false;  ///< Of UEFI, in a file of libvirt's.
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

/// Starts one of libvirt's networks.
struct StartNetwork {
    std::string uri;
    std::string name;
};
/// Stops it again unless a VM uses it.
struct StopNetwork {
    std::string uri;
    std::string name;
};

/// One network card of a VM, by its address.
struct NicId {
    VmId vm;
    std::string mac;
};
/// Puts the card's port of a bridge into a VLAN, while the guest has not executed anything.
struct TagPort {
    NicId nic;
    std::uint16_t vlan = 0;
};
/// Puts that port into the VLAN that new ports of its bridge get; none there is fine.
struct UntagPort {
    NicId nic;
};
/// Waits until the card's port forwards: before that, the spanning tree lets nothing through.
struct AwaitPort {
    NicId nic;
    std::chrono::seconds most{40};
};

using Step = std::variant<MakeFolder,
                          RemoveFolder,
                          MakeDriverRoot,
                          RemoveDriverRoot,
                          MakeOverlay,
                          MakeDisk,
                          MakeSeed,
                          RemoveSeed,
                          RemoveFile,
                          DefineVm,
                          StartVm,
                          StartAgain,
                          StopStarted,
                          CreateVm,
                          AttachVm,
                          ResumeVm,
                          RemoveVm,
                          StartNetwork,
                          StopNetwork,
                          TagPort,
                          UntagPort,
                          AwaitPort>;

/// "define VM 'web'": for people.
std::string describe(const Step& step);

/// For journals, which hold inverses: what removes, stops and untags. Any other step encodes to nothing.
std::string encode(const Step& step);
/// ErrorCode::invalid for a text that encode() did not make.
Result<Step> decode(std::string_view text);

}  // namespace kvmkit::virt
