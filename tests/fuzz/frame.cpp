// SPDX-License-Identifier: Apache-2.0
// Frames are bytes of anybody on the wire: none may crash the reader, and what it tells is fit for a terminal.
#include "virt/address/wire.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view frame{reinterpret_cast<const char*>(data), size};
    kvmkit::virt::Wire wire{"52:54:00:00:00:01"};
    wire.see(frame);
    wire.see(frame);
    const auto told = wire.last_seen() + wire.address().value_or("");
    const bool plain = std::ranges::all_of(told, [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
    if (!plain) {
        std::abort();
    }
    (void)wire.twins();
    return 0;
}
