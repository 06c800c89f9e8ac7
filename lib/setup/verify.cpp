// SPDX-License-Identifier: Apache-2.0
#include "setup/verify.hpp"

#include "base/text.hpp"
#include "setup/service_control.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

constexpr std::chrono::seconds patience{30};

struct EmulatorProgram {
    std::string_view architecture;
    std::string_view program;
};

constexpr std::array emulator_programs{
    EmulatorProgram{"amd64", "qemu-system-x86_64"},
    EmulatorProgram{"i386", "qemu-system-i386"},
    EmulatorProgram{"arm64", "qemu-system-aarch64"},
    EmulatorProgram{"armhf", "qemu-system-arm"},
    EmulatorProgram{"ppc64el", "qemu-system-ppc64"},
};

/// One run of verify.
class Verifier {
public:
    Verifier(const Host& host, Runner& runner, const VerifyRequest& request)
        : host_(host), runner_(runner), request_(request)
    {
    }

    std::vector<Finding> run() &&
    {
        for (const Component component : request_.components) {
            component_ = component;
            if (host_.image && is_of_running_host(component)) {
                try_image();
                continue;
            }
            switch (component) {
                case Component::hypervisor: try_packages(); break;
                case Component::network: try_network(); break;
                case Component::modules: try_device(); break;
                case Component::groups: try_groups(); break;
                case Component::services: try_libvirt(); break;
                case Component::nested: try_nested(); break;
                case Component::mirror: break;    // apt proves a source whenever it reads it
                case Component::ssh_root: break;  // a login proves it, which is what confirm is for
                case Component::tools:
                case Component::guest_images:
                case Component::desktop: try_installed(); break;
            }
        }
        return std::move(findings_);
    }

private:
    void add(std::string id, Proof proof, std::string evidence, std::string hint = {})
    {
        findings_.push_back({component_, std::move(id), proof, std::move(evidence), std::move(hint)});
    }

    [[nodiscard]] std::string mend() const { return fmt::format("host-setup apply {}", word(component_)); }

    Result<std::string> output_of(std::vector<std::string> argv)
    {
        const auto program = argv.front();
        auto ended = runner_.run({.argv = std::move(argv), .environment = {{"LC_ALL", "C"}}, .timeout = patience});
        if (!ended) {
            return std::move(ended).error();
        }
        if (ended->status != 0) {
            return Error{ErrorCode::external,
                         fmt::format("{} says: {}", program, fmt::join(lines(trim(ended->err)), "; "))};
        }
        return std::move(ended->out);
    }

    Result<std::string> ask_libvirt_for(std::vector<std::string> words)
    {
        std::vector<std::string> argv{"virsh", "--quiet", "--connect", "qemu:///system"};
        if (!request_.privileged) {
            argv.emplace_back("--readonly");
        }
        argv.insert(argv.end(), words.begin(), words.end());
        return output_of(std::move(argv));
    }

    void try_program(std::string_view program)
    {
        const auto told = output_of({std::string{program}, "--version"});
        const auto first = told ? std::string{lines(*told).empty() ? "" : lines(*told).front()} : told.error().message;
        add(std::string{program}, told ? Proof::holds : Proof::fails, first, told ? "" : mend());
    }

    /// Nobody answers in an image, so that its files are asked whether all is done.
    static bool is_of_running_host(Component component)
    {
        return component == Component::network || component == Component::modules || component == Component::services ||
               component == Component::nested;
    }

    void try_image()
    {
        if (component_ == Component::modules) {
            return;  // of the host that it becomes
        }
        const auto plan = make_plan(host_, {component_}, request_.network);
        const auto id = component_ == Component::services ? "boot" : "files";
        if (!plan) {
            add(id, Proof::fails, plan.error().message, plan.error().hint);
        } else if (!plan->steps.empty()) {
            add(id, Proof::fails, fmt::format("still to be done: {}", describe(plan->steps.front())), mend());
        } else {
            add(id, Proof::holds, "the files of this image are as they have to be");
        }
    }

    /// All that the wanted components need, told once for them.
    void try_installed()
    {
        const bool told = std::ranges::find(findings_, "packages", &Finding::id) != findings_.end();
        if (told) {
            return;
        }
        const auto missing = package_names(host_.missing());
        const auto sound = check_finished(host_.packages);
        if (!missing.empty()) {
            add("packages", Proof::fails, fmt::format("not installed: {}", fmt::join(missing, ", ")), mend());
        } else if (!sound) {
            add("packages", Proof::fails, sound.error().message, sound.error().hint);
        } else {
            add("packages", Proof::holds, fmt::format("{} packages are installed", host_.needs.size()));
        }
    }

    void try_packages()
    {
        try_installed();
        const auto* emulator = std::ranges::find(emulator_programs, host_.architecture, &EmulatorProgram::architecture);
        if (emulator != emulator_programs.end()) {
            try_program(emulator->program);
        }
        try_program("qemu-img");
    }

    void try_device()
    {
        const KvmTrial& kvm = request_.kvm;
        if (kvm.problem.empty()) {
            add("device", Proof::holds, kvm.evidence);
        } else {
            add("device", Proof::fails, kvm.problem, "kvm-check says why; host-setup apply modules");
        }
        if (host_.device.present) {
            const bool open = host_.device.open_to_group();
            add("device-group",
                open ? Proof::holds : Proof::fails,
                fmt::format("/dev/kvm is {} group kvm", open ? "open to" : "closed to"),
                open ? "" : mend());
        }
    }

