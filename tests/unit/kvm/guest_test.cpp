// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/exit_cost.hpp"
#include "kvm/internal/layout.hpp"
#include "kvm/internal/modes.hpp"
#include "kvm/internal/msrs.hpp"
#include "kvm/internal/nested.hpp"
#include "kvm/internal/offer.hpp"
#include "kvm/internal/run.hpp"
#include "kvm/internal/speed.hpp"
#include "kvm/prove.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string_view>

#include <gtest/gtest.h>

namespace kvmkit::kvm {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

bool must_run()
{
    const char* value = std::getenv("KVMKIT_TESTS_MUST_RUN");
    return value != nullptr && std::string_view{value} == "1";
}

/// Real guests on this machine's /dev/kvm. A machine without one skips them: the lab has hosts that run them
/// (docs/testing.md).
class RealKvm : public ::testing::Test {
protected:
    void SetUp() override
    {
        device_ = UniqueFd{::open("/dev/kvm", O_RDWR | O_CLOEXEC)};
        if (device_ && has_guest_code) {
            return;
        }
        if (must_run() && ::access("/dev/kvm", F_OK) == 0) {
            FAIL() << "/dev/kvm cannot be opened, and KVMKIT_TESTS_MUST_RUN is set";
        }
        GTEST_SKIP() << "/dev/kvm cannot be opened, or there is no guest code for this architecture";
    }

    /// A machine that is about to run `code` in long mode.
    Machine prepared(GuestCode code)
    {
        auto machine = Machine::build(device_.get());
        EXPECT_TRUE(machine) << machine.error().errnum;
        machine->load(layout::code, code);
        EXPECT_TRUE(enter_long_mode(*machine, Ring::kernel, {}));
        return std::move(*machine);
    }

