// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/plan.hpp"

#include "virt/host/disk_probe.hpp"
#include "virt/host/way_to_file.hpp"
#include "virt/seed/ssh_files.hpp"
#include "virt/spec/uuid.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

struct NeededFile {
    std::filesystem::path path;
    Need need = Need::read;
};

/// libvirt makes the socket of a TPM and opens the group of a VFIO device: both must then be given to QEMU's user.
bool leaves_owners_alone(const Hardware& hardware)
{
    return !hardware.tpm && hardware.devices.empty();
}

std::vector<NeededFile> files_of(const VmSpec& spec)
{
    std::vector<NeededFile> files;
    if (spec.image) {
        files.push_back({spec.image->path});
    }
    if (spec.kernel) {
        files.push_back({spec.kernel->kernel});
    }
    if (spec.kernel && spec.kernel->initrd) {
        files.push_back({*spec.kernel->initrd});
    }
    for (const auto& disk : spec.disks.extra) {
        if (const auto* existing = std::get_if<BaseImage>(&disk)) {
            files.push_back({existing->path, Need::write});
        }
    }
    if (spec.hardware.cdrom) {
        files.push_back({*spec.hardware.cdrom});
    }
    return files;
}

bool makes_files(const DomainPlan& plan)
{
    return plan.overlay || (plan.seed && plan.seed->place == SeedPlace::file) ||
           std::ranges::any_of(plan.spec.disks.extra,
                               [](const auto& disk) { return std::holds_alternative<NewDisk>(disk); });
}

Result<void> check_ways(const DomainPlan& plan, const QemuUser& user)
{
    auto files = files_of(plan.spec);
    if (makes_files(plan)) {
        files.push_back({plan.folder / "disk"});
    }
    for (const auto& file : files) {
        if (auto open = check_way_to(user, file.path); !open) {
            return open;
        }
    }
    return {};
}

/// "disk1.qcow2" in the folder of the VM, or the file that is there already.
PlannedDisk planned(const ExtraDisk& disk, std::size_t number, const std::filesystem::path& folder)
{
    if (const auto* existing = std::get_if<BaseImage>(&disk)) {
        return {existing->path, existing->format};
    }
    const auto format = std::get<NewDisk>(disk).format;
    return {folder / fmt::format("disk{}.{}", number, word(format)), format};
}

std::vector<SeedNic> seed_nics(const DomainPlan& plan)
{
    std::vector<SeedNic> nics;
    nics.reserve(plan.spec.nics.size());
    for (std::size_t i = 0; i < plan.spec.nics.size(); ++i) {
        const Nic& nic = plan.spec.nics[i];
        SeedNic told{mac_of(nic, plan.uuid, i)};
        if (nic.ip) {
            told.fixed = FixedAddress{{nic.ip->cidr}, {}, nic.ip->dns};
            told.fixed->gateways.assign(nic.ip->gateway ? 1 : 0, nic.ip->gateway.value_or(""));
        }
        nics.push_back(std::move(told));
    }
    return nics;
}

std::vector<Step> file_steps(const DomainPlan& plan)
{
    const auto& disks = plan.spec.disks;
    std::vector<Step> steps;
    if (plan.overlay && plan.spec.image) {
        steps.push_back(MakeOverlay{*plan.spec.image, *plan.overlay, plan.runs_as, disks.root_size});
    }
    for (std::size_t i = 0; i < disks.extra.size(); ++i) {
        if (const auto* disk = std::get_if<NewDisk>(&disks.extra[i])) {
            steps.push_back(MakeDisk{*disk, plan.extra_disks[i].path, plan.runs_as});
        }
    }
    if (plan.seed && plan.spec.seed) {
        steps.push_back(MakeSeed{{.seed = *plan.spec.seed,
                                  .owner = {plan.uuid, plan.spec.name.str(), seed_nics(plan)},
                                  .folder = plan.folder,
                                  .place = plan.seed->place,
                                  .reader = plan.runs_as}});
    }
    if (!steps.empty()) {
        steps.insert(steps.begin(), MakeFolder{plan.folder, 0711});
    }
    return steps;
}

/// What the ports of bridges need before the guest executes anything.
void add_port_steps(std::vector<Step>& steps, const DomainPlan& plan, const VmId& vm)
{
    for (std::size_t i = 0; i < plan.spec.nics.size(); ++i) {
        const auto* bridge = std::get_if<BridgeNic>(&plan.spec.nics[i].source);
        if (bridge == nullptr) {
            continue;
        }
        const NicId nic{vm, mac_of(plan.spec.nics[i], plan.uuid, i)};
        if (bridge->vlan) {
            steps.push_back(TagPort{nic, *bridge->vlan});
        }
        if (std::ranges::find(plan.learning_bridges, bridge->bridge) != plan.learning_bridges.end()) {
            steps.push_back(AwaitPort{nic});
        }
    }
}

}  // namespace

std::filesystem::path vm_folder(const txn::Places& places, const VmName& name)
{
    return places.state / "vms" / name.str();
}

std::filesystem::path overlay_path(const txn::Places& places, const VmName& name)
{
    return vm_folder(places, name) / "disk.qcow2";
}

std::filesystem::path new_driver_root(const txn::Places& places, const std::string& uuid)
{
    return places.runtime / "embed" / uuid.substr(0, 8);
}

