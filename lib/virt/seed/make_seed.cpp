// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/make_seed.hpp"

#include "system/files.hpp"
#include "virt/seed/iso.hpp"
#include "virt/seed/ssh_files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::size_t most_key_bytes = 4096;

Result<std::string> read_file(const std::filesystem::path& path)
{
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    return fd ? read_all(fd.get(), path.string(), most_key_bytes)
              : errno_error(errno, fmt::format("cannot read '{}'", path.string()));
}

/// ssh-keygen creates the private half with mode 0600, whatever the umask.
Result<KeyPair> new_key(Runner& runner, const std::filesystem::path& file, const std::string& comment)
{
    const auto done =
        runner.run({.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file.string()}});
    if (!done) {
        Error error = done.error();
        if (error.code == ErrorCode::not_found) {
            error.hint = "install it: apt-get install openssh-client; or launch with --no-seed";
        }
        return error;
    }
    if (done->status != 0) {
        return Error{
            ErrorCode::external,
            fmt::format("cannot make ssh key '{}': {}", file.string(), done->err.substr(0, done->err.find('\n')))};
    }
    auto secret = read_file(file);
    auto open_half = read_file(file.string() + ".pub");
    if (!secret || !open_half) {
        return !secret ? secret.error() : open_half.error();
    }
    open_half->erase(open_half->find_last_not_of('\n') + 1);
    return KeyPair{std::move(*secret), std::move(*open_half)};
}

Result<void> write_for_qemu(const std::filesystem::path& path, std::string_view image, const SeedOrder& order)
{
    if (auto written = write_new(path, image, 0600); !written) {
        return written;
    }
    if (order.reader && ::chown(path.c_str(), order.reader->uid, order.reader->gid) != 0) {
        return errno_error(errno, fmt::format("cannot give '{}' to the user of QEMU", path.string()));
    }
    return {};
}

/// QEMU opens what it is given read-only for reading only: a descriptor that could write would be refused.
Result<UniqueFd> in_memory(std::string_view image)
{
    constexpr std::string_view name = "cloud-init seed in memory";
    const UniqueFd fd{::memfd_create("kvmkit-seed", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!fd) {
        return errno_error(errno, fmt::format("cannot create {}", name));
    }
    if (auto written = write_all(fd.get(), image, name); !written) {
        return written.error();
    }
    constexpr int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    if (::fcntl(fd.get(), F_ADD_SEALS, seals) != 0) {
        return errno_error(errno, fmt::format("cannot seal {}", name));
    }
    UniqueFd reader{::open(fmt::format("/proc/self/fd/{}", fd.get()).c_str(), O_RDONLY | O_CLOEXEC)};
    if (!reader) {
        return errno_error(errno, fmt::format("cannot open {}", name));
    }
    return reader;
}

Result<void> write_ssh_files(const SeedOrder& order, const Seed& seed, const KeyPair& host_key)
{
    const SeedPaths paths{order.folder};
    const auto known = known_hosts_line(order.owner.uuid, host_key.public_key);
    if (auto written = write_new(paths.known_hosts(), known, 0644); !written) {
        return written;
    }
    return write_new(paths.ssh_config(), ssh_config(seed, order.owner.uuid, paths), 0644);
}

}  // namespace

Result<UniqueFd> make_seed(Runner& runner, const SeedOrder& order)
{
    const SeedPaths paths{order.folder};
    Seed seed = order.seed;
    const auto host_key = new_key(runner, paths.host_key(), order.owner.vm_name);
    if (!host_key) {
        return host_key.error();
    }
    (void)::unlink(paths.host_key().c_str());
    (void)::unlink((paths.host_key().string() + ".pub").c_str());
    if (seed.make_key) {
        const auto login_key = new_key(runner, paths.login_key(), "vm-run for " + order.owner.vm_name);
        if (!login_key) {
            return login_key.error();
        }
        seed.keys.push_back(login_key->public_key);
    }
    if (auto written = write_ssh_files(order, seed, *host_key); !written) {
        return written.error();
    }
    const auto image = make_seed_iso(seed_files(seed, order.owner, *host_key));
    if (!image) {
        return image.error();
    }
    if (order.place == SeedPlace::memory) {
        return in_memory(*image);
    }
    auto written = write_for_qemu(paths.image(), *image, order);
    return written ? Result<UniqueFd>{UniqueFd{}} : written.error();
}

/// By the beginnings of their names, because a killed writer leaves "seed.iso.kvmkit-XXXXXX".
Result<void> remove_seed(const std::filesystem::path& folder)
{
    constexpr std::array ours{"seed.iso", "host_key", "id_ed25519", "known_hosts", "ssh_config"};
    std::error_code problem;
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator{folder, problem}) {
        const auto name = entry.path().filename().string();
        if (std::ranges::any_of(ours, [&name](const char* start) { return name.starts_with(start); })) {
            found.push_back(entry.path());
        }
    }
    for (const auto& path : found) {
        if (auto removed = remove_if_there(path); !removed) {
            return removed;
        }
    }
    return {};
}

}  // namespace kvmkit::virt
