// SPDX-License-Identifier: Apache-2.0
#include "probe/live.hpp"

#include "kvm/capabilities.hpp"
#include "probe/cpuid.hpp"
#include "probe/files.hpp"
#include "probe/kernel_log.hpp"
#include "probe/kernel_settings.hpp"
#include "probe/kvm_users.hpp"
#include "probe/libvirt.hpp"
#include "probe/other_user.hpp"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr const char* device_path = "/dev/kvm";

Fact<std::string> machine_name()
{
    struct utsname names {};
    if (::uname(&names) != 0) {
        return errno_error(errno, "cannot ask the kernel for its architecture");
    }
    return std::optional<std::string>{static_cast<const char*>(names.machine)};
}

UserFacts who_we_are(const Root& root)
{
    UserFacts user;
    user.uid = ::geteuid();
    const auto passwd = root.read("etc/passwd");
    user.name = user_name(passwd ? passwd->value_or("") : "", user.uid);
    user.gids.insert(::getegid());
    const int count = ::getgroups(0, nullptr);
    std::vector<gid_t> groups(count > 0 ? static_cast<std::size_t>(count) : 0);
    if (::getgroups(static_cast<int>(groups.size()), groups.data()) == count) {
        user.gids.insert(groups.begin(), groups.end());
    }
    return user;
}

/// Why the stage that the child is in has no result.
Error unfinished(const kvm::Proven& proven)
{
    const auto stage = kvm::phrase(proven.proof.reached);
    switch (proven.end) {
        case kvm::ChildEnd::out_of_time:
            return {ErrorCode::timeout, fmt::format("the time was up while {}", stage), "give it more: --timeout 10s"};
        case kvm::ChildEnd::unkillable:
            return {ErrorCode::timeout, fmt::format("the kernel never came back from {}", stage), "see dmesg"};
        case kvm::ChildEnd::died:
            return {ErrorCode::external, fmt::format("the probe died of signal {} while {}", proven.signal, stage)};
        case kvm::ChildEnd::finished: break;
    }
    return {ErrorCode::external, fmt::format("the probe ended while {}", stage)};
}

Fact<GuestRun> as_run(const kvm::GuestResult& result)
{
    if (result.ended == kvm::Ended::no_guest_code) {
        return Error{ErrorCode::unsupported, kvm::explain(result)};
    }
    const bool passed = result.ended == kvm::Ended::passed;
    return std::optional<GuestRun>{{.passed = passed,
                                    .detail = passed ? std::string{} : kvm::explain(result),
                                    .took = std::chrono::microseconds{result.microseconds}}};
}

Fact<GuestSpeed> as_speed(const kvm::Proof& proof)
{
    if (proof.kernel_loop.turns == 0 || proof.host_loop.turns == 0) {
        return Error{ErrorCode::external, fmt::format("the loop was not measured: {}", kvm::explain(proof.speed))};
    }
    const bool user = proof.user_loop.turns > 0;
    return std::optional<GuestSpeed>{{.kernel_ns = proof.kernel_loop.per_turn(),
                                      .user_ns = user ? std::optional{proof.user_loop.per_turn()} : std::nullopt,
                                      .host_ns = proof.host_loop.per_turn()}};
}

Fact<NestedOffer> as_offer(const kvm::Offer& offer)
{
    if (offer.errnum != 0) {
        return errno_error(offer.errnum, "cannot ask KVM what it offers its guests");
    }
    return std::optional<NestedOffer>{{.vmx = offer.vmx,
                                       .svm = offer.svm,
                                       .nested_paging = offer.nested_paging,
                                       .state_size = std::max(offer.state_size, 0)}};
}

Fact<KvmCapabilities> as_capabilities(const kvm::Capabilities& told)
{
    if (told.asked == 0) {
        return std::optional<KvmCapabilities>{};
    }
    return std::optional<KvmCapabilities>{{.recommended_vcpus = told.recommended_vcpus,
                                           .max_vcpus = told.max_vcpus,
                                           .missing = kvm::missing_capabilities(told),
                                           .binary_stats = told.binary_stats}};
}

Fact<MsrWriteback> as_writeback(const kvm::MsrWriteback& msrs)
{
    if (msrs.errnum != 0) {
        return errno_error(msrs.errnum, "cannot write MSRs back");
    }
    MsrWriteback result{msrs.checked, msrs.refused, {}};
    for (std::size_t i = 0; i < std::min<std::size_t>(msrs.refused, msrs.first.size()); ++i) {
        result.first.push_back({msrs.first.at(i).index, msrs.first.at(i).value});
    }
    return std::optional{std::move(result)};
}

Fact<ExitCost> as_cost(const kvm::Proof& proof)
{
    if (proof.kernel_exit.turns == 0) {
        return Error{ErrorCode::external, fmt::format("exits were not measured: {}", kvm::explain(proof.exits))};
    }
    const bool user = proof.user_exit.turns > 0;
    return std::optional<ExitCost>{{.kernel_ns = proof.kernel_exit.per_turn(),
                                    .user_ns = user ? std::optional{proof.user_exit.per_turn()} : std::nullopt}};
}

