// SPDX-License-Identifier: Apache-2.0
#include "setup/kvm_device.hpp"

#include "base/text.hpp"
#include "facts/user.hpp"
#include "system/small_files.hpp"

#include <algorithm>

namespace kvmkit::setup {
namespace {

/// The module that the first CPU's flags call for.
std::optional<std::string> module_for(std::string_view cpuinfo)
{
    for (const auto line : lines(cpuinfo)) {
        if (!line.starts_with("flags")) {
            continue;
        }
        const auto flags = words(line);
        auto has = [&flags](std::string_view flag) { return std::ranges::find(flags, flag) != flags.end(); };
        if (has("vmx")) {
            return "kvm_intel";
        }
        return has("svm") ? std::optional<std::string>{"kvm_amd"} : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

KvmDevice observe_device(const Root& root)
{
    const auto group = find_group(text_or_nothing(root, "etc/group"), "kvm");
    KvmDevice device{.kvm_group = group ? std::optional<gid_t>{group->gid} : std::nullopt,
                     .udev_runs = root.exists("run/udev/control")};
    const auto status = root.status("dev/kvm");
    if (status && *status && S_ISCHR((*status)->st_mode)) {
        device.present = true;
        device.owner_group = (*status)->st_gid;
        device.mode = (*status)->st_mode & 07777U;
    }
    return device;
}

KvmModule observe_module(const Root& root)
{
    KvmModule module{.name = module_for(text_or_nothing(root, "proc/cpuinfo"))};
    const auto release_text = text_or_nothing(root, "proc/sys/kernel/osrelease");
    const std::string release{trim(release_text)};
    module.loaded = module.name && root.exists("sys/module/" + *module.name);
    module.available = !release.empty() && root.exists("lib/modules/" + release);
    module.loader = root.exists("sbin/modprobe") || root.exists("usr/sbin/modprobe");
    return module;
}

}  // namespace kvmkit::setup
