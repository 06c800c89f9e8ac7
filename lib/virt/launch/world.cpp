// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/world.hpp"

#include "system/files.hpp"
#include "virt/host/placement.hpp"
#include "virt/spec/domain_xml.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::string_view embedded_prefix = "qemu:///embed?root=";

/// The embedded driver has no log daemon and must not change the owner of anybody's files. QEMU is confined by user and
/// seccomp alone: profiles of the system's security modules know nothing of these folders, and nobody would remove
/// control groups after a kill -9.
constexpr std::string_view driver_settings =
    "stdio_handler = \"file\"\n"
    "dynamic_ownership = 0\n"
    "remember_owner = 0\n"
    "security_driver = \"none\"\n"
    "cgroup_controllers = [ ]\n";

Result<void> check_nothing_there(const std::filesystem::path& path)
{
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) {
        return Error{ErrorCode::exists,
                     fmt::format("cannot create '{}': it exists", path.string()),
                     "if a killed vm-run left it: vm-run gc; if a VM of that name is there: vm-run rm NAME"};
    }
    return errno == ENOENT ? Result<void>{} : errno_error(errno, fmt::format("cannot create '{}'", path.string()));
}

/// Whether we live in a chroot: our root is not the one that init sees. libvirt enters QEMU's mount namespace by
/// setns(2), which forgets a chroot, so that there it must not make one.
bool in_a_chroot(const Root& root)
{
    const auto ours = root.status(".");
    const auto inits = root.status("proc/1/root/.");
    const bool known = ours && *ours && inits && *inits;
    return !known || (*ours)->st_ino != (*inits)->st_ino || (*ours)->st_dev != (*inits)->st_dev;
}

Result<void> make_driver_root(const std::filesystem::path& path, const Root& root)
{
    if (auto made = make_directories(path / "etc", 0755); !made) {
        return made;
    }
    std::string settings{driver_settings};
    settings += in_a_chroot(root) ? "namespaces = [ ]\n" : "";
    return write_atomically(path / "etc/qemu.conf", settings, 0644);
}

Result<void> remove_tree(const std::filesystem::path& path)
{
    std::error_code problem;
    std::filesystem::remove_all(path, problem);
    if (problem) {
        return errno_error(problem.value(), fmt::format("cannot remove directory '{}'", path.string()));
    }
    return {};
}

Result<void> make_overlay(Runner& runner, const MakeOverlay& step)
{
    const std::string format{word(step.base.format)};
    const auto done = runner.run({.argv = {"qemu-img",
                                           "create",
                                           "-q",
                                           "-f",
                                           "qcow2",
                                           "-F",
                                           format,
                                           "-b",
                                           step.base.path.string(),
                                           step.path.string()}});
    if (!done) {
        Error error = done.error();
        if (error.code == ErrorCode::not_found) {
            error.hint = "install it: host-setup apply";
        }
        return error;
    }
    const auto doing = fmt::format("cannot create overlay '{}'", step.path.string());
    if (done->status != 0) {
        return Error{ErrorCode::external, fmt::format("{}: {}", doing, done->err.substr(0, done->err.find('\n')))};
    }
    if (::chmod(step.path.c_str(), 0600) != 0 ||
        (step.owner && ::chown(step.path.c_str(), step.owner->uid, step.owner->gid) != 0)) {
        return errno_error(errno, doing);
    }
    return {};
}

