// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// How a file came.
struct Fetched {
    std::chrono::milliseconds first_byte{0};  ///< From the order to the first byte of the answer.
    std::chrono::milliseconds whole{0};
    Bytes size = {};

    /// Of the whole fetch, waiting included: what an installation of many small files feels.
    [[nodiscard]] double bytes_per_second() const;
};

/// Fetches by the programs that apt itself fetches with, and with apt's own settings: what is measured is what an
/// installation will get, through the same proxy, and no other library is needed.
class Fetcher {
public:
    /// `settings` are lines of `apt-config dump`; see apt_settings().
    Fetcher(Runner& runner, std::string settings) : runner_(runner), settings_(std::move(settings)) {}

    /// Writes the file; its folder must be one that apt's user may write to where we are root. not_found: the server
    /// has no such file; timeout; external: it cannot be reached; unsupported: apt has no program for the scheme.
    Result<Fetched> fetch(const std::string& uri,
                          const std::filesystem::path& file,
                          std::chrono::milliseconds timeout) const;

private:
    Runner& runner_;
    std::string settings_;
};

/// apt's settings of how to fetch: proxies, certificates, timeouts.
Result<std::string> apt_settings(Runner& runner);

/// What one of apt's fetching programs is asked by. Pure.
std::string fetch_order(const std::string& settings, const std::string& uri, const std::filesystem::path& file);

}  // namespace kvmkit::setup