    UniqueFd device_;
};

TEST_F(RealKvm, RunsARealModeGuest)
{
    const GuestResult result = run_real_guest(device_.get(), 2s);
    EXPECT_EQ(result.ended, Ended::passed) << explain(result);
    EXPECT_GT(result.microseconds, 0);
}

TEST_F(RealKvm, RunsALongModeGuestWithPaging)
{
    const GuestResult result = run_long_guest(device_.get(), 2s);
    EXPECT_EQ(result.ended, Ended::passed) << explain(result);
}

TEST_F(RealKvm, TakesAGuestThatSpinsForEverOutInTime)
{
    const Machine machine = prepared(spin_code());
    const auto begin = Clock::now();
    const Departure departure = enter(machine, 30ms);
    EXPECT_EQ(departure.result.ended, Ended::never_ended);
    EXPECT_GE(Clock::now() - begin, 25ms);
    EXPECT_LT(Clock::now() - begin, 2s);
}

TEST_F(RealKvm, EndsAGuestWithoutAnEndAfterItsPatience)
{
    const GuestResult result = run_endless_guest(device_.get(), 2ms);
    EXPECT_EQ(result.ended, Ended::never_ended) << explain(result);
    EXPECT_GE(result.microseconds, 1500);
}

TEST_F(RealKvm, ReadsAFaultInsteadOfATripleFault)
{
    constexpr std::array invalid_opcode{std::byte{0x0f}, std::byte{0x0b}};
    const Departure departure = enter(prepared(invalid_opcode), 2s);
    EXPECT_EQ(departure.result.ended, Ended::fault) << explain(departure.result);
    EXPECT_EQ(departure.result.code, 6U);
}

TEST_F(RealKvm, ReadsATripleFault)
{
    Machine machine = prepared(GuestCode{});
    constexpr std::array invalid_opcode{std::byte{0x0f}, std::byte{0x0b}};
    machine.load(layout::code, invalid_opcode);
    for (std::uint64_t vector = 0; vector < layout::exceptions; ++vector) {
        machine.store(layout::interrupts + vector * 16, 0);
    }
    EXPECT_EQ(enter(machine, 2s).result.ended, Ended::triple_fault);
}

TEST_F(RealKvm, NoticesAGuestThatHaltsWithoutAWord)
{
    constexpr std::array halt{std::byte{0xf4}};
    EXPECT_EQ(enter(prepared(halt), 2s).kind, Departure::Kind::halted);
}

TEST_F(RealKvm, MeasuresBothRingsAndTheHostWithinTheirBudget)
{
    const auto begin = Clock::now();
    const Measured kernel = measure_guest(device_.get(), Ring::kernel, 200ms);
    const Measured user = measure_guest(device_.get(), Ring::user, 200ms);
    EXPECT_LT(Clock::now() - begin, 5s);
    ASSERT_EQ(kernel.result.ended, Ended::passed) << explain(kernel.result);
    ASSERT_EQ(user.result.ended, Ended::passed) << explain(user.result);
    EXPECT_GT(kernel.time.turns, 0U);
    EXPECT_GT(user.time.turns, 0U);
    EXPECT_GT(measure_host().per_turn(), 0);
}

TEST_F(RealKvm, TellsWhatAnExitCosts)
{
    const ExitCosts costs = measure_exits(device_.get(), 500ms);
    ASSERT_EQ(costs.result.ended, Ended::passed) << explain(costs.result);
    EXPECT_GT(costs.kernel.per_turn(), 0);
    EXPECT_GT(costs.user.turns, 1U);
    EXPECT_GT(costs.user.per_turn(), 0);
}

TEST_F(RealKvm, WritesBackWhatItAdvertises)
{
    const MsrWriteback msrs = write_msrs_back(device_.get());
    ASSERT_EQ(msrs.errnum, 0);
    EXPECT_GT(msrs.checked, 10U);
    EXPECT_LT(msrs.refused, msrs.checked);
    // KVM-PVM advertises IA32_ARCH_CAPABILITIES and refuses it; the vendors' modules take all that they offer.
    const bool pvm = ::access("/sys/module/kvm_pvm", F_OK) == 0;
    const bool by_vendor = ::access("/sys/module/kvm_amd", F_OK) == 0 || ::access("/sys/module/kvm_intel", F_OK) == 0;
    if (by_vendor) {
        EXPECT_EQ(msrs.refused, 0U) << std::hex << msrs.first.front().index;
    } else if (pvm && msrs.refused > 0) {
        EXPECT_EQ(msrs.first.front().index, 0x10aU);
    }
}

TEST_F(RealKvm, NestsWhereItOffersTo)
{
    const Offer offer = ask_offer(device_.get());
    ASSERT_EQ(offer.errnum, 0);
    const GuestResult plain = run_inner_guest(device_.get(), offer, Paging::shadow, 5s);
    if (!offer.svm && !offer.vmx) {
        EXPECT_EQ(plain.ended, Ended::not_run);
        return;
    }
    EXPECT_EQ(plain.ended, Ended::passed) << explain(plain);
    if (offer.nested_paging) {
        const GuestResult paging = run_inner_guest(device_.get(), offer, Paging::nested, 5s);
        EXPECT_EQ(paging.ended, Ended::passed) << explain(paging);
    }
}

TEST_F(RealKvm, ReadsAGuestThatMayNotBecomeAHypervisor)
{
    const Offer offer = ask_offer(device_.get());
    if (offer.svm) {
        GTEST_SKIP() << "this KVM offers SVM";
    }
    auto machine = Machine::build(device_.get());
    ASSERT_TRUE(machine);
    ASSERT_TRUE(prepare_svm(*machine, Paging::shadow));
    const Departure departure = enter(*machine, 5s);
    EXPECT_EQ(departure.result.ended, Ended::fault) << explain(departure.result);  // EFER.SVME is refused: #GP
}

TEST_F(RealKvm, ProvesInAChild)
{
    const auto proven = prove("/dev/kvm", Deadline::after(10s));
    ASSERT_TRUE(proven) << proven.error().message;
    EXPECT_EQ(proven->end, ChildEnd::finished);
    EXPECT_EQ(proven->proof.reached, Stage::done);
    EXPECT_EQ(proven->proof.api_version, (Answer{12, 0}));
    EXPECT_EQ(proven->proof.real.ended, Ended::passed) << explain(proven->proof.real);
    EXPECT_EQ(proven->proof.long_mode.ended, Ended::passed) << explain(proven->proof.long_mode);
    EXPECT_GT(proven->proof.kernel_loop.turns, 0U);
}

TEST(Prove, KeepsApartWhyADeviceDoesNotOpen)
{
    const auto absent = prove("/dev/there-is-no-such-device", Deadline::after(5s));
    ASSERT_TRUE(absent);
    EXPECT_EQ(absent->proof.open.errnum, ENOENT);
    EXPECT_EQ(absent->proof.reached, Stage::done);
    const auto directory = prove("/dev", Deadline::after(5s));
    ASSERT_TRUE(directory);
    EXPECT_EQ(directory->proof.open.errnum, EISDIR);
}

TEST(Prove, NoticesADeviceThatIsNotKvm)
{
    const auto proven = prove("/dev/null", Deadline::after(5s));
    ASSERT_TRUE(proven);
    EXPECT_TRUE(proven->proof.open.ok());
    EXPECT_EQ(proven->proof.api_version.errnum, ENOTTY);
    EXPECT_EQ(proven->proof.real.ended, Ended::not_run);
}

}  // namespace
}  // namespace kvmkit::kvm
