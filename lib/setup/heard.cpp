// SPDX-License-Identifier: Apache-2.0
#include "setup/heard.hpp"

#include "base/text.hpp"
#include "system/files.hpp"

#include <utility>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// The end of what was said.
std::string last_lines(std::string_view said)
{
    constexpr std::size_t most = 5;
    const auto all = lines(trim(said));
    std::string text;
    for (std::size_t i = all.size() > most ? all.size() - most : 0; i < all.size(); ++i) {
        text += fmt::format("\n  {}", all[i]);
    }
    return text;
}

/// Has a listener keep each line as well.
void keep_lines(std::function<void(std::string_view)>& listener, std::string& said)
{
    listener = [other = std::move(listener), &said](std::string_view line) {
        said += line;
        said += '\n';
        if (other) {
            other(line);
        }
    };
}

}  // namespace

Result<Completed> run_heard(Runner& runner, ChildCommand command, const PackageLimits& limits)
{
    std::string said;
    keep_lines(command.on_line, said);
    keep_lines(command.on_error_line, said);
    auto ended = runner.run(command);
    if (ended || ended.error().code != ErrorCode::timeout || said.empty()) {
        return ended;
    }
    auto error = std::move(ended).error();
    error.message += fmt::format("; it said last:{}", last_lines(said));
    if (error.hint.empty() && !limits.log.empty() && write_atomically(limits.log, said, 0600)) {
        error.hint = fmt::format("all that {} said is in {}", command.argv.front(), limits.log.string());
    }
    return error;
}

}  // namespace kvmkit::setup
