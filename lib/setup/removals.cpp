// SPDX-License-Identifier: Apache-2.0
#include "setup/removals.hpp"

#include "setup/apt.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::setup {

Result<void> accept_removals(const Price& price, const std::vector<std::string>& allowed, Installer installer)
{
    const bool by_apt = installer == Installer::apt;
    Price rest = price;
    if (by_apt) {
        std::erase_if(rest.remove, [&allowed](const std::string& name) {
            return std::ranges::find(allowed, name) != allowed.end();
        });
    }
    auto accepted = accept(rest, installer);
    if (accepted || !by_apt) {
        return accepted;
    }
    Error error = std::move(accepted).error();
    std::string options;
    for (const std::string& name : price.remove) {
        options += fmt::format(" --allow-remove {}", name);
    }
    error.hint += fmt::format("; to let it go:{}", options);
    return error;
}

}  // namespace kvmkit::setup
