// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/plan.hpp"

#include "virt/spec/uuid.hpp"

#include <unistd.h>

#include <algorithm>

namespace kvmkit::virt {
namespace {

std::vector<std::filesystem::path> files_of(const VmSpec& spec)
{
    std::vector<std::filesystem::path> files;
    if (spec.image) {
        files.push_back(spec.image->path);
    }
    if (spec.kernel) {
        files.push_back(spec.kernel->kernel);
    }
    if (spec.kernel && spec.kernel->initrd) {
        files.push_back(*spec.kernel->initrd);
    }
    return files;
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

DomainPlan make_plan(const VmSpec& spec, const txn::Places& places)
{
    DomainPlan plan{.spec = spec, .uuid = new_uuid(), .transaction = {}};
    if (spec.image) {
        plan.overlay = overlay_path(places, spec.name);
    }
    return plan;
}

Result<void> check_access(DomainPlan& plan, const Connection& connection)
{
    const auto capabilities = connection.capabilities();
    if (!capabilities) {
        return capabilities.error();
    }
    const auto user = qemu_user_in(*capabilities);
    if (!user || ::geteuid() != 0) {  // QEMU runs as the caller, or the caller cannot ask for others
        return {};
    }
    bool all_readable = true;
    for (const auto& file : files_of(plan.spec)) {
        const auto reach = reach_of(*user, file);
        if (!reach) {
            return reach.error();
        }
        all_readable = all_readable && *reach == Reach::readable;
    }
    if (all_readable) {
        plan.runs_as = user;
    }
    return {};
}

std::vector<Step> launch_steps(const DomainPlan& plan, const std::string& uri)
{
    const VmId vm{uri, plan.uuid, plan.spec.name.str()};
    const std::string xml = to_domain_xml(plan);
    std::vector<Step> steps;
    if (plan.overlay && plan.spec.image) {
        steps.push_back(MakeFolder{plan.overlay->parent_path(), 0711});
        steps.push_back(MakeOverlay{*plan.spec.image, *plan.overlay, plan.runs_as});
    }
    if (plan.spec.lifetime == Lifetime::ephemeral) {
        steps.push_back(CreateVm{vm, xml});
    } else {
        steps.push_back(DefineVm{vm, xml});
        steps.push_back(StartVm{vm});
    }
    steps.push_back(AttachVm{vm});
    steps.push_back(ResumeVm{vm});
    return steps;
}

std::vector<Step> removal_steps(const VmId& vm, const std::vector<std::string>& disks, const txn::Places& places)
{
    const auto name = VmName::parse(vm.name);
    std::vector<Step> steps;
    if (name && std::ranges::find(disks, overlay_path(places, *name).string()) != disks.end()) {
        steps.push_back(RemoveFolder{vm_folder(places, *name)});
        steps.push_back(RemoveFile{overlay_path(places, *name)});
    }
    steps.push_back(RemoveVm{vm});
    return steps;
}

}  // namespace kvmkit::virt
