// SPDX-License-Identifier: Apache-2.0
#include "setup/mend.hpp"

#include "base/text.hpp"
#include "facts/network.hpp"
#include "facts/user.hpp"
#include "setup/distribution.hpp"
#include "setup/modular.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr const char* device_rule = "KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0660\", OPTIONS+=\"static_node=kvm\"\n";

/// One plan in the making.
class Planner {
public:
    Planner(const Ailing& host, const Complaint& complaint) : host_(host), complaint_(complaint) {}

    Mending plan() &&
    {
        for (const std::string& check : complaint_.checks) {
            const auto* row = std::ranges::find(rows, check, &Row::check);
            const auto outcome = row != rows.end() ? (this->*row->mend)() : Outcome::by_hand;
            switch (outcome) {
                case Outcome::at_once: plan_.mends.push_back(check); break;
                case Outcome::later: plan_.later.push_back(check); break;
                case Outcome::by_hand: plan_.by_hand.push_back(check); break;
            }
        }
        return std::move(plan_);
    }

    static bool knows(std::string_view check) { return std::ranges::find(rows, check, &Row::check) != rows.end(); }

private:
    enum class Outcome { at_once, later, by_hand };

    struct Row {
        std::string_view check;
        Outcome (Planner::*mend)();
    };

    /// A step that another complaint asked for already is not made twice.
    void add(Step step)
    {
        const auto same = [text = encode(step)](const Step& known) { return encode(known) == text; };
        if (std::ranges::none_of(plan_.steps, same)) {
            plan_.steps.push_back(std::move(step));
        }
    }

    Outcome load(const std::string& module, const std::string& file)
    {
        add(LoadModule{module});
        add(SetFile{fmt::format("etc/modules-load.d/{}.conf", file), module + "\n", 0644});
        return Outcome::at_once;
    }

    Outcome mend_module()
    {
        const KvmModule& module = host_.module;
        const bool loadable = module.name && !module.loaded && module.available && module.loader;
        return loadable ? load(*module.name, "kvmkit") : Outcome::by_hand;
    }

    Outcome mend_node()
    {
        if (host_.device.present) {
            return Outcome::by_hand;  // something else stands there: nobody but its owner may remove it
        }
        add(MakeDevice{});
        grant();
        return Outcome::at_once;
    }

    void grant()
    {
        if (!host_.device.kvm_group) {
            add(AddGroup{"kvm"});
        }
        if (host_.device.udev_runs) {
            add(SetFile{"etc/udev/rules.d/99-kvmkit.rules", device_rule, 0644});
        }
        add(GrantDevice{});
    }

    /// Whether the account is put into the group; whoever is in it, but not yet in this session, logs in again.
    bool join_kvm(const std::string& account)
    {
        if (account.empty() || account == "root" || host_.kvm_members.contains(account)) {
            return false;
        }
        add(AddMember{account, "kvm"});
        return true;
    }

    Outcome mend_access()
    {
        if (!host_.device.present) {
            return Outcome::by_hand;
        }
        const bool shut = !host_.device.open_to_group();
        if (shut) {
            grant();
        }
        const bool joined = join_kvm(complaint_.user);
        return shut || joined ? Outcome::at_once : mend_module();
    }

    Outcome mend_lasting_access()
    {
        grant();
        (void)join_kvm(complaint_.user);
        return Outcome::at_once;
    }

    Outcome mend_qemu_access()
    {
        if (complaint_.qemu_account.empty() || !host_.device.present) {
            return Outcome::by_hand;
        }
        const bool shut = !host_.device.open_to_group();
        if (shut) {
            grant();
        }
        const bool joined = join_kvm(complaint_.qemu_account);
        return shut || joined ? Outcome::at_once : Outcome::by_hand;
    }