/// One round: end it if it runs, forget it if it stays. True once libvirt no longer knows it.
Result<bool> remove_once(const Connection& connection, const std::string& uuid)
{
    const auto domain = connection.find_by_uuid(uuid);
    if (!domain) {
        return domain.error();
    }
    if (!*domain) {
        return true;
    }
    const auto active = (*domain)->active();
    if (active && *active) {
        if (auto ended = (*domain)->destroy(); !ended && ended.error().code != ErrorCode::not_found) {
            return ended.error();
        }
    }
    const auto persistent = (*domain)->persistent();
    if (persistent && *persistent) {
        if (auto removed = (*domain)->undefine(); !removed && removed.error().code != ErrorCode::not_found) {
            return removed.error();
        }
    }
    return false;
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
    Answer unless_taken(const VmId& vm) const
    {
        const auto connection = world.connection(vm.uri);
        if (!connection) {
            return connection.error();
        }
        if (auto free = check_name_is_free(**connection, vm.name); !free) {
            return free.error();
        }
        return std::optional<Step>{RemoveVm{vm}};
    }

    Answer operator()(const MakeFolder& step) const { return unless_there(step.path, RemoveFolder{step.path}); }
    Answer operator()(const MakeDriverRoot& step) const { return unless_there(step.path, RemoveDriverRoot{step.path}); }
    Answer operator()(const MakeOverlay& step) const { return unless_there(step.path, RemoveFile{step.path}); }
    Answer operator()(const DefineVm& step) const { return unless_taken(step.vm); }
    Answer operator()(const CreateVm& step) const { return unless_taken(step.vm); }
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
        if (auto made = make_directories(step.path, step.mode); !made) {
            return made;
        }
        // The umask must not keep QEMU's user out.
        return ::chmod(step.path.c_str(), step.mode) == 0
                   ? Result<void>{}
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
    Result<void> operator()(const RemoveFile& step) const
    {
        return world.remove_unless_used(step.path, step.path.parent_path());
    }
    Result<void> operator()(const DefineVm& step) const
    {
        const auto connection = world.connection(step.vm.uri);
        return connection ? discard((*connection)->define(step.xml)) : connection.error();
    }
    Result<void> operator()(const CreateVm& step) const
    {
        const auto connection = world.connection(step.vm.uri);
        return connection ? discard((*connection)->create_ephemeral(step.xml)) : connection.error();
    }
    Result<void> operator()(const StartVm& step) const
    {
        const auto domain = world.ours(step.vm);
        return domain ? domain->start_paused() : domain.error();
    }
    Result<void> operator()(const AttachVm& step) const
    {
        const auto domain = world.ours(step.vm);
        if (!domain) {
            return domain.error();
        }
        const Connection& connection = **world.connection(step.vm.uri);
        auto lifecycle = LifecycleWatch::open(connection, *domain);
        auto console = Console::open(connection, *domain);
        if (!lifecycle || !console) {
            return !lifecycle ? lifecycle.error() : console.error();
        }
        world.lifecycle_.emplace(std::move(*lifecycle));
        world.console_.emplace(std::move(*console));
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

private:
    static Result<void> discard(const Result<Domain>& domain) { return domain ? Result<void>{} : domain.error(); }
};

/// Undoing goes on past errors, but not this far: a VM that could not be removed keeps its disk.
Result<void> World::remove_unless_used(const std::filesystem::path& path, const std::filesystem::path& vm_folder)
{
    const auto name = vm_folder.filename().string();
    if (remaining_.contains(name)) {
        return Error{ErrorCode::busy,
                     fmt::format("cannot remove '{}': VM '{}' could not be removed", path.string(), name)};
    }
    return remove_if_there(path);
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
    if (known != connections_.end() && known->second.alive()) {
        return &known->second;
    }
    if (known != connections_.end()) {  // the daemon was restarted: what it started may still run
        detach();
        connections_.erase(known);
    }
    auto opened = Connection::open(uri);
    if (!opened) {
        return opened.error();
    }
    return &connections_.emplace(uri, std::move(*opened)).first->second;
}

void World::detach()
{
    console_.reset();
    lifecycle_.reset();
}

Result<Domain> World::ours(const VmId& vm)
{
    const auto connection = this->connection(vm.uri);
    if (!connection) {
        return connection.error();
    }
    auto domain = (*connection)->find_by_uuid(vm.uuid);
    if (!domain) {
        return domain.error();
    }
    if (!*domain) {
        return Error{ErrorCode::not_found, fmt::format("VM '{}' is gone", vm.name)};
    }
    return std::move(**domain);
}

Result<void> World::remove_vm(const VmId& vm)
{
    if (driver_root_of(vm.uri) && !connections_.contains(vm.uri)) {
        return kill_qemu(root_, vm.uuid);  // its driver died with the process that embedded it
    }
    const auto connection = this->connection(vm.uri);
    if (!connection) {
        return connection.error();
    }
    constexpr int rounds = 4;  // each waits for libvirt's own work on the VM; an ephemeral one may end meanwhile
    for (int round = 0; round < rounds; ++round) {
        const auto gone = remove_once(**connection, vm.uuid);
        if (gone && *gone) {
            return {};
        }
        if (!gone && round + 1 == rounds) {
            return gone.error();
        }
    }
    return Error{ErrorCode::busy, fmt::format("cannot remove VM '{}': libvirt still lists it", vm.name)};
}

std::string embedded_uri(const std::filesystem::path& driver_root)
{
    return std::string{embedded_prefix} + driver_root.string();
}

std::optional<std::filesystem::path> driver_root_of(const std::string& uri)
{
    return uri.starts_with(embedded_prefix) ? std::optional<std::filesystem::path>{uri.substr(embedded_prefix.size())}
                                            : std::nullopt;
}

Result<void> check_name_is_free(const Connection& connection, const std::string& name)
{
    const auto domain = connection.find_by_name(name);
    if (!domain) {
        return domain.error();
    }
    if (!*domain) {
        return {};
    }
    const auto state = (*domain)->state();
    const auto xml = (*domain)->xml();
    const auto summary = xml ? summarize(*xml) : Result<DomainSummary>{xml.error()};
    const bool ours = summary && summary->ours();
    return Error{ErrorCode::exists,
                 fmt::format("cannot launch VM '{}': the name is taken by a VM that {} ({})",
                             name,
                             ours ? "vm-run made" : "vm-run did not make",
                             state ? word(*state) : "state unknown"),
                 ours ? fmt::format("use another name, or remove that VM: vm-run rm {} --force", name)
                      : "use another name; 'virsh dominfo' tells more about that VM"};
}

}  // namespace kvmkit::virt
