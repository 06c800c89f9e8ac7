// SPDX-License-Identifier: Apache-2.0
#include "txn/places.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include <fmt/format.h>

namespace kvmkit::txn {
namespace {

std::filesystem::path variable_or(const char* name, const std::filesystem::path& otherwise)
{
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    return value != nullptr && *value == '/' ? std::filesystem::path{value} : otherwise;
}

}  // namespace

Places default_places()
{
    if (::geteuid() == 0) {
        return {"/var/lib/kvmkit", "/run/kvmkit"};
    }
    const auto home = variable_or("HOME", "/tmp");
    return {variable_or("XDG_STATE_HOME", home / ".local/state") / "kvmkit",
            variable_or("XDG_RUNTIME_DIR", fmt::format("/tmp/kvmkit-run-{}", ::geteuid())) / "kvmkit"};
}

}  // namespace kvmkit::txn