/// Passed where the timer ended the guest.
Fact<GuestRun> as_watchdog(const kvm::GuestResult& result)
{
    if (result.ended != kvm::Ended::never_ended) {
        return as_run(result);
    }
    return std::optional<GuestRun>{
        {.passed = true, .detail = {}, .took = std::chrono::microseconds{result.microseconds}}};
}

/// Absent where it was not asked for.
Fact<GuestRun> as_inner(const kvm::GuestResult& result)
{
    return result.ended == kvm::Ended::not_run ? Fact<GuestRun>{std::nullopt} : as_run(result);
}

/// Hands the results out in the order of the stages, until one is missing.
class Results {
public:
    explicit Results(const kvm::Proven& proven) : proven_(proven) {}

    /// `value` if the stage was passed; an Error from the stage on in which the child ended; absent from the one on
    /// that was not entered, since the stage before was not `good`.
    template <class T>
    Fact<T> next(kvm::Stage stage, Fact<T> value, bool good)
    {
        if (over_) {
            return std::optional<T>{};
        }
        cut_short_ = cut_short_ || proven_.proof.reached == stage;
        if (cut_short_) {
            return unfinished(proven_);
        }
        over_ = !good;
        return value;
    }

private:
    const kvm::Proven& proven_;
    bool over_ = false;
    bool cut_short_ = false;
};

/// Opens the device and asks it nothing.
void only_open(KvmFacts& kvm)
{
    const UniqueFd device{::open(device_path, O_RDWR | O_CLOEXEC)};
    const Answer open{.errnum = device ? 0 : errno};
    kvm.open = std::optional{open};
    if (open.ok()) {
        forget_answers(kvm, {ErrorCode::unsupported, "KVM was not asked, and no guest was run (--no-probe)"});
    }
}

void ask_kvm(const ProbeOrder& order, KvmFacts& kvm)
{
    if (order.depth == Depth::open) {
        only_open(kvm);
        return;
    }
    const auto depth = order.depth == Depth::nested ? kvm::Depth::nested : kvm::Depth::plain;
    const auto proven = kvm::prove(device_path, order.deadline, depth);
    if (proven) {
        take_over(*proven, depth, kvm);
    } else {
        kvm.open = proven.error();
    }
}

/// Guests are run only if the one whose access is judged may open the device.
void look_at_kvm(const Root& root, const ProbeOrder& order, HostFacts& host)
{
    host.kvm.node = look_at_node(root);
    const auto& node = host.kvm.node;
    const bool worth_it = node && *node && (*node)->kind == NodeKind::kvm_device;
    if (!order.user || !worth_it) {
        host.user = std::optional{order.user ? *order.user : who_we_are(root)};
        if (worth_it) {
            ask_kvm(order, host.kvm);
        }
        return;
    }
    UserFacts user = *order.user;
    const Answer open = try_open_as(user, **node, device_path, order.deadline);
    if (open.ok()) {
        ask_kvm(order, host.kvm);
    }
    take_place(std::move(user), open, host);
}

}  // namespace

void take_over(const kvm::Proven& proven, kvm::Depth depth, KvmFacts& facts)
{
    using kvm::Stage;
    constexpr int known_version = 12;
    const kvm::Proof& proof = proven.proof;
    Results results{proven};
    facts.open = results.next<Answer>(Stage::open, std::optional{proof.open}, proof.open.ok());
    const bool version_known = proof.api_version.value == known_version;
    facts.api_version = results.next<Answer>(Stage::api_version, std::optional{proof.api_version}, version_known);
    facts.create_vm = results.next<Answer>(Stage::create_vm, std::optional{proof.create_vm}, proof.create_vm.ok());
    facts.capabilities = results.next<KvmCapabilities>(Stage::offer, as_capabilities(proof.capabilities), true);
    facts.offer = results.next<NestedOffer>(Stage::offer, as_offer(proof.offer), true);
    facts.create_vcpu =
        results.next<Answer>(Stage::create_vcpu, std::optional{proof.create_vcpu}, proof.create_vcpu.ok());
    facts.run_real = results.next<GuestRun>(Stage::run_real, as_run(proof.real), true);
    const bool runs = proof.long_mode.ended == kvm::Ended::passed;
    facts.run_long = results.next<GuestRun>(Stage::run_long, as_run(proof.long_mode), runs);
    facts.watchdog = results.next<GuestRun>(Stage::watchdog, as_watchdog(proof.watchdog), true);
    facts.speed = results.next<GuestSpeed>(Stage::speed, as_speed(proof), true);
    facts.msrs = results.next<MsrWriteback>(Stage::msrs, as_writeback(proof.msrs), true);
    facts.exit_cost = results.next<ExitCost>(Stage::exits, as_cost(proof), true);
    if (depth == kvm::Depth::nested) {
        facts.nested_run = results.next<GuestRun>(Stage::inner, as_inner(proof.inner), true);
        facts.nested_paging = results.next<GuestRun>(Stage::inner_paging, as_inner(proof.inner_paging), true);
    }
}

void probe_live(const Root& root, const ProbeOrder& order, HostFacts& host)
{
    host.arch = machine_name();
    host.cpuid = read_cpuid();
    host.kernel_settings.feature_control = read_lock_msr(host);
    host.kernel_log = read_kernel_log();
    try_libvirt(host.libvirt);
    look_at_kvm(root, order, host);
    host.conflicts.kvm_users = find_kvm_users(root);
}

}  // namespace kvmkit
