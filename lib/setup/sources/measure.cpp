// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/measure.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// More at once would measure this host's own line.
constexpr std::size_t at_a_time = 4;

Measurement measure_one(const Fetcher& fetcher,
                        const Candidate& candidate,
                        const MeasureOrder& order,
                        std::size_t number)
{
    const auto file = order.folder / fmt::format("candidate-{}", number);
    auto fetched = fetcher.fetch(candidate.archive + order.release.files.front(), file, order.deadline);
    if (fetched) {
        return {candidate, *fetched, {}};
    }
    const auto& error = fetched.error();
    switch (error.code) {
        case ErrorCode::not_found: return {candidate, {}, fmt::format("does not have {}", order.release.name), true};
        case ErrorCode::timeout: return {candidate, {}, "no answer in time"};
        default: return {candidate, {}, error.message};
    }
}

}  // namespace

std::vector<Measurement> measure(const Fetcher& fetcher,
                                 const std::vector<Candidate>& candidates,
                                 const MeasureOrder& order)
{
    std::vector<Measurement> results(candidates.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (auto i = next++; i < candidates.size(); i = next++) {
            results[i] = measure_one(fetcher, candidates[i], order, i);
        }
    };
    std::vector<std::thread> workers;
    workers.reserve(at_a_time);
    for (std::size_t i = 0; i < std::min(at_a_time, candidates.size()); ++i) {
        workers.emplace_back(work);
    }
    for (std::thread& worker : workers) {
        worker.join();
    }
    std::ranges::stable_sort(results, [](const Measurement& a, const Measurement& b) {
        if (!a.fetched || !b.fetched) {
            return a.fetched.has_value() && !b.fetched;
        }
        return a.fetched->whole < b.fetched->whole;
    });
    return results;
}

Result<void> has_release(const Fetcher& fetcher, const std::string& archive, const MeasureOrder& order)
{
    Result<void> answer;
    for (const std::string& file : order.release.files) {
        const auto fetched = fetcher.fetch(archive + file, order.folder / "release", order.deadline);
        if (fetched) {
            return {};
        }
        answer = fetched.error();
        if (fetched.error().code != ErrorCode::not_found) {
            break;
        }
    }
    return answer;
}

}  // namespace kvmkit::setup
