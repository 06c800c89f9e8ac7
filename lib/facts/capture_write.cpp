// SPDX-License-Identifier: Apache-2.0
#include "facts/capture_values.hpp"

namespace kvmkit {
namespace {

using Json = capture::Written;
using capture::encode_answer;

constexpr unsigned kvm_major = 10;
constexpr unsigned kvm_minor = 232;

Json text_or_null(const std::string& text)
{
    return text.empty() ? Json(nullptr) : Json(text);
}

template <class T>
Json or_null(const std::optional<T>& value)
{
    return value ? Json(*value) : Json(nullptr);
}

Json encode_cpuid(const CpuidFacts& cpuid)
{
    Json leaves = Json::array();
    for (const CpuidLeaf& raw : cpuid.leaves) {
        Json row = Json::array();
        for (const unsigned value : {raw.leaf, raw.subleaf, raw.eax, raw.ebx, raw.ecx, raw.edx}) {
            row.push_back(fmt::format("{:#x}", value));
        }
        leaves.push_back(std::move(row));
    }
    return {{"vmx", cpuid.vmx},
            {"svm", cpuid.svm},
            {"hypervisor", cpuid.hypervisor},
            {"signature", cpuid.signature},
            {"leaves", std::move(leaves)}};
}

Json encode_user(const UserFacts& user)
{
    return {{"name", user.name}, {"uid", user.uid}, {"gids", Json(user.gids)}};
}

/// A container's kind, or a confidential guest's.
template <class T>
Json encode_kind_of(const T& found)
{
    return {{"type", found.type}, {"evidence", found.evidence}};
}

Json encode_node(const DeviceNode& node)
{
    const bool ours = node.kind == NodeKind::kvm_device;
    Json acl = Json::array();
    for (const AclEntry& entry : node.acl) {
        acl.push_back(to_text(entry));
    }
    // Another character device is told by its shape, as what is no device at all: only our numbers are known.
    return {{"major", ours ? Json(kvm_major) : Json(nullptr)},
            {"minor", ours ? Json(kvm_minor) : Json(nullptr)},
            {"shape", node.shape},
            {"mode", fmt::format("{:04o}", node.mode)},
            {"uid", node.uid},
            {"gid", node.gid},
            {"acl", std::move(acl)}};
}

Json encode_run(const GuestRun& run)
{
    return {{"passed", run.passed}, {"detail", text_or_null(run.detail)}, {"took_us", run.took.count()}};
}

Json encode_speed(const GuestSpeed& speed)
{
    return {{"kernel_ns", speed.kernel_ns},
            {"user_ns", speed.user_ns ? Json(*speed.user_ns) : Json(nullptr)},
            {"host_ns", speed.host_ns}};
}

Json encode_offer(const NestedOffer& offer)
{
    return {{"vmx", offer.vmx},
            {"svm", offer.svm},
            {"nested_paging", offer.nested_paging},
            {"state_size", offer.state_size}};
}

Json encode_msrs(const MsrWriteback& msrs)
{
    Json first = Json::array();
    for (const RefusedMsr& msr : msrs.first) {
        first.push_back({{"index", fmt::format("{:#x}", msr.index)}, {"value", fmt::format("{:#x}", msr.value)}});
    }
    return {{"checked", msrs.checked}, {"refused", msrs.refused}, {"first", std::move(first)}};
}

Json encode_cost(const ExitCost& cost)
{
    return {{"kernel_ns", cost.kernel_ns}, {"user_ns", cost.user_ns ? Json(*cost.user_ns) : Json(nullptr)}};
}

Json encode_capabilities(const KvmCapabilities& told)
{
    return {{"recommended_vcpus", told.recommended_vcpus},
            {"max_vcpus", told.max_vcpus},
            {"missing", told.missing},
            {"binary_stats", or_null(told.binary_stats)}};
}

Json encode_limit(const std::optional<ResourceLimit>& limit)
{
    return limit ? Json{{"soft", or_null(limit->soft)}, {"hard", or_null(limit->hard)}} : Json(nullptr);
}

Json encode_process(const ProcessFacts& process)
{
    const auto& memory = process.memory_left;
    return {{"uid", process.uid},
            {"locked_memory", encode_limit(process.locked_memory)},
            {"open_files", encode_limit(process.open_files)},
            {"tasks", encode_limit(process.tasks)},
            {"memory_left", memory ? Json(memory->count()) : Json(nullptr)},
            {"tasks_left", or_null(process.tasks_left)}};
}

Json encode_kvm(const KvmFacts& kvm)
{
    return {{"built_in", Json(kvm.built_in)},
            {"udev", capture::encode_fact(kvm.udev, capture::encode_udev)},
            {"node", capture::encode_fact(kvm.node, encode_node)},
            {"open", capture::encode_fact(kvm.open, encode_answer)},
            {"api_version", capture::encode_fact(kvm.api_version, encode_answer)},
            {"create_vm", capture::encode_fact(kvm.create_vm, encode_answer)},
            {"create_vcpu", capture::encode_fact(kvm.create_vcpu, encode_answer)},
            {"counters", capture::encode_fact(kvm.counters, [](std::size_t count) { return Json(count); })},
            {"capabilities", capture::encode_fact(kvm.capabilities, encode_capabilities)},
            {"run_real", capture::encode_fact(kvm.run_real, encode_run)},
            {"run_long", capture::encode_fact(kvm.run_long, encode_run)},
            {"watchdog", capture::encode_fact(kvm.watchdog, encode_run)},
            {"speed", capture::encode_fact(kvm.speed, encode_speed)},
            {"offer", capture::encode_fact(kvm.offer, encode_offer)},
            {"msrs", capture::encode_fact(kvm.msrs, encode_msrs)},
            {"exit_cost", capture::encode_fact(kvm.exit_cost, encode_cost)},
            {"nested_run", capture::encode_fact(kvm.nested_run, encode_run)},
            {"nested_paging", capture::encode_fact(kvm.nested_paging, encode_run)}};
}

Json encode_unreadable(const CaptureNotes& notes)
{
    Json unreadable = Json::object();
    for (const auto& [path, errnum] : notes.unreadable) {
        unreadable[path] = errno_name(errnum);
    }
    return unreadable;
}

}  // namespace

std::string write_capture(const HostFacts& host, const CaptureNotes& notes)
{
    constexpr int indent = 2;
    const auto as_it_is = [](const auto& value) { return Json(value); };
    Json document{{"schema", "kvmkit.capture/1"},
                  {"tool", {{"name", "kvm-check"}, {"version", notes.version}}},
                  {"time", notes.time},
                  {"redacted", notes.redacted}};
    if (host.arch && *host.arch) {
        document["arch"] = **host.arch;
    }
    document["user"] = capture::encode_fact(host.user, encode_user);
    document["cpuid"] = capture::encode_fact(host.cpuid, encode_cpuid);
    document["container"] = capture::encode_fact(host.container, encode_kind_of<ContainerFacts>);
    document["confidential"] = capture::encode_fact(host.confidential, encode_kind_of<ConfidentialFacts>);
    document["kvm"] = encode_kvm(host.kvm);
    capture::write_software(host, document);
    document["kernel_log"] = capture::encode_fact(host.kernel_log, as_it_is);
    document["looked_at_resources"] = host.resources.looked;
    document["process"] = capture::encode_fact(host.resources.process, encode_process);
    document["lock_msr"] = capture::encode_fact(host.kernel_settings.feature_control,
                                                [](std::uint64_t value) { return Json(fmt::format("{:#x}", value)); });
    document["unreadable"] = encode_unreadable(notes);
    return document.dump(indent, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace kvmkit
