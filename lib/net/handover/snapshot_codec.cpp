// SPDX-License-Identifier: Apache-2.0
#include "net/handover/snapshot.hpp"

#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::json;

std::string to_hex(std::string_view bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        hex += digits[value >> 4U];
        hex += digits[value & 15U];
    }
    return hex;
}

/// Throws invalid_argument on what to_hex() never writes.
std::string from_hex(const std::string& hex)
{
    std::string bytes;
    bytes.reserve(hex.size() / 2);
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

Json to_json(const std::vector<Packet>& packets)
{
    Json list = Json::array();
    for (const Packet& packet : packets) {
        list.push_back({packet.type, packet.flags, to_hex(packet.payload)});
    }
    return list;
}

std::vector<Packet> packets_from(const Json& list)
{
    std::vector<Packet> packets;
    packets.reserve(list.size());
    for (const Json& entry : list) {
        packets.push_back({entry.at(0).get<std::uint16_t>(),
                           entry.at(1).get<std::uint16_t>(),
                           from_hex(entry.at(2).get<std::string>())});
    }
    return packets;
}

Snapshot snapshot_from(const Json& json)
{
    return {.holder = {json.at("index").get<int>(), json.at("name").get<std::string>()},
            .taken_ms = json.at("taken_ms").get<std::int64_t>(),
            .kernel_routers = json.at("kernel_routers").get<bool>(),
            .generation_mode = json.at("generation_mode").get<std::uint8_t>(),
            .addresses = packets_from(json.at("addresses")),
            .routes = packets_from(json.at("routes")),
            .nexthops = packets_from(json.at("nexthops")),
            .rules = packets_from(json.at("rules")),
            .neighbours = packets_from(json.at("neighbours"))};
}

}  // namespace

std::string serialise(const Snapshot& snapshot)
{
    const Json json{{"index", snapshot.holder.index},
                    {"name", snapshot.holder.name},
                    {"taken_ms", snapshot.taken_ms},
                    {"kernel_routers", snapshot.kernel_routers},
                    {"generation_mode", snapshot.generation_mode},
                    {"addresses", to_json(snapshot.addresses)},
                    {"routes", to_json(snapshot.routes)},
                    {"nexthops", to_json(snapshot.nexthops)},
                    {"rules", to_json(snapshot.rules)},
                    {"neighbours", to_json(snapshot.neighbours)}};
    return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<Snapshot> parse_snapshot(std::string_view text)
{
    std::string why;
    try {
        return snapshot_from(Json::parse(text));
    } catch (const Json::exception& problem) {
        why = problem.what();
    } catch (const std::exception& problem) {  // from_hex
        why = problem.what();
    }
    return Error{ErrorCode::external, "cannot read a snapshot of a link: " + why};
}

}  // namespace kvmkit::net
