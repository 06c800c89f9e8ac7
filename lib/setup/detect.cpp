// SPDX-License-Identifier: Apache-2.0
#include "setup/detect.hpp"

#include "base/text.hpp"
#include "setup/container.hpp"
#include "setup/installer.hpp"
#include "setup/rivals.hpp"
#include "setup/seal.hpp"
#include "setup/service.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr std::array<std::string_view, 5> init_words{"systemd", "openrc", "upstart", "other", "none"};
constexpr std::array<std::string_view, 3> mode_words{"monolithic", "modular", "both"};

/// What there is of one kind of libvirt's daemons.
struct Daemons {
    std::string present;  ///< The file of its unit or program; empty: none.
    std::string enabled;  ///< The link that starts it at boot; empty: none.
};

constexpr std::array unit_folders{"etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"};

std::string first_there(const Root& root, std::initializer_list<std::string_view> paths)
{
    for (const auto path : paths) {
        if (root.exists(std::string{path})) {
            return std::string{path};
        }
    }
    return {};
}

/// A unit's file that is a link to /dev/null is a mask, which says nothing of what is installed.
Daemons daemons(const Root& root, const std::string& name)
{
    Daemons found;
    for (const std::string folder : unit_folders) {
        const auto path = fmt::format("{}/{}.service", folder, name);
        const auto target = root.link_target(path);
        const bool masked = target && *target && **target == "/dev/null";
        if (found.present.empty() && !masked && root.exists(path)) {
            found.present = path;
        }
    }
    // A link in an image leads to a file of the image, which may not be looked at through it: the name is enough.
    for (const auto* folder : {"sockets.target.wants", "multi-user.target.wants"}) {
        for (const auto* kind : {".socket", ".service"}) {
            const auto path = fmt::format("etc/systemd/system/{}/{}{}", folder, name, kind);
            const auto target = root.link_target(path);
            if (found.enabled.empty() && target && *target) {
                found.enabled = path;
            }
        }
    }
    return found;
}

/// What the distribution comes with where nothing is installed yet; absent where it may be either.
std::optional<LibvirtMode> preset_of(const Distribution& distribution)
{
    switch (distribution.family) {
        case Family::debian:
        case Family::ubuntu:
        case Family::alpine: return LibvirtMode::monolithic;
        case Family::rhel:
        case Family::fedora:
        case Family::suse: return comes_modular(distribution) ? LibvirtMode::modular : LibvirtMode::monolithic;
        case Family::arch: break;
    }
    return std::nullopt;
}

/// Fills in one host's detection, thing by thing.
class Detector {
public:
    Detector(const Root& root, const std::string& catalogue) : root_(root), shipped_(catalogue) {}

    Detection run()
    {
        take_distribution();
        take_init();
        take_libvirt();
        take_refusal();
        return std::move(found_);
    }

private:
    void add(std::string_view about, std::string_view path, std::string text)
    {
        found_.evidence.push_back({std::string{about}, fmt::format("/{}", path), std::move(text)});
    }

    void take_distribution()
    {
        for (const std::string path : {"etc/os-release", "usr/lib/os-release"}) {
            const auto text = root_.read(path);
            if (text && *text) {
                add("distribution", path, quote_release(**text));
                break;
            }
        }
        auto distribution = detect_distribution(root_);
        if (!distribution) {
            found_.refusal = std::move(distribution).error();
            return;
        }
        found_.distribution = std::move(*distribution);
        if (!found_.distribution->note.empty()) {
            found_.notes.push_back(found_.distribution->note);
        }
        if (found_.distribution->tier == Tier::third) {
            found_.notes.emplace_back(
                "third tier: host-setup plan says what to do, also for an image by --root; apply refuses");
        }
        take_installer(*found_.distribution);
        if (const auto seal = find_seal(root_)) {
            add("package-manager", seal->path, "there");
            found_.notes.push_back(fmt::format(
                "{}: packages come by {}; once they are there, host-setup does the rest", seal->name, seal->command));
        }
    }

    void take_installer(const Distribution& distribution)
    {
        const auto program = distribution.installer == Installer::apt ? std::string{"apt-get"}
                                                                      : std::string{word(distribution.installer)};
        const auto path = first_there(root_, {"usr/bin/" + program, "sbin/" + program, "usr/sbin/" + program});
        if (path.empty()) {
            add("package-manager", "usr/bin/" + program, "not there");
            found_.notes.push_back(fmt::format("{} is not installed", program));
        } else {
            add("package-manager", path, "there");
        }
    }

