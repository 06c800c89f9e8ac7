// SPDX-License-Identifier: Apache-2.0
// Any saved plan and any record of kvm-check, as somebody handed them over: refused with a hint, or a plan that is the
// same when it is written and read again, and a record from which it is told what to do.
#include "setup/remedies.hpp"
#include "setup/saved_plan.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace kvmkit;
using namespace kvmkit::setup;

void demand(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

void check_plan(const std::string& text)
{
    const auto plan = read_saved_plan(text);
    if (!plan) {
        demand(plan.error().code == ErrorCode::usage && !plan.error().hint.empty());
        return;
    }
    const auto written = to_text(*plan);
    const auto again = read_saved_plan(written);
    demand(again && to_text(*again) == written);
    (void)check_origin(*plan, {}, "0.0.0");
    (void)check_same_price(*plan, {});
}

void check_record(const std::string& text)
{
    const auto checked = read_checked_host(text);
    if (!checked) {
        demand(checked.error().code == ErrorCode::usage && !checked.error().hint.empty());
        return;
    }
    (void)check_same_boot(checked->host, {});
    const auto remedying = components_for(*checked, true);
    demand(!remedying.components.contains(Component::mirror) && !remedying.components.contains(Component::ssh_root));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text{reinterpret_cast<const char*>(data), size};
    check_plan(text);
    check_record(text);
    return 0;
}
