// SPDX-License-Identifier: Apache-2.0
#include "net/persist/keeping.hpp"

#include "base/unique_fd.hpp"
#include "system/files.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::json;
constexpr const char* file_name = "keep";
constexpr std::size_t most = std::size_t{16} << 20U;

Manager manager_of(const std::string& text)
{
    constexpr std::array all{Manager::netplan,
                             Manager::networkd,
                             Manager::network_manager,
                             Manager::ifupdown2,
                             Manager::ifupdown,
                             Manager::wicked,
                             Manager::ifcfg};
    for (const Manager manager : all) {
        if (text == word(manager)) {
            return manager;
        }
    }
    return Manager::none;
}

Json to_json(const Keeping& keeping)
{
    auto files = Json::array();
    for (const RestoreFile& file : keeping.files) {
        files.push_back(FileDomain::encode(file));
    }
    return {{"manager", word(keeping.manager)},
            {"links", keeping.links},
            {"files", std::move(files)},
            {"doubts", keeping.doubts},
            {"warnings", keeping.warnings},
            {"commands", keeping.commands},
            {"ended", keeping.ended},
            {"transaction", keeping.transaction},
            {"failure", keeping.failure},
            {"stalled", keeping.stalled}};
}

Result<Keeping> from_json(const Json& json)
{
    Keeping keeping{.manager = manager_of(json.at("manager").get<std::string>())};
    json.at("links").get_to(keeping.links);
    json.at("doubts").get_to(keeping.doubts);
    json.at("warnings").get_to(keeping.warnings);
    json.at("commands").get_to(keeping.commands);
    json.at("ended").get_to(keeping.ended);
    json.at("transaction").get_to(keeping.transaction);
    json.at("failure").get_to(keeping.failure);
    keeping.stalled = json.value("stalled", false);
    for (const Json& encoded : json.at("files")) {
        auto step = FileDomain::decode(encoded.get<std::string>());
        auto* file = step ? std::get_if<RestoreFile>(&*step) : nullptr;
        if (file == nullptr) {
            return Error{ErrorCode::invalid, "cannot read the files of a change"};
        }
        keeping.files.push_back(std::move(*file));
    }
    return keeping;
}

}  // namespace

Result<void> lay_down(const Keeping& keeping, const std::filesystem::path& record)
{
    constexpr mode_t private_mode = 0600;  // keyfiles hold secrets
    return write_atomically(
        record / file_name, to_json(keeping).dump(-1, ' ', true, Json::error_handler_t::replace) + '\n', private_mode);
}

Result<std::optional<Keeping>> laid_down(const std::filesystem::path& record)
{
    const auto path = record / file_name;
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (!file) {
        return errno == ENOENT ? Result<std::optional<Keeping>>{std::nullopt}
                               : errno_error(errno, fmt::format("cannot read '{}'", path.string()));
    }
    auto text = read_all(file.get(), path.string(), most);
    if (!text) {
        return std::move(text).error();
    }
    try {
        auto keeping = from_json(Json::parse(*text));
        return keeping ? Result<std::optional<Keeping>>{std::move(*keeping)} : std::move(keeping).error();
    } catch (const Json::exception& problem) {
        return Error{ErrorCode::invalid, fmt::format("cannot read '{}': {}", path.string(), problem.what())};
    }
}

}  // namespace kvmkit::net
