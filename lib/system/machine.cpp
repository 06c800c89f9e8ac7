// SPDX-License-Identifier: Apache-2.0
#include "system/machine.hpp"

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "system/small_files.hpp"

#include <sys/utsname.h>

#include <fmt/format.h>

namespace kvmkit {
namespace {

std::string quoted(const std::string& text)
{
    return text.empty() ? "without one" : text;
}

}  // namespace

MachineMark this_machine(const Root& root)
{
    constexpr std::size_t id_size = 32;
    MachineMark mark;
    const auto text = text_or_nothing(root, "etc/machine-id");
    if (const auto id = trim(text); id.size() == id_size) {
        // machine-id(5): the id itself is not for others to see.
        mark.machine = sha256(fmt::format("kvmkit {}", id)).substr(0, id_size);
    }
    const auto boot = text_or_nothing(root, "proc/sys/kernel/random/boot_id");
    mark.boot = trim(boot);
    utsname names{};
    if (::uname(&names) == 0) {
        mark.name = static_cast<const char*>(names.nodename);
        mark.kernel = static_cast<const char*>(names.release);
    }
    return mark;
}

std::string other_host(const MachineMark& recorded, const MachineMark& here)
{
    if (!recorded.machine.empty() || !here.machine.empty()) {
        return recorded.machine == here.machine
                   ? std::string{}
                   : fmt::format("machine {}, here {}", quoted(recorded.machine), quoted(here.machine));
    }
    return recorded.name == here.name ? std::string{} : fmt::format("host '{}', here '{}'", recorded.name, here.name);
}

}  // namespace kvmkit
