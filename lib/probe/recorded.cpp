// SPDX-License-Identifier: Apache-2.0
#include "probe/recorded.hpp"

#include "facts/capture.hpp"
#include "probe/files.hpp"
#include "system/archive.hpp"

#include <sys/resource.h>

#include <filesystem>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// Nothing of /dev/kvm is known but perhaps what stands there.
void forget_device(KvmFacts& kvm, const Error& why)
{
    kvm.open = why;
    forget_answers(kvm, why);
}

/// A folder without capture.json: an image, a chroot, or a few files from elsewhere.
void read_bare_folder(const Root& root, HostFacts& host)
{
    host.user = not_recorded("who asked");
    forget_device(host.kvm, not_recorded("what /dev/kvm answers; a device below --root is never opened"));
    host.kvm.node = root.exists("dev") ? look_at_node(root) : not_recorded("the folder dev");
}

/// The recording, ready to be read: what could not be read where it was made cannot be read here.
Result<Root> checked(Root root)
{
    const auto text = root.read("capture.json");
    if (!text) {
        return text.error();
    }
    if (!*text) {
        return root;
    }
    HostFacts ignored;
    if (const auto read = read_capture(**text, ignored); !read) {
        return Error{ErrorCode::usage, read.error().message, "docs/recorded-hosts.md says what it holds"};
    }
    for (const auto& [path, errnum] : unreadable_files(**text)) {
        root.refuse(path, errnum);
    }
    return root;
}

/// With fewer, what is there would look as if it were not.
Result<void> check_descriptors()
{
    constexpr rlim_t enough = 32;
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= enough) {
        return {};
    }
    return Error{
        ErrorCode::external,
        fmt::format("cannot judge host: this process may open no more than {} files (RLIMIT_NOFILE)", limit.rlim_cur),
        "raise the limit: ulimit -n 1024"};
}

}  // namespace

Result<Root> open_host(const std::string& path, Runner& runner)
{
    if (auto can = check_descriptors(); !can) {
        return can.error();
    }
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) {
        auto root = Root::open(path);
        return root && !root->is_this_host() ? checked(std::move(*root)) : std::move(root);
    }
    auto tree = read_archive(path, runner);
    if (tree) {
        return checked(Root::of(std::move(*tree)));
    }
    Error error = std::move(tree).error();
    if (error.code == ErrorCode::refused) {  // of the archive's maker: nothing of this host was to be changed
        error.code = ErrorCode::invalid;
    }
    return error;
}

void read_recording(const Root& root, HostFacts& host)
{
    const auto text = root.read("capture.json");
    if (text && !*text) {
        read_bare_folder(root, host);
        return;
    }
    const auto read = text ? read_capture(**text, host) : Result<void>{text.error()};
    if (!read) {
        host.kvm.node = read.error();
        forget_device(host.kvm, read.error());
        return;
    }
    // A plain file in the place of the device cannot be told by capture.json: it lies there as it lay.
    if (const auto lying = look_at_node(root); lying && *lying) {
        host.kvm.node = lying;
    }
}

}  // namespace kvmkit
