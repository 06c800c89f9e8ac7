// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/hardware.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

std::optional<unsigned> hexadecimal(std::string_view text, unsigned most)
{
    unsigned number = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number, 16);
    const bool whole = read.ec == std::errc{} && read.ptr == end && !text.empty();
    return whole && number <= most ? std::optional{number} : std::nullopt;
}

/// The text before the separator, which is taken off with it.
std::string_view cut(std::string_view& text, char separator)
{
    const auto at = text.find(separator);
    const auto piece = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return piece;
}

}  // namespace

std::string_view word(Firmware firmware) noexcept
{
    switch (firmware) {
        case Firmware::bios: return "bios";
        case Firmware::uefi: return "uefi";
        case Firmware::secure: return "secure";
    }
    return "";
}

std::string text(const PciAddress& address)
{
    return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", address.domain, address.bus, address.slot, address.function);
}

std::optional<PciAddress> parse_pci_address(std::string_view text)
{
    const bool with_domain = text.find(':') != text.rfind(':');
    const auto domain = with_domain ? hexadecimal(cut(text, ':'), 0xffff) : std::optional{0U};
    const auto bus = hexadecimal(cut(text, ':'), 0xff);
    const auto slot = hexadecimal(cut(text, '.'), 0x1f);
    const auto function = hexadecimal(text, 7);
    return domain && bus && slot && function ? std::optional{PciAddress{*domain, *bus, *slot, *function}}
                                             : std::nullopt;
}

}  // namespace kvmkit::virt
