// SPDX-License-Identifier: Apache-2.0
#include "setup/domain.hpp"

#include "base/text.hpp"
#include "facts/user.hpp"
#include "setup/account_tools.hpp"
#include "setup/apt.hpp"
#include "setup/file_step.hpp"
#include "setup/history.hpp"
#include "setup/hold.hpp"
#include "setup/kvm_device.hpp"
#include "setup/modular.hpp"
#include "setup/network_step.hpp"
#include "setup/service.hpp"
#include "setup/sources/change.hpp"
#include "setup/ssh/sshd.hpp"
#include "system/files.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

using MaybeStep = std::optional<Step>;

constexpr std::chrono::seconds libvirt_patience{30};

std::string loaded_path(const std::string& module)
{
    return "sys/module/" + module;
}

std::optional<GroupFacts> group_in(const Root& root, const std::string& name)
{
    const auto text = root.read("etc/group");
    return text && *text ? find_group(**text, name) : std::nullopt;
}

}  // namespace

/// The inverse of each kind of step, from what the host is now.
struct HostDomain::Inverse {
    HostDomain& domain;
    const Root& root;

    Result<MaybeStep> operator()(const auto& /*nothing to undo*/) const { return MaybeStep{}; }

    /// Only what is new: what is made newer stays so.
    Result<MaybeStep> operator()(const InstallPackages& install) const
    {
        const auto manager = domain.manager(root);
        if (!manager->takes_back()) {
            return MaybeStep{};
        }
        const auto price = manager->price(install.names);
        const auto distribution = detect_distribution(root);
        const auto there = distribution ? read_packages(root, domain.ground_.runner, *distribution)
                                        : Result<PackageTable>{distribution.error()};
        if (!price || !there) {
            return price ? there.error() : price.error();
        }
        RemovePackages back;
        for (const PlannedPackage& package : price->install) {
            if (!package.for_others && there->installed(package.name) == nullptr) {
                back.names.push_back(package.name);
            }
        }
        return back.names.empty() ? MaybeStep{} : MaybeStep{std::move(back)};
    }

    Result<MaybeStep> operator()(const LoadModule& module) const
    {
        return root.exists(loaded_path(module.name)) ? MaybeStep{} : MaybeStep{UnloadModule{module.name}};
    }

    Result<MaybeStep> operator()(const UnloadModule& module) const
    {
        return root.exists(loaded_path(module.name)) ? MaybeStep{LoadModule{module.name}} : MaybeStep{};
    }

    Result<MaybeStep> operator()(const MakeDevice& /*step*/) const
    {
        return root.exists("dev/kvm") ? MaybeStep{} : MaybeStep{RemoveDevice{}};
    }

    Result<MaybeStep> operator()(const AddGroup& group) const
    {
        return group_in(root, group.name) ? MaybeStep{} : MaybeStep{RemoveGroup{group.name}};
    }

    Result<MaybeStep> operator()(const AddMember& member) const
    {
        const auto group = group_in(root, member.group);
        const bool inside = group && group->members.contains(member.user);
        return inside ? MaybeStep{} : MaybeStep{RemoveMember{member.user, member.group}};
    }

    Result<MaybeStep> operator()(const SetFile& file) const
    {
        auto back = inverse_of(root, file);
        return back ? Result<MaybeStep>{MaybeStep{std::move(*back)}} : std::move(back).error();
    }

    Result<MaybeStep> operator()(const RefreshOnUndo& /*step*/) const { return MaybeStep{RefreshLists{}}; }

    Result<MaybeStep> operator()(const ReloadOnUndo& reload) const { return MaybeStep{ReloadService{reload.unit}}; }

    Result<MaybeStep> operator()(const GrantDevice& /*step*/) const
    {
        const auto device = observe_device(root);
        return device.present ? MaybeStep{SetDeviceOwner{device.owner_group, device.mode}} : MaybeStep{};
    }

    Result<MaybeStep> operator()(const ChangeUnit& change) const
    {
        const auto unit = domain.services(root).state(change.unit);
        if (!unit) {
            return unit.error();
        }
        if (change.action == UnitAction::enable && !unit->is_enabled()) {
            const bool linked = unit->unit_file != unlinked_script;
            return MaybeStep{ChangeUnit{linked ? UnitAction::disable : UnitAction::unlink, change.unit}};
        }
        const bool starts = change.action == UnitAction::start && !unit->is_active();
        if (starts && (!change.if_enabled || unit->is_enabled())) {
            return MaybeStep{ChangeUnit{UnitAction::stop, change.unit}};
        }
        return MaybeStep{};
    }

