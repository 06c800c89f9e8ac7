// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace kvmkit::virt {

/// How far a download is.
struct Progress {
    Bytes done;
    std::optional<Bytes> total;  ///< Absent where the server does not say.
};

/// How a download is watched; both may be empty.
struct DownloadWatch {
    std::function<bool()> interrupted = {};
    std::function<void(const Progress&)> progress = {};
};

/// What is told by a server of the file that it has: with it a later request can ask for the rest of the same bytes.
struct Validators {
    std::string etag;           ///< Empty: none. A weak one is not kept, it does not promise the same bytes.
    std::string last_modified;  ///< Empty: none.

    [[nodiscard]] bool any() const { return !etag.empty() || !last_modified.empty(); }
    bool operator==(const Validators&) const = default;
};

/// What is downloaded and where to. `part` is the file that grows, beside it lies what is known about its origin.
struct DownloadOrder {
    std::string url;
    std::filesystem::path part;
};

/// How it came out.
struct Downloaded {
    Validators validators;
    std::uint64_t fetched = 0;  ///< Bytes of the body that came over the network, in this run.
    bool resumed = false;
};

/// Downloads a file over http or https, going on where an earlier run was stopped if the server still has the same
/// bytes. On failure the part stays for the next run, unless the server disowned it. The file is on the disk when this
/// returns. TLS certificates are always checked; proxies and SSL_CERT_FILE are taken from the environment.
/// ErrorCode::not_found: the server has no such file; refused: no room; interrupted; timeout: nothing came for a
/// minute.
Result<Downloaded> download(const DownloadOrder& order, const DownloadWatch& watch);

/// Downloads a small text, at most `most` of it.
Result<std::string> download_text(const std::string& url, std::size_t most, const DownloadWatch& watch);

/// Asks whether the server still has the file of these validators: true if it does, without a download.
Result<bool> unchanged(const std::string& url, const Validators& validators, const DownloadWatch& watch);

}  // namespace kvmkit::virt