    void take_init()
    {
        struct Witness {
            Init init;
            std::string_view path;
            std::string_view text;
        };
        static constexpr std::array witnesses{
            Witness{Init::systemd, "run/systemd/system", "systemd runs"},
            Witness{Init::openrc, "run/openrc", "OpenRC runs"},
            Witness{Init::other, "run/runit.stopit", "runit runs"},
            Witness{Init::upstart, "usr/share/upstart", "Upstart is installed"},
            Witness{Init::openrc, "sbin/openrc", "OpenRC is installed"},
        };
        for (const Witness& each : witnesses) {
            // Of a live host, what is installed and does not run starts nothing.
            const bool runs = each.path.starts_with("run/");
            if ((runs || !root_.is_this_host() || each.init == Init::upstart) && root_.exists(std::string{each.path})) {
                found_.init = each.init;
                add("init", each.path, std::string{each.text});
                return;
            }
        }
        const auto systemd = first_there(root_, {"usr/lib/systemd/systemd", "lib/systemd/systemd"});
        if (!root_.is_this_host() && !systemd.empty()) {
            found_.init = Init::systemd;
            add("init", systemd, "systemd is installed");
            return;
        }
        take_first_process();
    }

    void take_first_process()
    {
        const auto first = root_.read("proc/1/comm");
        if (first && *first) {
            add("init", "proc/1/comm", std::string{trim(**first)});
        }
        if (const auto container = container_of(root_)) {
            found_.evidence.push_back({"init", container->evidence, fmt::format("a container ({})", container->type)});
        }
    }

    void take_libvirt()
    {
        const auto one = daemons(root_, "libvirtd");
        const auto many = daemons(root_, "virtqemud");
        for (const auto& path : {one.present, one.enabled, many.present, many.enabled}) {
            if (!path.empty()) {
                add("libvirt", path, path == one.enabled || path == many.enabled ? "started at boot" : "there");
            }
        }
        const auto program = first_there(root_, {"usr/sbin/libvirtd", "usr/bin/libvirtd", "usr/sbin/virtqemud"});
        found_.libvirt_installed = !one.present.empty() || !many.present.empty() || !program.empty();
        found_.libvirt = mode_of(one, many);
        if (!found_.libvirt && found_.libvirt_installed && !program.empty()) {
            found_.libvirt = program.ends_with("libvirtd") ? LibvirtMode::monolithic : LibvirtMode::modular;
            add("libvirt", program, "there");
        }
        if (found_.libvirt == LibvirtMode::both) {
            found_.notes.emplace_back(
                "libvirtd and the modular daemons are both started at boot, and take each other's "
                "sockets: disable one of them");
        }
        if (!found_.libvirt && found_.distribution) {
            found_.libvirt = preset_of(*found_.distribution);
        }
    }

    /// What is started at boot decides; then what is there; then what the distribution comes with.
    [[nodiscard]] std::optional<LibvirtMode> mode_of(const Daemons& one, const Daemons& many) const
    {
        if (!one.enabled.empty() && !many.enabled.empty()) {
            return LibvirtMode::both;
        }
        if (!one.enabled.empty() || !many.enabled.empty()) {
            return one.enabled.empty() ? LibvirtMode::modular : LibvirtMode::monolithic;
        }
        if (one.present.empty() && many.present.empty()) {
            return std::nullopt;
        }
        if (!one.present.empty() && !many.present.empty() && found_.distribution) {
            return preset_of(*found_.distribution);
        }
        return one.present.empty() ? LibvirtMode::modular : LibvirtMode::monolithic;
    }

    void take_refusal()
    {
        if (found_.refusal) {
            return;
        }
        if (const auto rival = find_rival(root_)) {
            add("refusal", rival->path, rival->found);
            found_.refusal = refusal_of(*rival);
        } else if (auto served = check_served(); !served) {
            found_.refusal = std::move(served).error();
        }
    }

    [[nodiscard]] Result<void> check_served() const
    {
        const auto catalogue = load_catalogue(root_, shipped_);
        return catalogue ? check_tier(*found_.distribution) : catalogue.error();
    }

    const Root& root_;
    const std::string& shipped_;
    Detection found_;
};

}  // namespace

std::string_view word(Init init) noexcept
{
    return init_words.at(static_cast<std::size_t>(init));
}

std::string_view word(LibvirtMode mode) noexcept
{
    return mode_words.at(static_cast<std::size_t>(mode));
}

Detection detect(const Root& root, const std::string& catalogue)
{
    return Detector{root, catalogue}.run();
}

}  // namespace kvmkit::setup
