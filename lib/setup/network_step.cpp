// SPDX-License-Identifier: Apache-2.0
#include "setup/network_step.hpp"

#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "facts/libvirt.hpp"
#include "setup/file_step.hpp"
#include "setup/network_xml.hpp"
#include "system/small_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

using MaybeStep = std::optional<Step>;

constexpr const char* name = "default";
constexpr const char* networks_up = "run/libvirt/network";
constexpr std::chrono::seconds patience{60};

Error no_network(const Step& step)
{
    return {ErrorCode::not_found,
            fmt::format("cannot {}: libvirt has no such network", describe(step)),
            "virsh net-define /usr/share/libvirt/networks/default.xml; or leave it out: --default-net off"};
}

/// Whether another network of libvirt's is up.
bool others_up(const Root& root)
{
    const auto files = root.names(networks_up);
    return files && *files && std::ranges::any_of(**files, [](const std::string& file) {
               return file.ends_with(".xml") && file != "default.xml";
           });
}

}  // namespace

bool libvirt_runs(const Root& root)
{
    return std::ranges::any_of(std::array{"libvirtd", "virtnetworkd"}, [&root](const char* daemon) {
        const auto pid = trimmed(root, fmt::format("run/{}.pid", daemon));
        return pid && *pid && !(*pid)->empty() &&
               trim(text_or_nothing(root, fmt::format("proc/{}/comm", **pid))) == daemon;
    });
}

Result<std::optional<Step>> NetworkHands::inverse(const MoveNetwork& /*move*/) const
{
    auto file = inverse_of(root_, SetFile{.path = network_file, .bytes = {}});
    if (!file) {
        return std::move(file).error();
    }
    file->over.clear();  // libvirt writes it anew whenever it likes
    return MaybeStep{DefineNetwork{std::move(*file)}};
}

Result<std::optional<Step>> NetworkHands::inverse(const ChangeNetwork& change) const
{
    const bool active = root_.exists(network_status);
    const bool with_libvirt = root_.exists(autostart_link);
    switch (change.action) {
        case NetworkAction::start: {
            const auto forwards = trimmed(root_, ip_forward);
            auto was = forwards ? forwards->value_or("") : std::string{};
            return active ? MaybeStep{} : MaybeStep{ChangeNetwork{NetworkAction::stop, std::move(was)}};
        }
        case NetworkAction::stop: return active ? MaybeStep{ChangeNetwork{NetworkAction::start, {}}} : MaybeStep{};
        case NetworkAction::autostart:
            return with_libvirt ? MaybeStep{} : MaybeStep{ChangeNetwork{NetworkAction::no_autostart, {}}};
        case NetworkAction::no_autostart:
            return with_libvirt ? MaybeStep{ChangeNetwork{NetworkAction::autostart, {}}} : MaybeStep{};
    }
    return MaybeStep{};
}

Result<std::string> NetworkHands::virsh(std::vector<std::string> words, const Step& step) const
{
    std::vector<std::string> argv{"virsh", "--quiet", "--connect", "qemu:///system"};
    argv.insert(argv.end(), words.begin(), words.end());
    auto ended = runner_.run({.argv = std::move(argv), .environment = {{"LC_ALL", "C"}}, .timeout = patience});
    if (!ended) {
        return std::move(ended).error();
    }
    if (ended->status != 0) {
        return Error{ErrorCode::external,
                     fmt::format("cannot {}: {}", describe(step), trim(ended->err)),
                     "look at: journalctl -u libvirtd; to do without this network: --default-net off"};
    }
    return std::move(ended->out);
}

Result<void> NetworkHands::define_by_api(const std::string& xml, const Step& step) const
{
    const std::string file = "run/kvmkit/default-network.xml";
    if (auto made = make_directories((top_ / file).parent_path(), 0755); !made) {
        return made;
    }
    if (auto written = write_atomically(top_ / file, xml, 0600); !written) {
        return written;
    }
    const auto defined = virsh({"net-define", "/" + file}, step);
    auto removed = remove_if_there(top_ / file);
    return defined ? removed : defined.error();
}

