// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/world.hpp"

#include "system/files.hpp"
#include "virt/host/placement.hpp"
#include "virt/launch/driver_root.hpp"
#include "virt/launch/make_disk.hpp"
#include "virt/libvirt/network.hpp"
#include "virt/seed/ssh_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

Result<void> check_nothing_there(const std::filesystem::path& path)
{
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) {
        return Error{ErrorCode::exists,
                     fmt::format("cannot create '{}': it exists", path.string()),
                     "if a killed vm-run left it: vm-run gc; if a VM of that name is there, or libvirt forgot it: "
                     "vm-run rm NAME --force"};
    }
    return errno == ENOENT ? Result<void>{} : errno_error(errno, fmt::format("cannot create '{}'", path.string()));
}

}  // namespace

/// What undoes a step, looked up just before it is made.
struct World::Inverse {
    World& world;
    using Answer = Result<std::optional<Step>>;

    static Answer unless_there(const std::filesystem::path& path, Step undo)
    {
        if (auto free = check_nothing_there(path); !free) {
            return free.error();
        }
        return std::optional{std::move(undo)};
    }

    Answer operator()(const MakeFolder& step) const { return unless_there(step.path, RemoveFolder{step.path}); }
    Answer operator()(const MakeDriverRoot& step) const { return unless_there(step.path, RemoveDriverRoot{step.path}); }
    Answer operator()(const MakeOverlay& step) const { return unless_there(step.path, RemoveFile{step.path}); }
    Answer operator()(const MakeDisk& step) const { return unless_there(step.path, RemoveFile{step.path}); }
    Answer operator()(const MakeSeed& step) const
    {
        return unless_there(SeedPaths{step.order.folder}.ssh_config(), RemoveSeed{step.order.folder});
    }
    Answer operator()(const DefineVm& step) const { return std::optional<Step>{RemoveVm{step.vm}}; }
    Answer operator()(const CreateVm& step) const { return std::optional<Step>{RemoveVm{step.vm}}; }
    Answer operator()(const StartAgain& step) const
    {
        const auto domain = world.ours(step.vm);
        const auto off = domain ? check_is_off(*domain, step.vm) : Result<void>{domain.error()};
        return off ? Answer{std::optional<Step>{StopStarted{step.vm, step.transaction}}} : Answer{off.error()};
    }
    Answer operator()(const StartNetwork& step) const
    {
        const auto connection = world.connection(step.uri);
        if (!connection) {
            return connection.error();
        }
        const auto network = find_network(**connection, step.name);
        if (!network) {
            return network.error();
        }
        const bool runs = *network && (*network)->active;  // somebody else's: it stays
        return runs ? std::optional<Step>{} : std::optional<Step>{StopNetwork{step.uri, step.name}};
    }
    Answer operator()(const TagPort& step) const { return std::optional<Step>{UntagPort{step.nic}}; }
    template <class Other>
    Answer operator()(const Other& /*step*/) const
    {
        return std::optional<Step>{};
    }
};

struct World::Apply {
    World& world;

