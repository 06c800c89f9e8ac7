// SPDX-License-Identifier: Apache-2.0
#include "facts/acl.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// The numbers of linux/posix_acl.h with the words of getfacl(1).
struct TagRow {
    unsigned number;
    AclTag tag;
    std::string_view word;
    bool has_id;
};

constexpr std::array tag_rows{
    TagRow{0x01, AclTag::owner, "user", false},
    TagRow{0x02, AclTag::user, "user", true},
    TagRow{0x04, AclTag::group_owner, "group", false},
    TagRow{0x08, AclTag::group, "group", true},
    TagRow{0x10, AclTag::mask, "mask", false},
    TagRow{0x20, AclTag::other, "other", false},
};

constexpr unsigned all_permissions = 7;

unsigned little_endian(std::string_view bytes)
{
    unsigned value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
        value = (value << 8U) | static_cast<unsigned char>(bytes[i - 1]);
    }
    return value;
}

std::optional<unsigned> permissions_of(std::string_view text)
{
    constexpr std::string_view letters = "rwx";
    if (text.size() != letters.size()) {
        return std::nullopt;
    }
    unsigned permissions = 0;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        if (text[i] != letters[i] && text[i] != '-') {
            return std::nullopt;
        }
        permissions = (permissions << 1U) | (text[i] == letters[i] ? 1U : 0U);
    }
    return permissions;
}

}  // namespace

std::vector<AclEntry> parse_acl(std::string_view bytes)
{
    constexpr std::size_t header = 4;
    constexpr std::size_t entry_size = 8;
    constexpr unsigned version = 2;
    if (bytes.size() < header || little_endian(bytes.substr(0, header)) != version ||
        (bytes.size() - header) % entry_size != 0) {
        return {};
    }
    std::vector<AclEntry> entries;
    for (std::size_t at = header; at < bytes.size(); at += entry_size) {
        const auto row = std::ranges::find(tag_rows, little_endian(bytes.substr(at, 2)), &TagRow::number);
        if (row == tag_rows.end()) {
            return {};
        }
        entries.push_back({row->tag,
                           little_endian(bytes.substr(at + 2, 2)) & all_permissions,
                           row->has_id ? little_endian(bytes.substr(at + 4, 4)) : 0});
    }
    return entries;
}

std::string to_text(const AclEntry& entry)
{
    const auto row = std::ranges::find(tag_rows, entry.tag, &TagRow::tag);
    return fmt::format("{}:{}:{}{}{}",
                       row->word,
                       row->has_id ? fmt::format("{}", entry.id) : "",
                       (entry.permissions & 4U) != 0 ? 'r' : '-',
                       (entry.permissions & 2U) != 0 ? 'w' : '-',
                       (entry.permissions & 1U) != 0 ? 'x' : '-');
}

std::optional<AclEntry> parse_acl_entry(std::string_view text)
{
    const auto fields = split(text, ':');
    const auto permissions = fields.size() == 3 ? permissions_of(fields[2]) : std::nullopt;
    if (!permissions) {
        return std::nullopt;
    }
    const bool has_id = !fields[1].empty();
    const auto row = std::ranges::find_if(
        tag_rows, [&](const TagRow& candidate) { return candidate.word == fields[0] && candidate.has_id == has_id; });
    unsigned id = 0;
    const auto* end = fields[1].data() + fields[1].size();
    const bool number = !has_id || std::from_chars(fields[1].data(), end, id).ptr == end;
    return row != tag_rows.end() && number ? std::optional{AclEntry{row->tag, *permissions, id}} : std::nullopt;
}

}  // namespace kvmkit
