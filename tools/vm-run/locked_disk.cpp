// SPDX-License-Identifier: Apache-2.0
#include "locked_disk.hpp"

#include "virt/host/holder.hpp"
#include "virt/libvirt/connection.hpp"

#include <string_view>

#include <fmt/format.h>

namespace kvmkit::vm_run {

Error with_holder(Error error, const Root& root, const std::string& uri)
{
    constexpr std::string_view sign = "Is another process using the image [";
    const auto begin = error.message.find(sign);
    const auto end = begin == std::string::npos ? begin : error.message.find(']', begin);
    if (end == std::string::npos || !error.hint.empty() || !virt::leads_to_this_host(uri)) {
        return error;
    }
    const auto path = error.message.substr(begin + sign.size(), end - begin - sign.size());
    if (const auto holder = virt::find_holder(root, path)) {
        error.hint =
            holder->vm.empty()
                ? fmt::format("process {} uses it", holder->pid)
                : fmt::format(
                      "VM '{0}' (process {1}) uses it: stop that first: vm-run stop {0}", holder->vm, holder->pid);
    }
    return error;
}

}  // namespace kvmkit::vm_run
