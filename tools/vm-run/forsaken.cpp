// SPDX-License-Identifier: Apache-2.0
#include "forsaken.hpp"

#include "virt/host/holder.hpp"
#include "virt/launch/plan.hpp"

#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <system_error>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

Error in_use(const std::filesystem::path& folder, const std::string& by)
{
    return {ErrorCode::refused, fmt::format("refused to remove '{}': {} uses it", folder.string(), by)};
}

/// Its whole description counts: disks, what they lie on, firmware.
Result<void> check_unused(const virt::Connection& connection, const std::filesystem::path& folder)
{
    const auto domains = connection.domains();
    if (!domains) {
        return domains.error();
    }
    for (const auto& domain : *domains) {
        const auto xml = domain.xml();
        if (!xml && xml.error().code == ErrorCode::not_found) {  // gone meanwhile
            continue;
        }
        if (!xml) {
            return xml.error();
        }
        if (xml->find(folder.string() + "/") != std::string::npos) {
            return in_use(folder, fmt::format("VM '{}' at {}", domain.name().value_or("?"), connection.uri()));
        }
    }
    return {};
}

/// VMs of all drivers have their folders in one place: each driver is asked. One that never ran here knows none.
Result<void> check_unused_elsewhere(const std::string& asked, const std::filesystem::path& folder)
{
    std::set<std::string> uris{"qemu:///system"};
    if (::geteuid() != 0) {
        uris.insert("qemu:///session");
    }
    uris.erase(asked);
    for (const auto& uri : uris) {
        const auto connection = virt::Connection::open_read_only(uri);
        std::error_code ignored;
        const bool never_ran = !connection && connection.error().code == ErrorCode::not_found &&
                               uri == "qemu:///system" && !std::filesystem::exists("/etc/libvirt/qemu", ignored);
        if (never_ran) {
            continue;
        }
        if (!connection) {
            return connection.error();
        }
        if (auto unused = check_unused(*connection, folder); !unused) {
            return unused;
        }
    }
    return {};
}

}  // namespace

Result<std::vector<virt::Step>> steps_to_remove_forsaken(const virt::Connection& connection,
                                                         const Root& root,
                                                         const txn::Places& places,
                                                         const virt::VmName& name)
{
    const auto folder = virt::vm_folder(places, name);
    std::error_code problem;
    if (!std::filesystem::is_directory(std::filesystem::symlink_status(folder, problem))) {
        return Error{ErrorCode::not_found, fmt::format("there is no '{}'", folder.string())};
    }
    if (const auto holder = virt::find_holder(root, folder.string() + "/")) {
        return in_use(folder, fmt::format("process {}", holder->pid));
    }
    auto unused = check_unused(connection, folder);
    if (unused) {
        unused = check_unused_elsewhere(connection.uri(), folder);
    }
    if (!unused) {
        return unused.error();
    }
    std::vector<virt::Step> steps{virt::RemoveFolder{folder}, virt::RemoveSeed{folder}};
    for (const auto& entry : std::filesystem::directory_iterator{folder, problem}) {
        if (entry.is_regular_file(problem)) {
            steps.emplace_back(virt::RemoveFile{entry.path()});
        }
    }
    return steps;
}

}  // namespace kvmkit::vm_run
