// SPDX-License-Identifier: Apache-2.0
#include "report/remedy.hpp"

#include "report/phrases.hpp"

#include <fmt/format.h>

namespace kvmkit {
std::string to_text(const Remedy& remedy, std::size_t indent)
{
    auto text = fmt::format("{:{}}fix{}: {}\n", "", indent, place(remedy.where), one_line(remedy.summary));
    for (const auto& command : remedy.commands) {
        text += fmt::format("{:{}}$ {}\n", "", indent + 2, one_line(command));
    }
    return text;
}

nlohmann::ordered_json to_json(const Remedy& remedy)
{
    return {{"summary", remedy.summary},
            {"commands", nlohmann::ordered_json(remedy.commands)},
            {"where", word(remedy.where)}};
}

}  // namespace kvmkit