DomainPlan make_plan(const VmSpec& spec, const txn::Places& places, std::string uuid)
{
    DomainPlan plan{.spec = spec, .uuid = std::move(uuid), .transaction = {}, .folder = vm_folder(places, spec.name)};
    plan.nic_queues = nic_queues(spec.vcpus);
    if (spec.image) {
        plan.overlay = overlay_path(places, spec.name);
    }
    plan.extra_disks.reserve(spec.disks.extra.size());
    for (std::size_t i = 0; i < spec.disks.extra.size(); ++i) {
        plan.extra_disks.push_back(planned(spec.disks.extra[i], i + 1, plan.folder));
    }
    if (spec.seed) {
        plan.seed = PlannedSeed{SeedPaths{plan.folder}.image()};
    }
    return plan;
}

void tune_disks(DomainPlan& plan, const Root& root, bool on_this_host)
{
    const bool throw_away = plan.spec.lifetime == Lifetime::ephemeral;
    const auto tuning_at = [&](const std::filesystem::path& place, bool lost_with_the_vm) {
        const auto facts = on_this_host ? probe_disk_place(root, place) : DiskFacts{.on_this_host = false};
        return choose_tuning(facts, lost_with_the_vm);
    };
    plan.root_tuning = tuning_at(plan.folder, throw_away);
    for (std::size_t i = 0; i < plan.extra_disks.size(); ++i) {
        PlannedDisk& disk = plan.extra_disks[i];
        const bool made = std::holds_alternative<NewDisk>(plan.spec.disks.extra[i]);
        disk.tuning = made ? plan.root_tuning : tuning_at(disk.path, false);
    }
}

Result<FileHandling> ask_file_handling(const Connection& connection)
{
    const auto capabilities = connection.capabilities();
    if (!capabilities) {
        return capabilities.error();
    }
    const bool here = leads_to_this_host(connection.uri());
    return FileHandling{here ? qemu_user_in(*capabilities) : std::nullopt,
                        connection.takes_descriptors() && !is_confined(*capabilities)};
}

Result<void> check_access(DomainPlan& plan, const FileHandling& handling)
{
    if (plan.seed && plan.spec.lifetime == Lifetime::ephemeral && handling.takes_descriptors) {
        plan.seed->place = SeedPlace::memory;
    }
    const auto& user = handling.user;
    if (!user) {  // QEMU runs as the caller, or on another host
        return {};
    }
    if (::geteuid() != 0) {  // who cannot ask as others
        return user->uid == ::geteuid() ? Result<void>{} : check_ways(plan, *user);
    }
    bool all_usable = true;
    for (const auto& file : files_of(plan.spec)) {
        const auto reach = reach_of(*user, file.path, file.need);
        if (!reach) {
            return reach.error();
        }
        all_usable = all_usable && *reach == Reach::usable;
    }
    if (all_usable && leaves_owners_alone(plan.spec.hardware)) {
        plan.runs_as = user;
    }
    return {};
}

std::vector<Step> launch_steps(const DomainPlan& plan, const std::string& uri)
{
    const VmId vm{uri, plan.uuid, plan.spec.name.str()};
    const std::string xml = to_domain_xml(plan);
    std::vector<Step> steps = file_steps(plan);
    if (plan.spec.lifetime == Lifetime::ephemeral) {
        steps.push_back(CreateVm{vm, xml, plan.spec.hardware.firmware != Firmware::bios});
    } else {
        steps.push_back(DefineVm{vm, xml});
        steps.push_back(StartVm{vm});
    }
    add_port_steps(steps, plan, vm);
    steps.push_back(AttachVm{vm});
    steps.push_back(ResumeVm{vm});
    return steps;
}

std::vector<Step> start_steps(const DomainPlan& plan, const std::string& uri)
{
    const VmId vm{uri, plan.uuid, plan.spec.name.str()};
    std::vector<Step> steps{StartAgain{vm, plan.transaction}};
    add_port_steps(steps, plan, vm);
    steps.push_back(AttachVm{vm});
    steps.push_back(ResumeVm{vm});
    return steps;
}

std::vector<Step> network_steps(const std::vector<std::string>& networks, const std::string& uri)
{
    std::vector<Step> steps;
    steps.reserve(networks.size());
    for (const auto& name : networks) {
        steps.push_back(StartNetwork{uri, name});
    }
    return steps;
}

std::vector<Step> removal_steps(const VmId& vm, const std::vector<std::string>& disks, const txn::Places& places)
{
    const auto name = VmName::parse(vm.name);
    const auto folder = name ? vm_folder(places, *name) : std::filesystem::path{};
    if (!leads_to_this_host(vm.uri)) {  // the paths are that host's: here, a VM of ours may have the same
        return {RemoveVm{vm}};
    }
    std::vector<Step> steps;
    for (const std::filesystem::path disk : disks) {
        if (name && disk.parent_path() == folder) {
            steps.push_back(RemoveFile{disk});
        }
    }
    if (!steps.empty()) {
        steps.insert(steps.begin(), {RemoveFolder{folder}, RemoveSeed{folder}});
    }
    steps.push_back(RemoveVm{vm});
    return steps;
}

}  // namespace kvmkit::virt
