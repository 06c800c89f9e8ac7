// SPDX-License-Identifier: Apache-2.0
#include "setup/network_xml.hpp"

#include "facts/ipv4_claim.hpp"

#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr unsigned bits = 32;

std::uint64_t size_of(const Ipv4Range& range)
{
    return std::uint64_t{1} << (bits - range.prefix);
}

std::string mask_text(unsigned prefix)
{
    return address_text(prefix == 0 ? 0 : ~std::uint32_t{0} << (bits - prefix));
}

/// The same place in the new range; the last address that a host can have stays the last.
std::optional<std::uint32_t> moved(std::uint32_t address, const Ipv4Range& from, const Ipv4Range& to)
{
    const std::uint64_t offset = address - from.address;
    const bool is_last = offset + 2 == size_of(from);
    const std::uint64_t place = is_last ? size_of(to) - 2 : offset;
    return place + 1 < size_of(to) ? std::optional{to.address + static_cast<std::uint32_t>(place)} : std::nullopt;
}

/// What the value of an attribute becomes; absent: it stays.
Result<std::optional<std::string>> new_value(std::string_view name,
                                             std::string_view value,
                                             const Ipv4Range& from,
                                             const Ipv4Range& to)
{
    using Value = std::optional<std::string>;
    if (name == "netmask") {
        return Value{mask_text(to.prefix)};
    }
    if (name == "prefix") {
        return Value{fmt::format("{}", to.prefix)};
    }
    const auto address = parse_ipv4(value);
    if (!address || !from.holds({*address, bits})) {
        return Value{};
    }
    const auto place = moved(*address, from, to);
    if (!place) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to give network 'default' the range {}: its address {} does not fit into it",
                                 to_text(to),
                                 value),
                     "choose a larger range, or take the address out first: virsh net-edit default"};
    }
    return Value{address_text(*place)};
}

/// Copies a piece of XML and changes the values of attributes in it.
Result<std::string> rewritten(std::string_view text, const Ipv4Range& from, const Ipv4Range& to)
{
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto equals = text.find('=', at);
        const bool more = equals != std::string_view::npos && equals + 1 < text.size();
        const char quote = more ? text[equals + 1] : '\0';
        const auto end = quote == '\'' || quote == '"' ? text.find(quote, equals + 2) : std::string_view::npos;
        if (end == std::string_view::npos) {
            break;
        }
        const auto blank = text.find_last_of(" \t\n<", equals);
        const auto name = text.substr(blank == std::string_view::npos ? at : blank + 1, equals - blank - 1);
        const auto value = text.substr(equals + 2, end - equals - 2);
        const auto changed = new_value(name, value, from, to);
        if (!changed) {
            return changed.error();
        }
        out += text.substr(at, equals + 2 - at);
        out += changed->value_or(std::string{value});
        at = end;
    }
    out += text.substr(at);
    return out;
}

/// Where the element <ip> of IPv4 ends: behind </ip>, or behind its own tag.
std::size_t end_of_element(std::string_view xml, std::size_t begin)
{
    const auto tag_end = xml.find('>', begin);
    const bool closed = tag_end != std::string_view::npos && tag_end > 0 && xml[tag_end - 1] == '/';
    const auto end = closed ? tag_end + 1 : xml.find("</ip>", begin);
    return end == std::string_view::npos ? xml.size() : end;
}

}  // namespace

Result<std::string> with_range(std::string_view xml, const Ipv4Range& from, const Ipv4Range& to)
{
    std::string out;
    std::size_t at = 0;
    const auto comment = xml.find("-->");  // libvirt's own, above the definition
    auto begin = xml.find("<ip ", comment == std::string_view::npos ? 0 : comment);
    while (begin != std::string_view::npos) {
        const auto end = end_of_element(xml, begin);
        const auto element = xml.substr(begin, end - begin);
        const bool newer = element.substr(0, element.find('>')).find("ipv6") != std::string_view::npos;
        auto piece = newer ? Result<std::string>{std::string{element}} : rewritten(element, from, to);
        if (!piece) {
            return piece;
        }
        out += xml.substr(at, begin - at);
        out += *piece;
        at = end;
        begin = xml.find("<ip ", end);
    }
    out += xml.substr(at);
    return out;
}

}  // namespace kvmkit::setup
