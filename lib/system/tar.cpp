// SPDX-License-Identifier: Apache-2.0
#include "system/tar.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr std::size_t block = 512;

/// A field of the header: where it begins and how long it is (POSIX ustar).
struct Field {
    std::size_t at;
    std::size_t size;
};
constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field uid_field{108, 8};
constexpr Field gid_field{116, 8};
constexpr Field size_field{124, 12};
constexpr Field time_field{136, 12};
constexpr Field sum_field{148, 8};
constexpr std::size_t type_at = 156;
constexpr Field link_field{157, 100};
constexpr Field magic_field{257, 8};
constexpr Field prefix_field{345, 155};

/// GNU's own archives say "ustar " instead and have no prefix.
constexpr std::string_view posix_magic{"ustar\0", 6};

/// Longer names are refused: nothing that is recorded comes near.
constexpr std::size_t longest_name = 1024;

Error torn(std::string_view why)
{
    return {ErrorCode::invalid, fmt::format("a torn tar archive: {}", why)};
}

Error no_tar()
{
    return {ErrorCode::invalid, "neither a folder nor a tar archive"};
}

Error refused(std::string_view name, std::string_view why)
{
    return {ErrorCode::refused, fmt::format("refused member '{}': {}", name, why)};
}

std::string_view text_in(std::string_view header, Field field)
{
    const auto whole = header.substr(field.at, field.size);
    return whole.substr(0, whole.find('\0'));
}

std::optional<std::size_t> number_in(std::string_view header, Field field)
{
    constexpr int octal = 8;
    const auto digits = trim(text_in(header, field));
    std::size_t value = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stop, problem] = std::from_chars(digits.data(), end, value, octal);
    return problem == std::errc{} && stop == end ? std::optional{value} : std::nullopt;
}

/// The sum of the header's bytes, its own field taken as blanks.
std::size_t sum_of(std::string_view header)
{
    std::size_t sum = 0;
    for (std::size_t i = 0; i < block; ++i) {
        const bool own = i >= sum_field.at && i < sum_field.at + sum_field.size;
        sum += static_cast<unsigned char>(own ? ' ' : header[i]);
    }
    return sum;
}

/// "./a//b/" -> "a/b"; absent: it is absolute or climbs.
std::optional<std::string> clean_name(std::string_view name)
{
    if (name.starts_with('/')) {
        return std::nullopt;
    }
    std::string clean;
    for (const auto step : split(name, '/')) {
        if (step == "..") {
            return std::nullopt;
        }
        if (!step.empty() && step != ".") {
            clean += clean.empty() ? "" : "/";
            clean += step;
        }
    }
    return clean;
}

bool leads_out(std::string_view name, std::string_view target)
{
    if (target.starts_with('/')) {
        return true;
    }
    auto depth = std::ranges::count(name, '/');
    for (const auto step : split(target, '/')) {
        if (step == "..") {
            --depth;
        } else if (!step.empty() && step != ".") {
            ++depth;
        }
        if (depth < 0) {
            return true;
        }
    }
    return false;
}

/// What a pax or GNU header says about the member that follows it.
struct Override {
    std::optional<std::string> name;
    std::optional<std::string> target;
};

/// "27 path=a/long/name\n": the records of a pax header.
void take_pax(std::string_view records, Override& next)
{
    while (!records.empty()) {
        std::size_t length = 0;
        const auto parsed = std::from_chars(records.data(), records.data() + records.size(), length);
        if (parsed.ec != std::errc{} || length < 4 || length > records.size()) {
            return;
        }
        const auto record = records.substr(0, length - 1);  // without the line end
        const auto pair = record.substr(std::min(record.find(' '), record.size() - 1) + 1);
        const auto equals = std::min(pair.find('='), pair.size());
        const auto key = pair.substr(0, equals);
        const auto value = std::string{pair.substr(std::min(equals + 1, pair.size()))};
        if (key == "path") {
            next.name = value;
        } else if (key == "linkpath") {
            next.target = value;
        }
        records.remove_prefix(length);
    }
}

