// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::virt {

enum class Algorithm { sha256, sha512 };

/// "SHA-256", "SHA-512"
std::string_view word(Algorithm algorithm) noexcept;

/// A digest that somebody promised: lower-case hexadecimal digits.
struct Checksum {
    Algorithm algorithm = Algorithm::sha256;
    std::string digits;
    bool operator==(const Checksum&) const = default;
};

/// Reads digits; their number tells the algorithm. ErrorCode::usage if they are none of ours: MD5 and SHA-1 prove
/// nothing.
Result<Checksum> parse_digits(std::string_view text);

/// Looks a file up in a text of checksums: "DIGITS  NAME", "DIGITS *NAME", "SHA256 (NAME) = DIGITS", or one bare line
/// of digits; also inside a clear-signed text. One that holds a single line counts for any name. ErrorCode::not_found
/// if the file is not in it; the strongest wins where it is in it twice. Pure.
Result<Checksum> find_checksum(std::string_view text, std::string_view file_name);

/// Digests of a file, both by one reading.
struct Digests {
    std::string sha256;
    std::string sha512;

    [[nodiscard]] const std::string& of(Algorithm algorithm) const
    {
        return algorithm == Algorithm::sha256 ? sha256 : sha512;
    }
};

/// Reads a whole file. `interrupted` is asked between two pieces: ErrorCode::interrupted if it says so.
Result<Digests> digests_of_file(const std::filesystem::path& path, const std::function<bool()>& interrupted = {});

/// The digest of a text, in hexadecimal digits.
std::string digest_of(std::string_view text, Algorithm algorithm);

}  // namespace kvmkit::virt
