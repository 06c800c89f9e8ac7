// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// What a publisher signs: the image, the file of checksums by a second file, or that file within itself.
enum class Signed { image, checksums, checksums_inline };

struct SignatureSource {
    Signed what = Signed::checksums;
    std::string url;  ///< Empty with checksums_inline.
    std::filesystem::path keyring;
    std::string package;  ///< Which package brings the keyring; may be empty.
};

/// Where an image comes from. The addresses are those of one architecture.
struct ImageSource {
    std::string name;  ///< "debian-12"; what the cache calls it.
    std::string title;
    std::string url;
    std::optional<std::string> checksum_url = std::nullopt;
    std::optional<std::string> checksum = std::nullopt;  ///< Hexadecimal digits, told by the user.
    std::optional<SignatureSource> signature = std::nullopt;
    std::string user = {};      ///< Whom its cloud-init gives the keys by default; empty: not known.
    std::string firmware = {};  ///< "bios", "bios or uefi"; empty: not known.
    bool known = false;         ///< It stands in the catalogue.
};

using Catalogue = std::vector<ImageSource>;

/// Reads a catalogue and fills in the addresses for one architecture; images that it does not have are left out.
/// ErrorCode::invalid for a text of another form; `name` stands in the error. Pure.
Result<Catalogue> parse_catalogue(std::string_view text, std::string_view architecture, std::string_view name);

/// The catalogue that is shipped, with the entries of the local files over it. Files that are not there count as empty.
Result<Catalogue> load_catalogue(const std::vector<std::filesystem::path>& files, std::string_view architecture);

const ImageSource* find(const Catalogue& catalogue, std::string_view name);

/// The source of a bare URL: named after its file and a digest of the whole. ErrorCode::usage for what is no http or
/// https address.
Result<ImageSource> source_of_url(const std::string& url);

/// Whether the text is meant as an address.
bool looks_like_url(std::string_view text);

/// The address without user and password: for records and messages.
std::string without_secrets(const std::string& url);

}  // namespace kvmkit::virt