class TarReader {
public:
    explicit TarReader(std::string_view bytes) : rest_(bytes) {}

    Result<FileTree> read()
    {
        while (rest_.size() >= block && rest_.front() != '\0') {
            if (auto taken = take_member(); !taken) {
                return taken.error();
            }
            if (++members_ > most_archive_members || tree_.size() > most_archive_members) {
                return Error{ErrorCode::refused, fmt::format("it has more than {} members", most_archive_members)};
            }
        }
        if (members_ == 0) {
            return no_tar();
        }
        if (rest_.size() < block && !rest_.empty()) {
            return torn("it ends too early");
        }
        return std::move(tree_);
    }

private:
    Result<void> take_member()
    {
        const auto header = rest_.substr(0, block);
        const auto size = number_in(header, size_field);
        if (number_in(header, sum_field) != sum_of(header) || !size) {
            return members_ == 0 ? no_tar() : torn("a header's sum is wrong");
        }
        rest_.remove_prefix(block);
        const char type = header[type_at];
        const bool has_data = type != '2' && type != '1' && type != '5';
        const std::size_t padded = has_data ? (*size + block - 1) / block * block : 0;
        if (*size > most_archive_bytes || padded > rest_.size()) {
            return torn("it ends too early");
        }
        const auto data = rest_.substr(0, has_data ? *size : 0);
        rest_.remove_prefix(padded);
        return take_type(header, type, data);
    }

    Result<void> take_type(std::string_view header, char type, std::string_view data)
    {
        switch (type) {
            case 'L': next_.name = std::string{data.substr(0, data.find('\0'))}; return {};
            case 'K': next_.target = std::string{data.substr(0, data.find('\0'))}; return {};
            case 'x': take_pax(data, next_); return {};
            case 'g': return {};
            default: return place(header, type, data);
        }
    }

    Result<void> place(std::string_view header, char type, std::string_view data)
    {
        const auto prefix =
            header.substr(magic_field.at).starts_with(posix_magic) ? text_in(header, prefix_field) : std::string_view{};
        const auto plain = text_in(header, name_field);
        const auto given =
            next_.name.value_or(prefix.empty() ? std::string{plain} : fmt::format("{}/{}", prefix, plain));
        const auto target = next_.target.value_or(std::string{text_in(header, link_field)});
        next_ = {};
        if (given.size() > longest_name) {
            return Error{ErrorCode::refused, fmt::format("a name is longer than {} bytes", longest_name)};
        }
        const auto name = clean_name(given);
        if (!name) {
            return refused(given, "its name leads out of the archive");
        }
        if (name->empty()) {
            return {};
        }
        return add({*name, target, type}, data);
    }

    struct Member {
        std::string name;
        std::string target;
        char type;
    };

    Result<void> add(const Member& member, std::string_view data)
    {
        switch (member.type) {
            case '0':
            case '\0':
            case '7': add_file(tree_, member.name, std::string{data}); return {};
            case '5': add_directory(tree_, member.name); return {};
            case '1': return add_hard_link(member);
            case '2': return add_link(member);
            case '3':
            case '4': return refused(member.name, "it is a device node");
            case '6': return refused(member.name, "it is a FIFO");
            default: return refused(member.name, fmt::format("its type '{}' is not known", member.type));
        }
    }

    Result<void> add_link(const Member& member)
    {
        if (leads_out(member.name, member.target)) {
            return refused(member.name, fmt::format("it is a link to '{}', out of the archive", member.target));
        }
        add_file(tree_, member.name, member.target);
        tree_[member.name].kind = TreeEntry::Kind::link;
        return {};
    }

    Result<void> add_hard_link(const Member& member)
    {
        const auto target = clean_name(member.target);
        const auto found = target ? tree_.find(*target) : tree_.end();
        if (found == tree_.end() || found->second.kind != TreeEntry::Kind::file) {
            return refused(member.name, fmt::format("it is a link to '{}', which is no earlier file", member.target));
        }
        linked_bytes_ += found->second.bytes.size();
        if (linked_bytes_ > most_archive_bytes) {
            return Error{ErrorCode::refused, "its links hold too much"};
        }
        add_file(tree_, member.name, found->second.bytes);
        return {};
    }

