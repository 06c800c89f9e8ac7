// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/original.hpp"

#include <algorithm>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::setup {
namespace {

using Json = nlohmann::json;

}  // namespace

const SetFile* OriginalSources::find(std::string_view path) const
{
    const auto found = std::ranges::find(files, path, &SetFile::path);
    return found != files.end() ? &*found : nullptr;
}

Result<OriginalSources> read_original_sources(const Root& root)
{
    const auto text = root.read(original_sources_path);
    if (!text) {
        return text.error();
    }
    OriginalSources original;
    if (!*text) {
        return original;
    }
    const Json record = Json::parse(**text, nullptr, false);
    const auto broken =
        Error{ErrorCode::external,
              fmt::format("cannot read '/{}': it is no record of package sources", original_sources_path),
              "set the package sources by hand, and remove the file"};
    if (!record.is_object() || !record.contains("files") || !record["files"].is_array()) {
        return broken;
    }
    for (const Json& each : record["files"]) {
        auto step = decode(each.dump(-1, ' ', false, Json::error_handler_t::replace));
        if (!step || !std::holds_alternative<SetFile>(*step)) {
            return broken;
        }
        original.files.push_back(std::get<SetFile>(std::move(*step)));
    }
    return original;
}

std::string text_of(const OriginalSources& original)
{
    Json files = Json::array();
    for (const SetFile& file : original.files) {
        files.push_back(Json::parse(encode(file), nullptr, false));
    }
    return Json{{"schema", "kvmkit.host-setup.sources/1"}, {"files", std::move(files)}}.dump() + "\n";
}

}  // namespace kvmkit::setup
