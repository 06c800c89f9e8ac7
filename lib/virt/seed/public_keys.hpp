// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/runner.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// Keys that may log in, and the private keys that belong to them where they lie in files.
struct LoginKeys {
    std::vector<std::string> lines;
    std::vector<std::filesystem::path> identities = {};
};

/// Every line of a file of public keys: plain keys, no options. invalid names the line that is none, and says so where
/// somebody gave the private key. `name` stands in the errors. Pure.
Result<std::vector<std::string>> parse_public_keys(std::string_view text, std::string_view name);

/// The keys of a file; that of a private key "FILE" is looked for in "FILE.pub".
Result<LoginKeys> keys_of_file(const std::filesystem::path& file);

/// What the ssh agent holds. not_found: none answers, or it is empty.
Result<LoginKeys> keys_of_agent(Runner& runner);

/// All of id_*.pub in a folder; a broken one is an error, none at all is not.
Result<LoginKeys> keys_in_folder(const std::filesystem::path& folder);

}  // namespace kvmkit::virt
