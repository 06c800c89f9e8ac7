// SPDX-License-Identifier: Apache-2.0
#include "setup/image_state.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr std::array folders{"etc/network/interfaces.d",
                             "etc/netplan",
                             "etc/systemd/network",
                             "etc/NetworkManager/system-connections",
                             "etc/sysconfig/network",
                             "etc/sysconfig/network-scripts"};

/// The address at the start of a text such as "192.168.122.5/24".
std::optional<Ipv4Claim> claim_in(std::string_view text, const std::string& file)
{
    constexpr unsigned usual = 24;
    constexpr unsigned whole = 32;
    const auto slash = text.find('/');
    const auto address = parse_ipv4(text.substr(0, slash));
    const auto prefix =
        slash == std::string_view::npos ? std::optional{usual} : decimal<unsigned>(text.substr(slash + 1));
    if (!address || *address == 0 || !prefix || *prefix == 0 || *prefix > whole) {
        return std::nullopt;
    }
    return Ipv4Claim{Ipv4Claim::Kind::address, "/" + file, range_around(*address, *prefix), *address};
}

/// All addresses of a file, whatever its format: comments left out.
void add_claims(const Root& root, const std::string& file, std::vector<Ipv4Claim>& claims)
{
    constexpr std::string_view parts = "0123456789./";
    const auto text = text_or_nothing(root, file);
    for (auto line : lines(text)) {
        line = line.substr(0, line.find('#'));
        const bool mask = line.find("NETMASK") != std::string_view::npos || trim(line).starts_with("netmask");
        while (!mask && !line.empty()) {
            const auto first = line.find_first_of(parts);
            if (first == std::string_view::npos) {
                break;
            }
            line.remove_prefix(first);
            const auto end = std::min(line.find_first_not_of(parts), line.size());
            if (auto claim = claim_in(line.substr(0, end), file)) {
                claims.push_back(std::move(*claim));
            }
            line.remove_prefix(end);
        }
    }
}

std::string note_on_module(const Root& root)
{
    const bool udev = root.exists("usr/lib/systemd/systemd-udevd") || root.exists("lib/systemd/systemd-udevd") ||
                      root.exists("sbin/udevd");
    return fmt::format("which CPU this image will run on is not known, so that no KVM module is named for its boot: {}",
                       udev ? "its udev loads the right one"
                            : "it has no udev that loads the right one; on the host: host-setup apply modules");
}

}  // namespace

ImageState observe_image(const Root& root, const std::string& architecture)
{
    ImageState image{.module_note = note_on_module(root)};
    if (architecture == "amd64" || architecture == "x86_64" || architecture == "i386") {
        for (const char* module : {"kvm_intel", "kvm_amd"}) {
            image.nested.emplace_back(module, nested_setting_in_files(root, module));
        }
    }
    return image;
}

std::vector<Ipv4Claim> claims_of_image(const Root& root)
{
    std::vector<Ipv4Claim> claims;
    add_claims(root, "etc/network/interfaces", claims);
    for (const char* folder : folders) {
        const auto names = root.names(folder);
        for (const std::string& name : names&&* names ? **names : std::vector<std::string>{}) {
            add_claims(root, fmt::format("{}/{}", folder, name), claims);
        }
    }
    return claims;
}

Result<NestedPlan> plan_nested_of_image(const ImageState& image)
{
    NestedPlan plan;
    if (image.nested.empty()) {
        plan.notes.emplace_back("the option nested is of the modules for x86 alone: nothing is written for it");
        return plan;
    }
    std::string bytes;
    bool wanted = false;
    for (const auto& [module, winner] : image.nested) {
        if (winner && !winner->on && winner->beats_ours) {
            return nested_is_off(module, *winner);
        }
        wanted = wanted || !winner || !winner->on;
        bytes += *nested_option(module).bytes;
    }
    if (wanted) {
        auto file = nested_option("");
        file.bytes = std::move(bytes);
        plan.steps.emplace_back(std::move(file));
    }
    return plan;
}

}  // namespace kvmkit::setup
