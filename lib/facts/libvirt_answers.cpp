// SPDX-License-Identifier: Apache-2.0
#include "facts/libvirt_answers.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include <nlohmann/json.hpp>

namespace kvmkit {
namespace {

using Json = nlohmann::json;
using Written = nlohmann::ordered_json;

constexpr const char* schema = "kvmkit.libvirt-facts/1";

std::string text_in(const Json& object, const char* key)
{
    const Json& value = object.at(key);
    return value.is_null() ? std::string{} : value.get<std::string>();
}

/// A process or an id; absent for what cannot be one.
std::optional<int> number_in(const Json& object, const char* key)
{
    const Json& value = object.at(key);
    const auto number = value.is_number_integer() ? value.get<std::int64_t>() : -1;
    const bool fits = number >= 0 && number <= std::numeric_limits<int>::max();
    return fits ? std::optional{static_cast<int>(number)} : std::nullopt;
}

LibvirtDomainType decode_type(const Json& json)
{
    return {.type = text_in(json, "type"),
            .usable = json.at("usable").get<bool>(),
            .problem = text_in(json, "problem"),
            .cpu_modes = json.at("cpu_modes").get<std::vector<std::string>>(),
            .firmware = json.at("firmware").get<std::vector<std::string>>()};
}

LibvirtDomain decode_domain(const Json& json)
{
    return {.uuid = text_in(json, "uuid"),
            .name = text_in(json, "name"),
            .id = number_in(json, "id"),
            .state = text_in(json, "state"),
            .pid = number_in(json, "pid")};
}

Written text_or_null(const std::string& text)
{
    return text.empty() ? Written(nullptr) : Written(text);
}

Written number_or_null(const std::optional<int>& number)
{
    return number ? Written(*number) : Written(nullptr);
}

Written encode(const LibvirtDomainType& type)
{
    return {{"type", type.type},
            {"usable", type.usable},
            {"problem", text_or_null(type.problem)},
            {"cpu_modes", type.cpu_modes},
            {"firmware", type.firmware}};
}

Written encode(const LibvirtDomain& domain)
{
    return {{"uuid", domain.uuid},
            {"id", number_or_null(domain.id)},
            {"name", domain.name},
            {"state", domain.state},
            {"pid", number_or_null(domain.pid)}};
}

template <class T>
Written encode_all(const std::vector<T>& all)
{
    Written json = Written::array();
    for (const T& one : all) {
        json.push_back(encode(one));
    }
    return json;
}

}  // namespace

const LibvirtDomainType* LibvirtAnswers::type(std::string_view name) const noexcept
{
    const auto found = std::ranges::find(types, name, &LibvirtDomainType::type);
    return found == types.end() ? nullptr : &*found;
}

const LibvirtDomain* LibvirtAnswers::domain(std::string_view uuid) const noexcept
{
    const auto found = std::ranges::find(domains, uuid, &LibvirtDomain::uuid);
    return found == domains.end() || uuid.empty() ? nullptr : &*found;
}

Result<LibvirtAnswers> parse_libvirt_answers(std::string_view json)
try {
    const Json record = Json::parse(json);
    if (!record.is_object() || record.value("schema", "") != schema) {
        return Error{ErrorCode::external, "libvirt-facts printed no record of the kind that is known"};
    }
    LibvirtAnswers answers{.uri = text_in(record, "uri"),
                           .problem = text_in(record, "problem"),
                           .client = text_in(record, "library_version"),
                           .daemon = text_in(record, "daemon_version"),
                           .hypervisor = text_in(record, "hypervisor")};
    for (const Json& type : record.at("domain_types")) {
        answers.types.push_back(decode_type(type));
    }
    for (const Json& domain : record.at("domains")) {
        answers.domains.push_back(decode_domain(domain));
    }
    return answers;
} catch (const Json::exception&) {
    return Error{ErrorCode::external, "libvirt-facts printed no record that could be read"};
}

std::string print_libvirt_answers(const LibvirtAnswers& answers)
{
    const Written record{{"schema", schema},
                         {"uri", answers.uri},
                         {"problem", text_or_null(answers.problem)},
                         {"library_version", text_or_null(answers.client)},
                         {"daemon_version", text_or_null(answers.daemon)},
                         {"hypervisor", text_or_null(answers.hypervisor)},
                         {"domain_types", encode_all(answers.types)},
                         {"domains", encode_all(answers.domains)}};
    return record.dump(-1, ' ', false, Written::error_handler_t::replace);
}

}  // namespace kvmkit
