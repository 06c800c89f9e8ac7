// SPDX-License-Identifier: Apache-2.0
#include "cli/json.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::cli {

void print_json(const Console& console, const Json& record)
{
    console.end_progress();
    console.out << record.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

std::string schema_name(std::string_view tool, std::string_view command, int version)
{
    std::string words{command};
    std::ranges::replace(words, ' ', '-');
    return fmt::format("kvmkit.{}.{}/{}", tool, words, version);
}

}  // namespace kvmkit::cli