Result<void> NetworkHands::apply(const MoveNetwork& move) const
{
    const auto text = root_.read(network_file);
    if (!text) {
        return text.error();
    }
    const auto network = *text ? parse_network(**text) : std::nullopt;
    if (!network) {
        return no_network(move);
    }
    if (network->range == move.range) {
        return {};
    }
    const bool runs = libvirt_runs(root_);
    auto old = runs ? virsh({"net-dumpxml", "--inactive", name}, move) : Result<std::string>{**text};
    auto xml = old ? with_range(*old, network->range, move.range) : std::move(old);
    if (!xml) {
        return std::move(xml).error();
    }
    if (runs) {
        return define_by_api(*xml, move);
    }
    const auto file = keeping_look(root_, network_file, std::move(*xml));
    return file ? put_file(top_, *file) : file.error();
}

Result<void> NetworkHands::apply(const DefineNetwork& define) const
{
    if (!libvirt_runs(root_)) {
        return put_file(top_, define.file);
    }
    const auto now = root_.read(network_file);
    const bool same = now && *now == define.file.bytes;
    if (same) {
        return {};
    }
    if (define.file.bytes) {
        return define_by_api(*define.file.bytes, define);
    }
    const auto undefined = virsh({"net-undefine", name}, define);
    return undefined ? Result<void>{} : undefined.error();
}

Result<void> NetworkHands::set_autostart(const ChangeNetwork& change) const
{
    const bool wanted = change.action == NetworkAction::autostart;
    if (root_.exists(autostart_link) == wanted) {
        return {};
    }
    if (libvirt_runs(root_)) {
        auto words = std::vector<std::string>{"net-autostart", name};
        if (!wanted) {
            words.emplace_back("--disable");
        }
        const auto done = virsh(std::move(words), change);
        return done ? Result<void>{} : done.error();
    }
    if (!wanted) {
        return remove_if_there(top_ / autostart_link);
    }
    if (!root_.exists(network_file)) {
        return no_network(change);
    }
    const auto link = top_ / autostart_link;
    if (auto made = make_directories(link.parent_path(), 0755); !made) {
        return made;
    }
    if (::symlink((std::string{"/"} + network_file).c_str(), link.c_str()) != 0 && errno != EEXIST) {
        return errno_error(errno, fmt::format("cannot {}", describe(Step{change})));
    }
    return sync_directory(link.parent_path());
}

/// Where nobody else is known to need it, the kernel forwards as little as before.
Result<void> NetworkHands::stop_forwarding(const std::string& was) const
{
    const auto now = trimmed(root_, ip_forward);
    const bool ours = was == "0" && now && *now == "1" && !others_up(root_) && !root_.exists("sys/class/net/docker0");
    if (!ours) {
        return {};
    }
    const UniqueFd fd{::open((top_ / ip_forward).c_str(), O_WRONLY | O_CLOEXEC)};
    return fd ? write_all(fd.get(), "0\n", ip_forward) : errno_error(errno, "cannot switch net.ipv4.ip_forward off");
}

Result<void> NetworkHands::apply(const ChangeNetwork& change) const
{
    const bool active = root_.exists(network_status);
    switch (change.action) {
        case NetworkAction::autostart:
        case NetworkAction::no_autostart: return set_autostart(change);
        case NetworkAction::start: {
            if (!root_.exists(network_file)) {
                return no_network(change);
            }
            const auto started = active ? Result<std::string>{} : virsh({"net-start", name}, change);
            return started ? Result<void>{} : started.error();
        }
        case NetworkAction::stop: {
            const auto stopped = active ? virsh({"net-destroy", name}, change) : Result<std::string>{};
            return stopped ? stop_forwarding(change.forwarding) : stopped.error();
        }
    }
    return {};
}

}  // namespace kvmkit::setup