    Result<void> operator()(const MakeFolder& step) const
    {
        if (auto made = make_directories(step.path.parent_path(), 0755); !made) {
            return made;
        }
        if (auto free = check_nothing_there(step.path); !free) {  // it may have come since the look before
            return free;
        }
        // The umask must not keep QEMU's user out.
        const bool made = ::mkdir(step.path.c_str(), step.mode) == 0 && ::chmod(step.path.c_str(), step.mode) == 0;
        return made ? Result<void>{}
                    : errno_error(errno, fmt::format("cannot create directory '{}'", step.path.string()));
    }
    Result<void> operator()(const RemoveFolder& step) const { return world.remove_unless_used(step.path, step.path); }
    Result<void> operator()(const MakeDriverRoot& step) const { return make_driver_root(step.path, world.root_); }
    Result<void> operator()(const RemoveDriverRoot& step) const
    {
        world.detach();
        world.connections_.erase(embedded_uri(step.path));
        if (auto killed = kill_qemus_of(world.root_, step.path); !killed) {
            return killed;
        }
        auto removed = remove_tree(step.path);
        (void)::rmdir(step.path.parent_path().c_str());  // ours as well, if this was the last one in it
        return removed;
    }
    Result<void> operator()(const MakeOverlay& step) const { return make_overlay(world.runner_, step); }
    Result<void> operator()(const MakeDisk& step) const { return make_disk(world.runner_, step); }
    Result<void> operator()(const MakeSeed& step) const
    {
        auto seed = make_seed(world.runner_, step.order);
        if (!seed) {
            return seed.error();
        }
        world.seed_ = std::move(*seed);
        return {};
    }
    Result<void> operator()(const RemoveSeed& step) const { return world.remove_seed_unless_used(step.folder); }
    Result<void> operator()(const RemoveFile& step) const
    {
        return world.remove_unless_used(step.path, step.path.parent_path());
    }
    Result<void> operator()(const DefineVm& step) const
    {
        const auto connection = world.connection(step.vm.uri);
        return connection ? world.take(step.vm, (*connection)->define(step.xml)) : connection.error();
    }
    Result<void> operator()(const CreateVm& step) const
    {
        const auto connection = world.connection(step.vm.uri);
        if (!connection) {
            return connection.error();
        }
        const bool by_definition = world.seed_ || step.keeps_variables;
        return world.take(step.vm,
                          by_definition ? (*connection)->create_by_definition(step.xml, world.seed_)
                                        : (*connection)->create_ephemeral(step.xml));
    }
    Result<void> operator()(const StartVm& step) const { return world.start(step.vm); }
    Result<void> operator()(const StartAgain& step) const { return world.start_again(step); }
    Result<void> operator()(const StopStarted& step) const { return world.stop_started(step); }
    Result<void> operator()(const AttachVm& step) const
    {
        const auto domain = world.ours(step.vm);
        if (!domain) {
            return domain.error();
        }
        const Connection& connection = **world.connection(step.vm.uri);
        auto lifecycle = LifecycleWatch::of_paused(connection, *domain);
        auto console = open_console(connection, *domain);
        if (!lifecycle || !console) {
            return !lifecycle ? lifecycle.error() : console.error();
        }
        world.lifecycle_.emplace(std::move(*lifecycle));
        world.console_ = std::move(*console);
        return {};
    }
    Result<void> operator()(const ResumeVm& step) const
    {
        const auto domain = world.ours(step.vm);
        return domain ? domain->resume() : domain.error();
    }
    Result<void> operator()(const RemoveVm& step) const
    {
        auto removed = world.remove_vm(step.vm);
        if (!removed) {
            world.remaining_.insert(step.vm.name);
        }
        return removed;
    }

    Result<void> operator()(const StartNetwork& step) const
    {
        const auto connection = world.connection(step.uri);
        return connection ? start_network(**connection, step.name) : connection.error();
    }
    Result<void> operator()(const StopNetwork& step) const
    {
        const auto connection = world.connection(step.uri);
        return connection ? stop_unused_network(**connection, step.name) : connection.error();
    }
    Result<void> operator()(const TagPort& step) const
    {
        const auto link = world.link_of(step.nic);
        return link ? world.ports_.give_vlan(*link, step.vlan) : link.error();
    }
    Result<void> operator()(const UntagPort& step) const { return world.untag(step); }
    Result<void> operator()(const AwaitPort& step) const
    {
        const auto link = world.link_of(step.nic);
        return link ? world.ports_.await_forwarding(*link, Deadline::after(step.most)) : link.error();
    }
};

/// Undoing goes on past errors, but not this far: a VM that could not be removed keeps its disk.
Result<void> World::check_unused(const std::filesystem::path& path, const std::filesystem::path& vm_folder) const
{
    const auto name = vm_folder.filename().string();
    if (remaining_.contains(name)) {
        return Error{ErrorCode::busy,
                     fmt::format("cannot remove '{}': VM '{}' could not be removed", path.string(), name)};
    }
    return {};
}

Result<void> World::remove_unless_used(const std::filesystem::path& path, const std::filesystem::path& vm_folder)
{
    auto unused = check_unused(path, vm_folder);
    return unused ? remove_if_there(path) : unused;
}

Result<void> World::remove_seed_unless_used(const std::filesystem::path& vm_folder)
{
    seed_ = UniqueFd{};
    auto unused = check_unused(vm_folder, vm_folder);
    return unused ? remove_seed(vm_folder) : unused;
}

Result<std::optional<Step>> World::inverse(const Step& step)
{
    return std::visit(Inverse{*this}, step);
}

Result<void> World::apply(const Step& step)
{
    return std::visit(Apply{*this}, step);
}

Result<const Connection*> World::connection(const std::string& uri)
{
    const auto known = connections_.find(uri);
    if (known != connections_.end() && known->second->alive()) {
        return known->second.get();
    }
    if (known != connections_.end()) {  // the daemon was restarted: what it started may still run
        detach();
        domain_.reset();
        connections_.erase(known);
    }
    auto opened = Connection::open(uri);
    if (!opened) {
        return opened.error();
    }
    return connections_.emplace(uri, std::make_shared<const Connection>(std::move(*opened))).first->second.get();
}

void World::use_connection(std::shared_ptr<const Connection> connection)
{
    const auto uri = connection->uri();
    connections_.insert_or_assign(uri, std::move(connection));
}

void World::detach()
{
    console_.reset();
    lifecycle_.reset();
}

}  // namespace kvmkit::virt
