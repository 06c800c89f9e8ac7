// SPDX-License-Identifier: Apache-2.0
// Files of /proc and /etc that are read as they come.
#include "facts/cpu.hpp"
#include "facts/user.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    (void)virt_flag(kvmkit::parse_cpuinfo(text));
    (void)kvmkit::is_x86(kvmkit::arch_of_cpuinfo(text));
    (void)kvmkit::find_group(text, "kvm");
    (void)kvmkit::user_name(text, 0);
    (void)kvmkit::os_release_value(text, "ID");
    return 0;
}
