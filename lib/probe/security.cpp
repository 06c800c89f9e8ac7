// SPDX-License-Identifier: Apache-2.0
#include "probe/software.hpp"
#include "system/small_files.hpp"

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// A file of SELinux's: "1", or for a boolean "1 1", of which the first is in force.
Fact<bool> read_switch(const Root& root, const std::string& path)
{
    const auto text = trimmed(root, path);
    if (!text) {
        return text.error();
    }
    return *text ? std::optional{(*text)->starts_with('1')} : std::optional<bool>{};
}

}  // namespace

void read_security(const Root& root, SecurityFacts& security)
{
    security.looked = root.is_this_host() || root.exists("sys/module");
    const auto enabled = trimmed(root, "sys/module/apparmor/parameters/enabled");
    security.apparmor = enabled && enabled->value_or("") == "Y";
    security.template_installed = root.exists("etc/apparmor.d/libvirt/TEMPLATE.qemu");
    security.parser_installed = root.exists("usr/sbin/apparmor_parser") || root.exists("sbin/apparmor_parser");
    security.enforcing = read_switch(root, "sys/fs/selinux/enforce");
    security.protected_host = read_switch(root, "sys/firmware/uv/prot_virt_host");
    if (root.is_this_host()) {
        const auto type = filesystem_of(text_or_nothing(root, "proc/mounts"), "/var/lib/libvirt/images");
        security.images_on = boolean_for(type).empty() ? std::string{} : type;
    }
    if (const auto boolean = boolean_for(security.images_on); !boolean.empty()) {
        security.images_allowed = read_switch(root, fmt::format("sys/fs/selinux/booleans/{}", boolean));
    }
}

}  // namespace kvmkit
