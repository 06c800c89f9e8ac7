// SPDX-License-Identifier: Apache-2.0
#include "file_records.hpp"

#include "wait_options.hpp"

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

using cli::Json;

Json text_or_null(const std::string& text)
{
    return text.empty() ? Json(nullptr) : Json(text);
}

Json record(const virt::PlannedDisk& disk, Bytes size, bool made)
{
    return {{"path", disk.path.string()},
            {"format", virt::word(disk.format)},
            {"size", size.count()},
            {"made", made},
            {"cache", text_or_null(disk.tuning.cache)},
            {"io", text_or_null(disk.tuning.io)},
            {"why", text_or_null(disk.tuning.why)}};
}

}  // namespace

cli::Json disk_records(const virt::DomainPlan& plan)
{
    auto records = Json::array();
    const auto& wishes = plan.spec.disks;
    if (plan.overlay && plan.spec.image) {
        const virt::PlannedDisk root{*plan.overlay, virt::ImageFormat::qcow2, plan.root_tuning};
        records.push_back(record(root, wishes.root_size.value_or(plan.spec.image->virtual_size), true));
    }
    for (std::size_t i = 0; i < plan.extra_disks.size(); ++i) {
        const auto* made = std::get_if<virt::NewDisk>(&wishes.extra[i]);
        const auto size = made != nullptr ? made->size : std::get<virt::BaseImage>(wishes.extra[i]).virtual_size;
        records.push_back(record(plan.extra_disks[i], size, made != nullptr));
    }
    return records;
}

cli::Json seed_record(const virt::DomainPlan& plan)
{
    if (!plan.seed || !plan.spec.seed) {
        return nullptr;
    }
    const auto& seed = *plan.spec.seed;
    return {{"user", seed.user},
            {"keys", seed.keys.size() + (seed.make_key ? 1 : 0)},
            {"key_made", seed.make_key},
            {"place", plan.seed->place == virt::SeedPlace::memory ? "memory" : "file"}};
}

std::string login_line(const virt::DomainPlan& plan)
{
    if (!plan.seed || !plan.spec.seed || (plan.spec.seed->keys.empty() && !plan.spec.seed->make_key)) {
        return {};
    }
    if (!can_be_called(plan.spec.nics)) {
        return fmt::format(
            "  nobody can log in as {}: no call gets in by --net {}; "
            "use --net user,fwd=2222:22, network=NAME or bridge=NAME\n",
            plan.spec.seed->user,
            virt::describe(plan.spec.nics));
    }
    return fmt::format("  log in as {}: vm-run ssh {}\n", plan.spec.seed->user, plan.spec.name.str());
}

}  // namespace kvmkit::vm_run