    Result<MaybeStep> operator()(const HoldLibvirt& /*step*/) const { return MaybeStep{ReleaseLibvirt{}}; }

    Result<MaybeStep> operator()(const MoveNetwork& move) const { return domain.network(root).inverse(move); }

    Result<MaybeStep> operator()(const ChangeNetwork& change) const { return domain.network(root).inverse(change); }

    /// The question starts the daemon behind the socket; one that did not run is stopped again.
    Result<MaybeStep> operator()(const ProveLibvirt& /*step*/) const
    {
        const auto services = domain.services(root);
        const auto daemon = modular_libvirt_listens(root) ? "virtqemud.service" : libvirtd_of(services.manager());
        const auto unit = services.state(daemon);
        if (!unit) {
            return unit.error();
        }
        return unit->is_active() ? MaybeStep{} : MaybeStep{ChangeUnit{UnitAction::stop, daemon}};
    }
};

/// Each kind of step, made.
struct HostDomain::Apply {
    HostDomain& domain;
    const Root& root;
    AccountTools tools{root.exists("usr/sbin/usermod") || root.exists("sbin/usermod")};

    Result<void> operator()(const RefreshLists& /*step*/) const
    {
        if (auto written = domain.check_written(); !written) {
            return written;
        }
        auto problems = domain.manager(root)->update();
        if (!problems) {
            return std::move(problems).error();
        }
        domain.update_problems_ = std::move(*problems);
        return {};
    }

    Result<void> operator()(const InstallPackages& install) const
    {
        return domain.manager(root)->install(install.names, domain.ground_.on_progress);
    }

    Result<void> operator()(const RemovePackages& back) const
    {
        if (const auto vms = back.spares_vms ? running_vms(root) : std::vector<std::string>{}; !vms.empty()) {
            return Error{ErrorCode::refused, fmt::format("VMs run on them: {}", fmt::join(vms, ", "))};
        }
        auto gone = domain.manager(root)->remove(back.names);
        return gone && !back.purge.empty() ? Apt{domain.ground_.runner, domain.ground_.limits}.purge(back.purge) : gone;
    }

    Result<void> operator()(const FinishPackages& /*step*/) const
    {
        return Apt{domain.ground_.runner, domain.ground_.limits}.finish();
    }

    Result<void> operator()(const LoadModule& module) const
    {
        return domain.set_module(module.name, {"modprobe", module.name}, "load");
    }

    Result<void> operator()(const UnloadModule& module) const
    {
        return root.exists(loaded_path(module.name))
                   ? domain.set_module(module.name, {"modprobe", "-r", module.name}, "unload")
                   : Result<void>{};
    }

    Result<void> operator()(const SetFile& file) const { return domain.set_file(file); }

    Result<void> operator()(const RefreshOnUndo& /*step*/) const { return {}; }

    Result<void> operator()(const ReloadOnUndo& /*step*/) const { return {}; }

    Result<void> operator()(const ReloadService& reload) const
    {
        auto written = domain.check_written();
        return written ? reload_service(domain.ground_.runner, root, reload.unit) : written;
    }

    Result<void> operator()(const ProveRootLogin& proof) const
    {
        return prove_root_login(domain.ground_.runner, root, proof);
    }

    Result<void> operator()(const ProveSources& proof) const
    {
        auto problems = refresh_archive(domain.ground_.runner, domain.ground_.limits, root, proof.archive);
        if (!problems) {
            return std::move(problems).error();
        }
        domain.update_problems_ = std::move(*problems);
        return {};
    }

    Result<void> operator()(const MakeDevice& /*step*/) const { return domain.make_device(); }

    Result<void> operator()(const RemoveDevice& /*step*/) const
    {
        return remove_if_there(domain.ground_.top / "dev/kvm");
    }

    Result<void> operator()(const AddGroup& group) const
    {
        return group_in(root, group.name) ? Result<void>{}
                                          : domain.account(tools.add_group(group.name), describe(group));
    }

    Result<void> operator()(const RemoveGroup& group) const
    {
        return group_in(root, group.name) ? domain.account(tools.remove_group(group.name), describe(group))
                                          : Result<void>{};
    }

    Result<void> operator()(const AddMember& member) const
    {
        return domain.account(tools.add_member(member), describe(member));
    }

    Result<void> operator()(const RemoveMember& member) const
    {
        const auto group = group_in(root, member.group);
        return group && group->members.contains(member.user)
                   ? domain.account(tools.remove_member(member), describe(member))
                   : Result<void>{};
    }

