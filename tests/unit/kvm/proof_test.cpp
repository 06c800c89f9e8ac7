// SPDX-License-Identifier: Apache-2.0
#include "kvm/proof.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit::kvm {
namespace {

TEST(Explain, NamesTheCallThatRefusedAndItsErrno)
{
    EXPECT_EQ(explain({.ended = Ended::refused, .call = Call::create_vcpu, .errnum = ENOMEM}),
              "KVM_CREATE_VCPU failed: Cannot allocate memory (ENOMEM)");
}

TEST(Explain, DecodesFailedEntriesOfBothVendors)
{
    EXPECT_NE(explain({.ended = Ended::entry_failed, .code = 0x80000021}).find("0x80000021 (invalid guest state)"),
              std::string::npos);
    EXPECT_NE(explain({.ended = Ended::entry_failed, .code = 7}).find("offers less than it claims"), std::string::npos);
    EXPECT_NE(explain({.ended = Ended::entry_failed, .code = ~std::uint64_t{0}}).find("invalid guest state"),
              std::string::npos);
}

TEST(Explain, DecodesInternalErrors)
{
    EXPECT_EQ(explain({.ended = Ended::internal_error, .code = 1}),
              "KVM internal error 1 (an instruction could not be emulated)");
    EXPECT_EQ(explain({.ended = Ended::internal_error, .code = 99}), "KVM internal error 99 (unknown)");
}

TEST(Explain, TellsTheOtherEnds)
{
    EXPECT_EQ(explain({.ended = Ended::triple_fault}), "the guest shut down by a triple fault");
    EXPECT_EQ(explain({.ended = Ended::fault, .code = 13}), "the guest met exception 13, which it should not");
    EXPECT_EQ(explain({.ended = Ended::never_ended, .microseconds = 700'000}),
              "the guest did not end and was stopped after 700 ms");
}

TEST(LoopTime, CountsPerTurn)
{
    EXPECT_DOUBLE_EQ((LoopTime{4, 10}.per_turn()), 2.5);
    EXPECT_DOUBLE_EQ(LoopTime{}.per_turn(), 0);
}

}  // namespace
}  // namespace kvmkit::kvm
