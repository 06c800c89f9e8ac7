// SPDX-License-Identifier: Apache-2.0
#include "kvm/prove.hpp"

#include "base/unique_fd.hpp"
#include "kvm/internal/capabilities.hpp"
#include "kvm/internal/exit_cost.hpp"
#include "kvm/internal/msrs.hpp"
#include "kvm/internal/nested.hpp"
#include "kvm/internal/offer.hpp"
#include "kvm/internal/run.hpp"
#include "kvm/internal/speed.hpp"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <type_traits>

namespace kvmkit::kvm {
namespace {

static_assert(std::is_trivially_copyable_v<Proof>);
static_assert(sizeof(Proof) <= PIPE_BUF);

/// One guest may take this long; the parent's deadline stands above it.
constexpr std::chrono::milliseconds run_budget{700};
constexpr std::chrono::milliseconds loop_budget{10};
/// For a host on which entering a guest alone takes longer than that: one that is emulated itself.
constexpr std::chrono::milliseconds slow_budget{200};
/// For a second look at a guest that seemed slow: the cost of entering it hardly counts then.
constexpr std::chrono::milliseconds second_budget{60};
constexpr std::chrono::milliseconds exit_budget{50};
/// After which a guest without an end is ended: long enough to be in it, short enough not to be noticed.
constexpr std::chrono::milliseconds patience{2};

/// A guest's loop that was disturbed is measured once more. Emulation is hundreds of times slower than this.
constexpr double suspicious_ratio = 5;

/// The child's side: takes one stage after the other and reports after each, so that the parent knows where it hung.
class Witness {
public:
    Witness(const char* device, int report_fd, Depth depth) : device_path_(device), report_fd_(report_fd), depth_(depth)
    {
    }

    void testify()
    {
        report();
        if (open_device() && ask_version() && make_machine()) {
            run_guests();
        }
    }

private:
    void report() const { (void)!::write(report_fd_, &proof_, sizeof proof_); }

    void enter(Stage stage)
    {
        proof_.reached = stage;
        report();
    }

    bool open_device()
    {
        device_ = UniqueFd{::open(device_path_, O_RDWR | O_CLOEXEC)};
        proof_.open = {.errnum = device_ ? 0 : errno};
        enter(device_ ? Stage::api_version : Stage::done);
        return static_cast<bool>(device_);
    }

    bool ask_version()
    {
        const int version = ::ioctl(device_.get(), KVM_GET_API_VERSION, 0);
        proof_.api_version = {.value = version, .errnum = version < 0 ? errno : 0};
        const bool usable = version == KVM_API_VERSION;
        enter(usable ? Stage::create_vm : Stage::done);
        return usable;
    }

    bool make_machine()
    {
        const auto vm = create_vm(device_.get());
        proof_.create_vm = {.errnum = vm ? 0 : vm.error().errnum};
        enter(vm ? Stage::offer : Stage::done);
        if (!vm) {
            return false;
        }
        proof_.capabilities = ask_capabilities(device_.get());
        proof_.offer = ask_offer(device_.get());
        enter(Stage::create_vcpu);
        const auto vcpu = create_vcpu(vm->get());
        proof_.create_vcpu = {.errnum = vcpu ? 0 : vcpu.error().errnum};
        enter(vcpu ? Stage::run_real : Stage::done);
        return vcpu.has_value();
    }

    void run_guests()
    {
        proof_.real = run_real_guest(device_.get(), run_budget);
        enter(Stage::run_long);
        proof_.long_mode = run_long_guest(device_.get(), run_budget);
        if (proof_.long_mode.ended == Ended::passed) {
            examine();
        }
        enter(Stage::done);
    }

    void examine()
    {
        enter(Stage::watchdog);
        proof_.watchdog = run_endless_guest(device_.get(), patience);
        enter(Stage::speed);
        measure();
        enter(Stage::msrs);
        proof_.msrs = write_msrs_back(device_.get());
        enter(Stage::exits);
        const ExitCosts costs = measure_exits(device_.get(), exit_budget);
        proof_.exits = costs.result;
        proof_.kernel_exit = costs.kernel;
        proof_.user_exit = costs.user;
        if (depth_ == Depth::nested) {
            nest();
        }
    }

    void nest()
    {
        enter(Stage::inner);
        proof_.inner = run_inner_guest(device_.get(), proof_.offer, Paging::shadow, run_budget);
        enter(Stage::inner_paging);
        if (proof_.offer.nested_paging) {
            proof_.inner_paging = run_inner_guest(device_.get(), proof_.offer, Paging::nested, run_budget);
        }
    }

    void measure()
    {
        proof_.host_loop = measure_host();
        measure_kernel(loop_budget);
        if (proof_.kernel_loop.turns == 0) {
            measure_kernel(slow_budget);
        } else if (proof_.kernel_loop.per_turn() > suspicious_ratio * proof_.host_loop.per_turn()) {
            measure_kernel(second_budget);
        }
        proof_.user_loop = measure_guest(device_.get(), Ring::user, loop_budget).time;
    }

    /// Keeps the faster of two measurements.
    void measure_kernel(std::chrono::milliseconds budget)
    {
        const Measured measured = measure_guest(device_.get(), Ring::kernel, budget);
        const bool first = proof_.kernel_loop.turns == 0;
        if (first || (measured.time.turns > 0 && measured.time.per_turn() < proof_.kernel_loop.per_turn())) {
            proof_.speed = measured.result;
            proof_.kernel_loop = measured.time;
        }
    }

    const char* device_path_;
    int report_fd_;
    Depth depth_;
    UniqueFd device_;
    Proof proof_;
};

}  // namespace

Result<Proven> prove(const std::string& device, Deadline deadline, Depth depth)
{
    const char* path = device.c_str();
    const auto child = run_isolated(
        [path, depth](int report_fd) {
            Witness{path, report_fd, depth}.testify();
        },
        sizeof(Proof),
        deadline);
    if (!child) {
        return child.error();
    }
    Proven proven;
    proven.end = child->end;
    proven.signal = child->signal;
    if (child->record.size() == sizeof(Proof)) {
        std::memcpy(&proven.proof, child->record.data(), sizeof(Proof));
    }
    return proven;
}

}  // namespace kvmkit::kvm
