// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/uuid.hpp"

#include <array>
#include <random>

#include <fmt/format.h>

namespace kvmkit::virt {

std::string new_uuid()
{
    std::random_device source;  // getrandom(2) on Linux
    const std::array<std::uint32_t, 4> word{source(), source(), source(), source()};
    return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:04x}{:08x}",
                       word[0],
                       word[1] >> 16U,
                       word[1] & 0xfffU,
                       0x8000U | (word[2] >> 16U & 0x3fffU),
                       word[2] & 0xffffU,
                       word[3]);
}

std::string mac_address_of(std::string_view uuid)
{
    const auto tail = uuid.substr(uuid.size() - 6);
    return fmt::format("52:54:00:{}:{}:{}", tail.substr(0, 2), tail.substr(2, 2), tail.substr(4, 2));
}

}  // namespace kvmkit::virt