    Outcome mend_nested()
    {
        const bool loadable = host_.module.loaded && !host_.nested.built_in && !host_.nested.container;
        auto planned = loadable ? plan_nested(host_.module, host_.nested, host_.device) : Result<NestedPlan>{Error{}};
        if (!planned) {
            return Outcome::by_hand;
        }
        std::ranges::for_each(planned->steps, [this](const Step& step) { add(step); });
        plan_.notes.insert(plan_.notes.end(), planned->notes.begin(), planned->notes.end());
        return planned->reboot.empty() ? Outcome::at_once : Outcome::later;
    }

    Outcome mend_service()
    {
        const ServiceState& service = host_.service;
        const bool can = service.manager == Manager::systemd && !service.unit.empty();
        if (!can || service.daemon == Daemon::masked || service.daemon == Daemon::forbidden ||
            service.daemon == Daemon::not_installed || service.daemon == Daemon::unknown) {
            return Outcome::by_hand;
        }
        if (service.modular) {
            const auto steps = start_modular(service);
            std::ranges::for_each(steps, [this](const Step& step) { add(step); });
            return steps.empty() ? Outcome::by_hand : Outcome::at_once;
        }
        add(ChangeUnit{UnitAction::enable, "libvirtd.service"});
        add(ChangeUnit{UnitAction::start, service.unit});
        add(ProveLibvirt{});
        return Outcome::at_once;
    }

    Outcome mend_libvirt_group()
    {
        if (complaint_.user.empty() || complaint_.user == "root") {
            return Outcome::by_hand;
        }
        add(AddMember{complaint_.user, "libvirt"});
        return Outcome::at_once;
    }

    Outcome mend_tun() { return host_.has_tun ? load("tun", "kvmkit-tun") : Outcome::by_hand; }
    Outcome mend_vhost_net() { return host_.has_vhost_net ? load("vhost_net", "kvmkit-vhost-net") : Outcome::by_hand; }

    static const std::array<Row, 10> rows;

    const Ailing& host_;
    const Complaint& complaint_;
    Mending plan_;
};

constexpr std::array<Planner::Row, 10> Planner::rows{{
    {"kvm.module", &Planner::mend_module},
    {"kvm.device", &Planner::mend_node},
    {"kvm.access", &Planner::mend_access},
    {"kvm.access_persistent", &Planner::mend_lasting_access},
    {"nested.param", &Planner::mend_nested},
    {"libvirt.service", &Planner::mend_service},
    {"libvirt.group", &Planner::mend_libvirt_group},
    {"libvirt.qemu_access", &Planner::mend_qemu_access},
    {"net.tun", &Planner::mend_tun},
    {"net.vhost_net", &Planner::mend_vhost_net},
}};

/// Whether the running kernel brings a module that is not in it yet.
bool brings(const Root& root, std::string_view modules, const std::string& name)
{
    return lists_module(modules, name) && !root.exists("sys/module/" + name);
}

ServiceState service_of(const Root& root, Runner& runner)
{
    const auto distribution = read_distribution(text_or_nothing(root, "etc/os-release"));
    return distribution ? observe_service(root, runner, *distribution) : ServiceState{};
}

}  // namespace

bool can_mend(std::string_view check) noexcept
{
    return Planner::knows(check);
}

Ailing observe_ailing(const Root& root, Runner& runner)
{
    Ailing host{.module = observe_module(root), .device = observe_device(root), .service = service_of(root, runner)};
    host.nested = observe_nested(root, host.module);
    const auto release = text_or_nothing(root, "proc/sys/kernel/osrelease");
    const auto modules = text_or_nothing(root, fmt::format("lib/modules/{}/modules.dep", trim(release)));
    host.has_tun = brings(root, modules, "tun");
    host.has_vhost_net = brings(root, modules, "vhost_net");
    if (auto group = find_group(text_or_nothing(root, "etc/group"), "kvm")) {
        host.kvm_members = std::move(group->members);
    }
    return host;
}

Mending plan_mending(const Ailing& host, const Complaint& complaint)
{
    return Planner{host, complaint}.plan();
}

}  // namespace kvmkit::setup
