// SPDX-License-Identifier: Apache-2.0
// How World makes several steps under one record of the journal, at the same time where they do not need each other.
#include "virt/launch/world.hpp"

#include "txn/execute.hpp"

#include <algorithm>
#include <future>

namespace kvmkit::virt {
namespace {

static_assert(txn::BatchingDomain<World>);

template <class... Kinds>
bool is_one_of(const Step& step)
{
    return (std::holds_alternative<Kinds>(step) || ...);
}

/// What undoes it depends on what libvirt says when its turn comes.
bool is_looked_up_in_turn(const Step& step)
{
    return is_one_of<StartAgain, StartNetwork>(step);
}

/// libvirt looks at the files of a VM when it starts it, not when it is defined.
bool goes_with_others(const Step& step)
{
    return is_one_of<MakeOverlay, MakeDisk, MakeSeed, DefineVm>(step);
}

}  // namespace

Result<std::vector<std::optional<Step>>> World::prepare(std::span<const Step> steps)
{
    const auto known = std::max<std::ptrdiff_t>(1, std::ranges::find_if(steps, is_looked_up_in_turn) - steps.begin());
    prepared_.assign(steps.begin(), steps.begin() + known);
    std::vector<std::optional<Step>> inverses;
    inverses.reserve(prepared_.size());
    for (const Step& step : prepared_) {
        auto undo = inverse(step);
        if (!undo) {
            return std::move(undo).error();
        }
        inverses.push_back(std::move(*undo));
    }
    return inverses;
}

std::size_t World::next(std::size_t most) const
{
    const auto row = std::ranges::find_if_not(prepared_, goes_with_others) - prepared_.begin();
    const auto together = std::max<std::size_t>(1, static_cast<std::size_t>(row));
    return std::min({most, together, prepared_.size()});
}

Result<void> World::make(std::size_t count)
{
    std::vector<std::future<Result<void>>> others;
    others.reserve(count);
    for (std::size_t i = 1; i < count; ++i) {  // where no thread is to be had, get() makes the step
        others.push_back(std::async(std::launch::async | std::launch::deferred,
                                    [this, &step = prepared_[i]] { return apply(step); }));
    }
    auto made = apply(prepared_.front());
    for (auto& other : others) {
        auto result = other.get();
        if (made) {
            made = std::move(result);
        }
    }
    prepared_.erase(prepared_.begin(), prepared_.begin() + static_cast<std::ptrdiff_t>(count));
    return made;
}

}  // namespace kvmkit::virt
