// SPDX-License-Identifier: Apache-2.0
#include "system/archive.hpp"

#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "system/files.hpp"
#include "system/tar.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit {
namespace {

struct PackerRow {
    std::string_view program;
    std::array<std::string_view, 2> suffixes;
    std::string_view magic;  ///< The first bytes of what it packs.
    std::string_view pack;   ///< The options with which it filters.
    std::string_view unpack;
};

constexpr std::array packers{
    PackerRow{"gzip", {".tar.gz", ".tgz"}, {"\x1f\x8b", 2}, "-nc", "-dc"},
    PackerRow{"zstd", {".tar.zst", ".tzst"}, {"\x28\xb5\x2f\xfd", 4}, "-qc", "-qdc"},
    PackerRow{"xz", {".tar.xz", ".txz"}, {"\xfd\x37zXZ\0", 6}, "-c", "-dc"},
};

/// The last line that a program complained with.
std::string complaint(const Completed& done)
{
    const auto said = lines(done.err);
    return said.empty() ? fmt::format("exit code {}", done.status) : std::string{said.back()};
}

/// Sends the file through a packer. `name` and `doing` ("read", "write") stand in the error.
Result<std::string> filter(const ChildCommand& command, std::string_view doing, std::string_view name, Runner& runner)
{
    auto done = runner.run(command);
    if (done && done->status == 0) {
        return std::move(done->out);
    }
    const auto& program = command.argv.front();
    if (done) {
        return Error{ErrorCode::invalid, fmt::format("cannot {} '{}': {}", doing, name, complaint(*done))};
    }
    if (done.error().code == ErrorCode::not_found) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot {} '{}': {} is not installed", doing, name, program),
                     "a plain tar archive and a folder need no program"};
    }
    return Error{done.error().code, fmt::format("cannot {} '{}': {}", doing, name, done.error().message)};
}

ChildCommand command(std::string_view program, std::string_view options, int input_fd)
{
    ChildCommand filter{.argv = {std::string{program}, std::string{options}}};
    filter.input_fd = input_fd;
    filter.most_out = most_archive_bytes;
    return filter;
}

Result<std::string> unpacked(std::string packed, int fd, std::string_view name, Runner& runner)
{
    const auto row = std::ranges::find_if(
        packers, [&packed](const PackerRow& candidate) { return packed.starts_with(candidate.magic); });
    if (row == packers.end()) {
        return packed;
    }
    if (::lseek(fd, 0, SEEK_SET) != 0) {
        return errno_error(errno, fmt::format("cannot read '{}'", name));
    }
    return filter(command(row->program, row->unpack, fd), "read", name, runner);
}

}  // namespace

std::optional<std::string_view> packer_for(std::string_view name)
{
    for (const PackerRow& row : packers) {
        if (name.ends_with(row.suffixes[0]) || name.ends_with(row.suffixes[1])) {
            return row.program;
        }
    }
    return name.ends_with(".tar") ? std::optional{std::string_view{}} : std::nullopt;
}

Result<FileTree> read_archive(const std::string& path, Runner& runner)
{
    const auto doing = fmt::format("cannot read '{}'", path);
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat found {};
    if (!file || ::fstat(file.get(), &found) != 0) {
        return errno_error(errno, doing);
    }
    if (!S_ISREG(found.st_mode)) {
        return Error{ErrorCode::invalid, doing + ": neither a folder nor a tar archive"};
    }
    auto packed = read_all(file.get(), path, most_archive_bytes);
    auto bytes = packed ? unpacked(std::move(*packed), file.get(), path, runner) : std::move(packed);
    if (!bytes) {
        return std::move(bytes).error();
    }
    auto tree = read_tar(*bytes);
    if (!tree) {
        return Error{tree.error().code, fmt::format("{}: {}", doing, tree.error().message)};
    }
    return tree;
}

Result<std::string> make_archive(const FileTree& tree, std::string_view name, Runner& runner)
{
    auto bytes = write_tar(tree);
    const auto packer = packer_for(name);
    if (!bytes || !packer || packer->empty()) {
        return bytes;
    }
    const UniqueFd file{::memfd_create("kvmkit", MFD_CLOEXEC)};
    if (!file) {
        return errno_error(errno, fmt::format("cannot write '{}'", name));
    }
    if (auto written = write_all(file.get(), *bytes, name); !written) {
        return written.error();
    }
    if (::lseek(file.get(), 0, SEEK_SET) != 0) {
        return errno_error(errno, fmt::format("cannot write '{}'", name));
    }
    const auto row = std::ranges::find(packers, *packer, &PackerRow::program);
    return filter(command(row->program, row->pack, file.get()), "write", name, runner);
}

}  // namespace kvmkit
