// SPDX-License-Identifier: Apache-2.0
#include "txn/ask.hpp"

#include "txn/watchdog.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::txn {

Answer read_answer(const std::string& text)
{
    const auto first = std::min(text.find(' '), text.size());
    const auto second = std::min(text.find(' ', std::min(first + 1, text.size())), text.size());
    Answer answer{text.substr(0, first)};
    if (first < text.size()) {
        answer.id = text.substr(first + 1, second - first - 1);
        answer.rest = second < text.size() ? text.substr(second + 1) : "";
    }
    return answer;
}

Result<Answer> ask(const std::string& tool, const std::filesystem::path& socket, const std::string& words)
{
    const auto text = ask_watchdog(socket, words);
    if (!text) {
        auto error = text.error();
        error.hint = error.code == ErrorCode::not_found ? fmt::format("'{} history' lists the changes", tool)
                                                        : fmt::format("it needs root: sudo {} ...", tool);
        return error;
    }
    auto answer = read_answer(*text);
    if (answer.word == "other") {
        return Error{ErrorCode::not_found,
                     fmt::format("another change waits for an answer: {}", answer.id),
                     fmt::format("{} confirm {}", tool, answer.id)};
    }
    if (answer.word == "early") {
        return Error{ErrorCode::busy,
                     "the change is still being made",
                     fmt::format("try again in a moment; kill -9 {} takes it back at once", answer.rest)};
    }
    if (answer.word == "damaged") {
        return Error{ErrorCode::damaged, answer.rest};
    }
    return answer;
}

Result<std::string> ask_to(const std::string& tool,
                           const std::filesystem::path& socket,
                           const std::string& words,
                           const std::string& wanted)
{
    const auto answer = ask(tool, socket, words);
    if (!answer) {
        return answer.error();
    }
    if (answer->word != wanted) {
        return Error{ErrorCode::rolled_back,
                     fmt::format("the change {} is undone: it could not be kept{}{}",
                                 answer->id,
                                 answer->rest.empty() ? "" : ": ",
                                 answer->rest)};
    }
    return answer->id;
}

}  // namespace kvmkit::txn
