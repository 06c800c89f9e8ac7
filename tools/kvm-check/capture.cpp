// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "probe/collect.hpp"
#include "probe/host_probe.hpp"
#include "probe/programs.hpp"
#include "probe/recorded.hpp"
#include "system/archive.hpp"
#include "system/clock.hpp"
#include "system/files.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace kvmkit::kvm_check {
namespace {

constexpr mode_t private_mode = 0600;

Error taken(const Error& error)
{
    return {error.code, error.message, "--force replaces a file; a folder is never replaced"};
}

/// Early, before a host is probed for nothing. What comes meanwhile is found when the file is put in its place.
Result<void> check_place(const std::string& file, bool force)
{
    if (!file.ends_with('/') && !packer_for(file)) {
        return Error{ErrorCode::usage,
                     fmt::format("cannot tell from '{}' what to write", file),
                     "end it in .tar, .tar.gz, .tgz, .tar.zst or .tar.xz, or in / for a folder"};
    }
    std::error_code ignored;
    const auto status =
        std::filesystem::symlink_status(file.ends_with('/') ? file.substr(0, file.size() - 1) : file, ignored);
    if (std::filesystem::exists(status) && (!force || file.ends_with('/'))) {
        return taken({ErrorCode::exists, fmt::format("cannot write '{}': it is there already", file)});
    }
    return {};
}

Result<void> write(const FileTree& recording, const std::string& file, bool force)
{
    if (file.ends_with('/')) {
        return write_directory(recording, file);
    }
    SystemRunner runner;
    const auto bytes = make_archive(recording, file, runner);
    if (!bytes) {
        return bytes.error();
    }
    return force ? write_atomically(file, *bytes, private_mode) : write_new(file, *bytes, private_mode);
}

Result<Collection> collect_from(const std::string& top, std::chrono::milliseconds budget)
{
    SystemRunner runner;
    const auto root = open_host(top, runner);
    if (!root) {
        return root.error();
    }
    const ProbeOrder order{Deadline::after(budget)};
    HostFacts host = probe_host(*root, order);
    ask_programs(*root, {runner, KVMKIT_LIBEXEC_DIR}, order, host);
    auto collection = collect(*root, std::move(host));
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    collection.notes.version = KVMKIT_VERSION;
    collection.notes.time = iso_time(now);
    return collection;
}

std::string summary(const Collection& collection, const std::string& file)
{
    const auto is_file = [](const auto& named) { return named.second.kind == TreeEntry::Kind::file; };
    const auto files = std::ranges::count_if(collection.files, is_file);
    auto text = fmt::format("recorded in {}: {} files and capture.json", file, files);
    if (!collection.notes.unreadable.empty()) {
        text += fmt::format("; {} could not be read", collection.notes.unreadable.size());
    }
    if (!collection.notes.redacted) {
        text += "; it may hold serial numbers and names: look at it before you send it, or use --redact";
    }
    return text;
}

}  // namespace

void declare_capture(cli::po::options_description_easy_init add)
{
    namespace po = cli::po;
    add("redact", "leave out serial numbers, UUIDs, MACs, addresses, host and user names")(
        "force", "replace FILE if it is there")("root",
                                                po::value<std::string>()->value_name("DIR|TAR")->default_value("/"),
                                                "record what is recorded there, not this host")(
        "timeout", po::value<std::string>()->value_name("TIME")->default_value("3s"), "how long probing may take");
}

Result<cli::ExitCode> capture(const cli::Arguments& arguments, cli::Console& console)
{
    const auto& file = arguments.operands().front();
    const bool force = arguments.has("force");
    const auto budget = parse_duration(arguments.text("timeout"));
    if (!budget) {
        return Error{ErrorCode::usage, budget.error().message, budget.error().hint};
    }
    if (auto free = check_place(file, force); !free) {
        return free.error();
    }
    auto collection = collect_from(arguments.text("root"), *budget);
    if (!collection) {
        return collection.error();
    }
    if (arguments.has("redact")) {
        redact(*collection);
    }
    if (auto written = write(to_recording(*collection), file, force); !written) {
        return written.error().code == ErrorCode::exists ? taken(written.error()) : written.error();
    }
    console.note(summary(*collection, file));
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::kvm_check
