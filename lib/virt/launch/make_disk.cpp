// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/make_disk.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// "qemu-img: PATH: cause" without what our own message says already.
std::string cause_in(std::string_view err, const std::filesystem::path& path)
{
    std::string_view line = err.substr(0, err.find('\n'));
    for (const auto& known : {std::string{"qemu-img: "}, path.string() + ": "}) {
        line.remove_prefix(line.starts_with(known) ? known.size() : 0);
    }
    return std::string{line};
}

Result<void> create(Runner& runner, std::vector<std::string> argv, const std::string& doing)
{
    const std::filesystem::path path = argv.back();
    const auto done = runner.run({.argv = std::move(argv)});
    if (!done) {
        Error error = done.error();
        if (error.code == ErrorCode::not_found) {
            error.hint = "install it: host-setup apply";
        }
        return error;
    }
    if (done->status != 0) {
        return Error{ErrorCode::external, fmt::format("{}: {}", doing, cause_in(done->err, path))};
    }
    return {};
}

Result<void> give_to(const std::optional<QemuUser>& owner, const std::filesystem::path& path, const std::string& doing)
{
    if (::chmod(path.c_str(), 0600) != 0 || (owner && ::chown(path.c_str(), owner->uid, owner->gid) != 0)) {
        return errno_error(errno, doing);
    }
    return {};
}

}  // namespace

std::vector<std::string> command_of(const MakeOverlay& step)
{
    std::vector<std::string> argv{"qemu-img",
                                  "create",
                                  "-q",
                                  "-f",
                                  "qcow2",
                                  "-F",
                                  std::string{word(step.base.format)},
                                  "-b",
                                  step.base.path.string()};
    if (step.size) {
        argv.insert(argv.end(), {"-o", fmt::format("size={}", step.size->count())});
    }
    argv.push_back(step.path.string());
    return argv;
}

std::vector<std::string> command_of(const MakeDisk& step)
{
    return {"qemu-img",
            "create",
            "-q",
            "-f",
            std::string{word(step.disk.format)},
            "-o",
            fmt::format("size={}", step.disk.size.count()),
            step.path.string()};
}

Result<void> make_overlay(Runner& runner, const MakeOverlay& step)
{
    const auto doing = fmt::format("cannot create overlay '{}'", step.path.string());
    auto made = create(runner, command_of(step), doing);
    return made ? give_to(step.owner, step.path, doing) : made;
}

Result<void> make_disk(Runner& runner, const MakeDisk& step)
{
    const auto doing = fmt::format("cannot create disk '{}'", step.path.string());
    auto made = create(runner, command_of(step), doing);
    return made ? give_to(step.owner, step.path, doing) : made;
}

}  // namespace kvmkit::virt
