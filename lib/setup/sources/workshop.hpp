// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <filesystem>

namespace kvmkit::setup {

/// A folder of our own in which apt can be let loose: TOP/var/cache/kvmkit/NAME. What a killed run left there goes
/// first, and all of it at the end. For root, under the tool's lock; others get a temporary folder.
class Workshop {
public:
    static Result<Workshop> open(const std::filesystem::path& top, const std::string& name);

    /// A folder below it for whoever apt fetches as.
    [[nodiscard]] Result<std::filesystem::path> folder(const std::string& name) const;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    Workshop(Workshop&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
    Workshop& operator=(Workshop&&) = delete;
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;
    ~Workshop();

private:
    explicit Workshop(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace kvmkit::setup
