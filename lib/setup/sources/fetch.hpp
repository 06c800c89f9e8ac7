// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "setup/distribution.hpp"
#include "system/runner.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace kvmkit::setup {

/// How a file came.
struct Fetched {
    std::chrono::milliseconds first_byte{0};  ///< From the order to the first byte of the answer.
    std::chrono::milliseconds whole{0};
    Bytes size = {};

    /// Of the whole fetch, waiting included: what an installation of many small files feels.
    [[nodiscard]] double bytes_per_second() const;
};

/// Fetches single files as the host's package manager does: what is measured is what an installation will get.
class Fetcher {
public:
    Fetcher() = default;
    Fetcher(const Fetcher&) = delete;
    Fetcher& operator=(const Fetcher&) = delete;
    virtual ~Fetcher() = default;

    /// Writes the file. Several threads may fetch at once. not_found: the server has no such file; timeout; external:
    /// it cannot be reached; unsupported: there is no program for it here.
    virtual Result<Fetched> fetch(const std::string& uri,
                                  const std::filesystem::path& file,
                                  std::chrono::milliseconds timeout) const = 0;
};

/// By the programs that apt itself fetches with, and with apt's own settings: through the same proxy, and no other
/// library is needed. The file's folder must be one that apt's user may write to where we are root.
class AptFetcher final : public Fetcher {
public:
    /// `settings` are lines of `apt-config dump`; see apt_settings().
    AptFetcher(Runner& runner, std::string settings) : runner_(runner), settings_(std::move(settings)) {}

    Result<Fetched> fetch(const std::string& uri,
                          const std::filesystem::path& file,
                          std::chrono::milliseconds timeout) const override;

private:
    Runner& runner_;
    std::string settings_;
};

/// By curl, whose library dnf, zypper and pacman fetch with. Proxies are those of the environment.
class CurlFetcher final : public Fetcher {
public:
    explicit CurlFetcher(Runner& runner) : runner_(runner) {}

    Result<Fetched> fetch(const std::string& uri,
                          const std::filesystem::path& file,
                          std::chrono::milliseconds timeout) const override;

private:
    Runner& runner_;
};

/// The one that goes with a package manager.
Result<std::unique_ptr<Fetcher>> open_fetcher(Installer installer, Runner& runner);

/// apt's settings of how to fetch: proxies, certificates, timeouts.
Result<std::string> apt_settings(Runner& runner);

/// What one of apt's fetching programs is asked by. Pure.
std::string fetch_order(const std::string& settings, const std::string& uri, const std::filesystem::path& file);

}  // namespace kvmkit::setup