    Result<void> operator()(const GrantDevice& /*step*/) const
    {
        const auto device = observe_device(root);
        if (!device.kvm_group) {
            return Error{ErrorCode::not_found,
                         "cannot open device '/dev/kvm' to group 'kvm': there is no such group",
                         "groupadd --system kvm"};
        }
        return domain.set_device(*device.kvm_group, 0660);
    }

    Result<void> operator()(const SetDeviceOwner& owner) const
    {
        return observe_device(root).present ? domain.set_device(owner.group, owner.mode) : Result<void>{};
    }

    Result<void> operator()(const ChangeUnit& change) const { return domain.services(root).make(change); }

    Result<void> operator()(const HoldLibvirt& /*step*/) const
    {
        return hold_libvirt(domain.ground_.top, domain.ground_.image ? Hold::all_services : Hold::libvirt);
    }

    Result<void> operator()(const ReleaseLibvirt& /*step*/) const { return release_libvirt(domain.ground_.top); }

    Result<void> operator()(const MoveNetwork& move) const { return domain.network(root).apply(move); }

    Result<void> operator()(const DefineNetwork& define) const { return domain.network(root).apply(define); }

    Result<void> operator()(const ChangeNetwork& change) const { return domain.network(root).apply(change); }

    Result<void> operator()(const ProveLibvirt& /*step*/) const
    {
        const auto* const socket = modular_libvirt_listens(root) ? modular_socket : libvirt_socket;
        const auto manager = domain.services(root).manager();
        const bool by_script = manager == Manager::openrc || manager == Manager::sysv;
        auto answered =
            (by_script ? await_libvirt : ask_libvirt)(domain.ground_.top / socket, Deadline::after(libvirt_patience));
        if (answered) {
            answered = prove_qemu_driver(domain.ground_.runner);
        }
        return answered ? answered : Error{ErrorCode::rolled_back, answered.error().message, answered.error().hint};
    }
};

std::unique_ptr<PackageManager> HostDomain::manager(const Root& root) const
{
    const auto distribution = detect_distribution(root);
    return open_manager(distribution ? distribution->installer : Installer::apt, ground_.runner, ground_.limits);
}

Result<std::optional<Step>> HostDomain::inverse(const Step& step)
{
    const auto here = root();
    return here ? std::visit(Inverse{*this, *here}, step) : here.error();
}

Result<void> HostDomain::apply(const Step& step)
{
    const auto here = root();
    return here ? std::visit(Apply{*this, *here}, step) : here.error();
}

Result<void> HostDomain::set_file(const SetFile& file)
{
    auto put = put_file(ground_.top, file);
    if (put) {
        unwritten_.erase(file.path);
    } else {
        unwritten_.insert(file.path);
    }
    return put;
}

/// An undoing goes on past what it cannot undo; what would read that file is left to be done after it.
Result<void> HostDomain::check_written() const
{
    if (unwritten_.empty()) {
        return {};
    }
    return Error{ErrorCode::external, fmt::format("/{} must be written first", *unwritten_.begin())};
}

Result<void> HostDomain::set_module(const std::string& name, std::vector<std::string> argv, std::string_view doing)
{
    const auto ended = ground_.runner.run({.argv = std::move(argv)});
    if (!ended) {
        return ended.error();
    }
    if (ended->status != 0) {
        return Error{ErrorCode::external,
                     fmt::format("cannot {} module '{}': {}", doing, name, trim(ended->err)),
                     "the kernel says why: dmesg | tail; kvm-check judges the rest"};
    }
    return {};
}

Result<void> HostDomain::set_device(gid_t group, mode_t mode)
{
    const auto path = ground_.top / "dev/kvm";
    if (::chown(path.c_str(), static_cast<uid_t>(-1), group) != 0 || ::chmod(path.c_str(), mode) != 0) {
        return errno_error(errno, "cannot change owner of device '/dev/kvm'");
    }
    return {};
}

Result<void> HostDomain::make_device()
{
    constexpr unsigned misc_major = 10;
    constexpr unsigned kvm_minor = 232;
    const auto path = ground_.top / "dev/kvm";
    if (::mknod(path.c_str(), S_IFCHR | 0600U, makedev(misc_major, kvm_minor)) != 0 && errno != EEXIST) {
        return errno_error(errno, "cannot make device '/dev/kvm'");
    }
    return {};
}

Result<void> HostDomain::account(const std::vector<std::string>& argv, const std::string& doing)
{
    const auto ended = ground_.runner.run({.argv = argv});
    if (!ended) {
        return ended.error();
    }
    if (ended->status != 0) {
        return Error{ErrorCode::external, fmt::format("cannot {}: {}", doing, trim(ended->err))};
    }
    return {};
}

}  // namespace kvmkit::setup