    std::string_view rest_;
    std::size_t members_ = 0;
    std::size_t linked_bytes_ = 0;
    Override next_;
    FileTree tree_;
};

/// Takes the one folder that holds everything off the names: that is how people pack a folder.
FileTree without_top_folder(FileTree tree)
{
    const auto top = tree.empty() ? std::string{} : tree.begin()->first;
    const bool one = !top.empty() && tree.begin()->second.kind == TreeEntry::Kind::directory && top != "proc" &&
                     top != "sys" && top != "etc" && top != "dev" && std::ranges::all_of(tree, [&](const auto& entry) {
                         return entry.first == top || entry.first.starts_with(top + "/");
                     });
    if (!one) {
        return tree;
    }
    FileTree inner;
    for (auto& [name, entry] : tree) {
        if (name != top) {
            inner.emplace(name.substr(top.size() + 1), std::move(entry));
        }
    }
    return inner;
}

void put(std::string& header, Field field, std::string_view text)
{
    std::copy_n(
        text.begin(), std::min(text.size(), field.size), header.begin() + static_cast<std::ptrdiff_t>(field.at));
}

void put_number(std::string& header, Field field, std::size_t value)
{
    put(header, field, fmt::format("{:0{}o}", value, field.size - 1));
}

/// Puts the name into its field, or in two parts into two. False: it does not fit.
bool put_name(std::string& header, std::string_view name)
{
    if (name.size() <= name_field.size) {
        put(header, name_field, name);
        return true;
    }
    const auto slash = name.find('/', name.size() - name_field.size - 1);
    if (slash == std::string_view::npos || slash > prefix_field.size) {
        return false;
    }
    put(header, prefix_field, name.substr(0, slash));
    put(header, name_field, name.substr(slash + 1));
    return true;
}

std::optional<std::string> header_of(const std::string& name, const TreeEntry& entry)
{
    constexpr std::size_t directory_mode = 0755;
    constexpr std::size_t file_mode = 0644;
    const bool directory = entry.kind == TreeEntry::Kind::directory;
    const bool link = entry.kind == TreeEntry::Kind::link;
    std::string header(block, '\0');
    const bool fits =
        put_name(header, directory ? name + "/" : name) && (!link || entry.bytes.size() <= link_field.size);
    if (!fits) {
        return std::nullopt;
    }
    put_number(header, mode_field, directory ? directory_mode : file_mode);
    put_number(header, uid_field, 0);
    put_number(header, gid_field, 0);
    put_number(header, size_field, link || directory ? 0 : entry.bytes.size());
    put_number(header, time_field, 0);
    header[type_at] = directory ? '5' : link ? '2' : '0';
    if (link) {
        put(header, link_field, entry.bytes);
    }
    put(header, magic_field, std::string{posix_magic} + "00");
    put(header, sum_field, fmt::format("{:06o}", sum_of(header)));
    header[sum_field.at + sum_field.size - 1] = ' ';
    return header;
}

}  // namespace

Result<FileTree> read_tar(std::string_view bytes)
{
    auto tree = TarReader{bytes}.read();
    return tree ? Result<FileTree>{without_top_folder(std::move(*tree))} : tree;
}

Result<std::string> write_tar(const FileTree& tree)
{
    std::string bytes;
    for (const auto& [name, entry] : tree) {
        const auto header = header_of(name, entry);
        if (!header) {
            return Error{ErrorCode::unsupported, fmt::format("cannot archive '{}': its name is too long", name)};
        }
        bytes += *header;
        if (entry.kind == TreeEntry::Kind::file) {
            bytes += entry.bytes;
            bytes.resize((bytes.size() + block - 1) / block * block, '\0');
        }
    }
    bytes.append(2 * block, '\0');
    return bytes;
}

}  // namespace kvmkit