    void try_groups()
    {
        const UserState& user = host_.user;
        if (user.name.empty() || user.name == "root") {
            return;
        }
        const auto again = fmt::format("host-setup apply groups --user {}", user.name);
        if (!user.known) {
            add("members", Proof::untold, fmt::format("/etc/passwd has no user '{}'", user.name), again);
            return;
        }
        std::vector<std::string> outside;
        std::vector<std::string> stale;
        for (const UsefulGroup& group : user.groups) {
            if (!group.inside) {
                outside.push_back(group.name);
            } else {
                stale.insert(stale.end(), group.stale_sessions.begin(), group.stale_sessions.end());
            }
        }
        const bool inside = outside.empty();
        add("members",
            inside ? Proof::holds : Proof::fails,
            inside ? fmt::format("{} is in groups kvm and libvirt", user.name)
                   : fmt::format("{} is not in group {}", user.name, fmt::join(outside, ", ")),
            inside ? "" : again);
        if (!stale.empty()) {
            add("sessions",
                Proof::fails,
                fmt::format("what {} runs now is not in the groups: {}", user.name, stale.front()),
                fmt::format("{} must log in again", user.name));
        }
    }

    void try_libvirt()
    {
        const auto capabilities = ask_libvirt_for({"capabilities"});
        if (!capabilities) {
            add("capabilities", Proof::fails, capabilities.error().message, mend());
            return;
        }
        const bool kvm = capabilities->find("<domain type='kvm'") != std::string::npos;
        if (capabilities->find("<capabilities>") == std::string::npos) {
            add("capabilities", Proof::fails, "what virsh printed is no description of capabilities");
        } else if (kvm) {
            add("capabilities", Proof::holds, "qemu:///system answers; it offers VMs of type kvm");
        } else {
            const bool device = host_.device.present;
            add("capabilities",
                device ? Proof::fails : Proof::untold,
                fmt::format("qemu:///system answers, but it offers VMs of type qemu only, which are slow: {}",
                            device ? "it does not use /dev/kvm" : "there is no /dev/kvm"),
                device ? "libvirt keeps what it saw when it started: restart it, then kvm-check says what is in the way"
                       : "kvm-check says why; host-setup apply modules");
        }
        try_boot();
    }

    void try_boot()
    {
        if (!is_controlled(host_.service.manager)) {
            return;
        }
        const bool enabled = host_.service.enabled;
        const auto* const daemons = host_.service.modular ? "the modular daemons are" : "libvirtd is";
        add("boot",
            enabled ? Proof::holds : Proof::fails,
            fmt::format("{} {}started at boot", daemons, enabled ? "" : "not "),
            enabled ? "" : mend());
    }

    void try_nested()
    {
        const auto plan = plan_nested(host_.module, host_.nested, host_.device);
        if (!plan) {
            add("nested", Proof::fails, plan.error().message, plan.error().hint);
        } else if (!plan->reboot.empty()) {
            add("nested", Proof::fails, plan->reboot, plan->notes.empty() ? mend() : plan->notes.front());
        } else if (!plan->steps.empty()) {
            add("nested", Proof::fails, "the option nested is off, or not kept", mend());
        } else if (!plan->notes.empty()) {
            add("nested", Proof::untold, plan->notes.front());
        } else {
            add("nested", Proof::holds, "the module's option nested is on, and stays on");
        }
    }

    void try_network()
    {
        if (request_.network.kind == NetworkWish::Kind::off) {
            return;
        }
        const auto& network = host_.network.network;
        const auto names = ask_libvirt_for({"net-list", "--name"});
        const auto up = names ? words(*names) : std::vector<std::string_view>{};
        const bool active = std::ranges::find(up, "default") != up.end();
        if (!names) {
            add("active", Proof::fails, names.error().message, "host-setup apply services network");
        } else {
            add("active",
                active ? Proof::holds : Proof::fails,
                fmt::format("libvirt's network 'default' is {}", active ? "up" : "not up"),
                active ? "" : mend());
        }
        if (active && network && *network) {
            try_bridge(**network);
        } else if (active && !network) {
            add("address", Proof::untold, network.error().message, "sudo host-setup verify network");
        }
    }

    /// The kernel's own word: libvirt does not look again once it started a network.
    void try_bridge(const DefaultNetworkState& network)
    {
        const auto& claims = host_.network.claims;
        if (!claims || !*claims) {
            add("address", Proof::untold, claims ? "nobody looked at addresses" : claims.error().message);
            return;
        }
        const bool there = std::ranges::any_of(**claims, [&network](const Ipv4Claim& claim) {
            return claim.kind == Ipv4Claim::Kind::address && claim.device == network.bridge &&
                   claim.range == network.range;
        });
        add("address",
            there ? Proof::holds : Proof::fails,
            fmt::format("{} {} an address in {}", network.bridge, there ? "has" : "lacks", to_text(network.range)),
            there ? "" : "virsh net-destroy default; virsh net-start default");
        if (const auto claim = find_claim(**claims, network.range, network.bridge, Clash::hard)) {
            add("clash",
                Proof::fails,
                fmt::format("{} is in the way of {}: {}", network.bridge, describe(*claim), to_text(network.range)),
                mend());
        }
    }

    const Host& host_;
    Runner& runner_;
    const VerifyRequest& request_;
    Component component_ = Component::hypervisor;
    std::vector<Finding> findings_;
};

}  // namespace

std::string_view word(Proof proof) noexcept
{
    switch (proof) {
        case Proof::holds: return "holds";
        case Proof::fails: return "fails";
        case Proof::untold: return "untold";
    }
    return "";
}

std::vector<Finding> verify(const Host& host, Runner& runner, const VerifyRequest& request)
{
    return Verifier{host, runner, request}.run();
}

}  // namespace kvmkit::setup
