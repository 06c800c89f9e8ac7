// SPDX-License-Identifier: Apache-2.0
#include "setup/removals.hpp"

#include "setup/installer.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {

Result<void> accept_removals(const Price& price, const std::vector<std::string>& allowed, Installer installer)
{
    const bool may = installer == Installer::apt;
    auto refused = price.remove;
    std::erase_if(refused,
                  [&](const std::string& name) { return may && std::ranges::find(allowed, name) != allowed.end(); });
    if (refused.empty()) {
        return {};
    }
    auto hint = fmt::format("look at it with: {}", words_of(installer).look);
    if (may) {
        hint += fmt::format("; to let it go: --allow-remove {}", fmt::join(price.remove, " --allow-remove "));
    }
    return Error{ErrorCode::refused,
                 fmt::format("refused to install: {} would remove '{}'", word(installer), fmt::join(refused, " ")),
                 std::move(hint)};
}

}  // namespace kvmkit::setup
