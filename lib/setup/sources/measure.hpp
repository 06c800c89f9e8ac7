// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/sources/fetch.hpp"
#include "setup/sources/release_mark.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// A server to be tried.
struct Candidate {
    std::string name;     ///< "aliyun"
    std::string archive;  ///< "http://mirrors.aliyun.com/debian/"
};

/// What came of it.
struct Measurement {
    Candidate candidate;
    std::optional<Fetched> fetched = {};
    std::string problem = {};    ///< Why there is nothing; empty if there is.
    bool lacks_release = false;  ///< It answers, and does not have the release.
};

/// How candidates are measured.
struct MeasureOrder {
    ReleaseMark release;           ///< Its first file is fetched: it is on every mirror of the release.
    std::filesystem::path folder;  ///< For what is fetched.
    std::chrono::milliseconds deadline = std::chrono::seconds{10};  ///< For each; a few are asked at a time.
};

/// Asks all of them and sorts: the fastest first, those that do not answer or lack the release last.
std::vector<Measurement> measure(const Fetcher& fetcher,
                                 const std::vector<Candidate>& candidates,
                                 const MeasureOrder& order);

/// Whether an archive has a release: one of its files. not_found: it has not.
Result<void> has_release(const Fetcher& fetcher, const std::string& archive, const MeasureOrder& order);

}  // namespace kvmkit::setup
