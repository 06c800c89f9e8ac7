// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/runner.hpp"
#include "virt/image/catalogue.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace kvmkit::virt {

/// Why a signature cannot be checked here, as a clause: "no keyring '...'"; absent if it can.
std::optional<std::string> obstacle(const SignatureSource& source);

/// Has gpgv check a detached signature of a file. invalid: it is none by a key of the ring; not_found: no gpgv.
Result<void> check_signature(Runner& runner,
                             const std::filesystem::path& keyring,
                             const std::filesystem::path& signature,
                             const std::filesystem::path& file);

/// Has gpgv check a text that carries its signature, and gives back what was signed: nothing around it counts.
Result<std::string> signed_text(Runner& runner,
                                const std::filesystem::path& keyring,
                                const std::filesystem::path& file);

}  // namespace kvmkit::virt
