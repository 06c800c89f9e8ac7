// SPDX-License-Identifier: Apache-2.0
#include "net/model/option.hpp"

#include <algorithm>
#include <cstring>

namespace kvmkit::net {
namespace {

template <class Number>
std::string bytes_of(std::uint64_t number)
{
    const auto narrow = static_cast<Number>(number);
    std::string bytes(sizeof(narrow), '\0');
    std::memcpy(bytes.data(), &narrow, sizeof(narrow));
    return bytes;
}

template <class Number>
std::uint64_t number_in(const std::string& bytes)
{
    Number narrow{};
    std::memcpy(&narrow, bytes.data(), sizeof(narrow));
    return narrow;
}

}  // namespace

const LinkOption* find(const LinkOptions& options, std::uint16_t type)
{
    const auto found = std::ranges::find(options, type, &LinkOption::type);
    return found == options.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> option_number(const LinkOption& option)
{
    switch (option.bytes.size()) {
        case sizeof(std::uint8_t): return number_in<std::uint8_t>(option.bytes);
        case sizeof(std::uint16_t): return number_in<std::uint16_t>(option.bytes);
        case sizeof(std::uint32_t): return number_in<std::uint32_t>(option.bytes);
        case sizeof(std::uint64_t): return number_in<std::uint64_t>(option.bytes);
        default: return std::nullopt;
    }
}

std::span<const OptionSpec> option_specs(std::string_view kind) noexcept
{
    if (kind == "bridge") {
        return bridge_options();
    }
    if (kind == "bond") {
        return bond_options();
    }
    if (kind == "vlan") {
        return vlan_options();
    }
    return kind == "vxlan" ? vxlan_options() : std::span<const OptionSpec>{};
}

LinkOption number_option(std::uint16_t type, std::uint64_t number, unsigned width)
{
    switch (width) {
        case sizeof(std::uint8_t): return {type, bytes_of<std::uint8_t>(number)};
        case sizeof(std::uint16_t): return {type, bytes_of<std::uint16_t>(number)};
        case sizeof(std::uint64_t): return {type, bytes_of<std::uint64_t>(number)};
        default: return {type, bytes_of<std::uint32_t>(number)};
    }
}

}  // namespace kvmkit::net
