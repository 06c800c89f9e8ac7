// SPDX-License-Identifier: Apache-2.0
#include "net/planner/codec.hpp"

#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::json;

/// Reads the fields of one journalled step. Throws Json::exception or invalid_argument on what encode() never writes.
class Reader {
public:
    explicit Reader(const Json& json) : json_(json) {}

    [[nodiscard]] LinkName name(const char* key) const { return LinkName::from_kernel(text(key)); }

    [[nodiscard]] std::uint32_t number(const char* key) const { return json_.at(key).get<std::uint32_t>(); }

    [[nodiscard]] std::optional<std::uint32_t> maybe(const char* key) const
    {
        return json_.at(key).is_null() ? std::nullopt : std::optional{number(key)};
    }

    [[nodiscard]] std::string text(const char* key) const { return json_.at(key).get<std::string>(); }

    [[nodiscard]] bool yes(const char* key) const { return json_.at(key).get<bool>(); }

    [[nodiscard]] std::optional<LinkName> maybe_name(const char* key) const
    {
        return json_.at(key).is_null() ? std::nullopt : std::optional{name(key)};
    }

    [[nodiscard]] MacAddress mac() const { return sound(MacAddress::parse(text("mac"))); }

    [[nodiscard]] std::optional<MacAddress> maybe_mac(const char* key) const
    {
        return json_.at(key).is_null() ? std::nullopt : std::optional{sound(MacAddress::parse(text(key)))};
    }

    [[nodiscard]] CreateLink new_link() const
    {
        return {name("name"),
                text("kind"),
                maybe_mac("mac"),
                number("mark"),
                maybe("mtu"),
                maybe_name("lower"),
                maybe_name("peer"),
                maybe_mac("peer_mac"),
                json_.at("index").get<int>(),
                json_.at("peer_index").get<int>(),
                options(),
                maybe_vlans()};
    }

    [[nodiscard]] Attach attachment() const
    {
        return {name("port"), name("bridge"), options(), maybe_vlans(), maybe_mac("master_mac")};
    }

    [[nodiscard]] std::optional<VlanMembership> maybe_vlans() const
    {
        return json_.at("vlans").is_null() ? std::nullopt : std::optional{vlans()};
    }

    [[nodiscard]] std::vector<InterfaceAddress> addresses() const
    {
        std::vector<InterfaceAddress> addresses;
        for (const Json& one : json_.at("ahead_of")) {
            addresses.push_back(sound(InterfaceAddress::parse(one.get<std::string>())));
        }
        return addresses;
    }

    [[nodiscard]] VlanMembership vlans() const
    {
        const Json& json = json_.at("vlans");
        VlanMembership vlans{set(json.at("members")), set(json.at("untagged"))};
        if (!json.at("pvid").is_null()) {
            vlans.pvid = json.at("pvid").get<VlanId>();
        }
        return vlans;
    }

    /// Journals of before do not say whether it is on the link.
    [[nodiscard]] RouteEntry route() const
    {
        return {sound(Prefix::parse(text("destination"))),
                maybe_name("link"),
                maybe_ip("gateway"),
                maybe_ip("source"),
                number("metric"),
                number("table"),
                json_.at("protocol").get<std::uint8_t>(),
                json_.at("scope").get<std::uint8_t>(),
                json_.at("type").get<std::uint8_t>(),
                ways(),
                json_.value("onlink", false)};
    }

    /// Journals of before have none.
    [[nodiscard]] std::vector<RouteWay> ways() const
    {
        std::vector<RouteWay> ways;
        const Json list = json_.value("ways", Json::array());
        ways.reserve(list.size());
        for (const Json& one : list) {
            const Reader in{one};
            ways.push_back({in.name("link"),
                            in.maybe_ip("gateway"),
                            one.at("weight").get<unsigned>(),
                            one.at("onlink").get<bool>()});
        }
        return ways;
    }

    /// Absent where there is null.
    [[nodiscard]] std::optional<std::string> bytes(const char* key) const
    {
        if (json_.at(key).is_null()) {
            return std::nullopt;
        }
        const auto numbers = json_.at(key).get<std::vector<std::uint8_t>>();
        return std::string{numbers.begin(), numbers.end()};
    }

    [[nodiscard]] Handover handover() const
    {
        const auto direction = text("to") == "bridge" ? Direction::to_bridge : Direction::to_port;
        return {name("port"), name("bridge"), direction, text("snapshot"), staying(), bridge_mac()};
    }

    /// Journals of before tell none.
    [[nodiscard]] std::optional<MacAddress> bridge_mac() const
    {
        return json_.contains("bridge_mac") ? maybe_mac("bridge_mac") : std::nullopt;
    }

    /// Journals of before tell none.
    [[nodiscard]] std::vector<InterfaceAddress> staying() const
    {
        std::vector<InterfaceAddress> all;
        for (const auto& one : json_.value("stays", Json::array())) {
            all.push_back(sound(InterfaceAddress::parse(one.get<std::string>())));
        }
        return all;
    }

    [[nodiscard]] InterfaceAddress address() const { return sound(InterfaceAddress::parse(text("address"))); }

    /// Journals of before tell none.
    [[nodiscard]] AddressExtras extras() const
    {
        return json_.contains("scope") ? AddressExtras{json_.at("scope").get<std::uint8_t>(), options()}
                                       : AddressExtras{};
    }

    [[nodiscard]] LinkOptions options() const
    {
        LinkOptions options;
        for (const Json& pair : json_.at("options")) {
            const auto bytes = pair.at(1).get<std::vector<std::uint8_t>>();
            options.push_back({pair.at(0).get<std::uint16_t>(), std::string(bytes.begin(), bytes.end())});
        }
        return options;
    }

private:
    static VlanSet set(const Json& json)
    {
        const auto text = json.get<std::string>();
        return text.empty() ? VlanSet{} : sound(VlanSet::parse(text));
    }

    [[nodiscard]] std::optional<IpAddress> maybe_ip(const char* key) const
    {
        return json_.at(key).is_null() ? std::nullopt : std::optional{sound(IpAddress::parse(text(key)))};
    }

    template <class T>
    static T sound(Result<T> read)
    {
        if (!read) {
            throw std::invalid_argument{read.error().message};
        }
        return std::move(*read);
    }

    const Json& json_;
};

using Decode = Action (*)(const Reader&);

/// In the order of the variant; the words are those of word() for a link of no special kind.
constexpr std::array<std::pair<std::string_view, Decode>, std::variant_size_v<Action>> decoders{
    {{"create-link", [](const Reader& in) -> Action { return in.new_link(); }},
     {"delete-link",
      [](const Reader& in) -> Action {
          return DeleteLink{in.name("name"), in.text("kind")};
      }},
     {"attach", [](const Reader& in) -> Action { return in.attachment(); }},
     {"release",
      [](const Reader& in) -> Action {
          return Release{in.name("port"), in.name("bridge"), in.bridge_mac()};
      }},
     {"switch-up",
      [](const Reader& in) -> Action {
          return SwitchUp{in.name("name"), in.maybe("group")};
      }},
     {"switch-down",
      [](const Reader& in) -> Action {
          return SwitchDown{in.name("name"), in.maybe("group")};
      }},
     {"set-mtu",
      [](const Reader& in) -> Action {
          return SetMtu{in.name("name"), in.number("mtu")};
      }},
     {"set-mac",
      [](const Reader& in) -> Action {
          return SetMac{in.name("name"), in.mac()};
      }},
     {"set-group",
      [](const Reader& in) -> Action {
          return SetGroup{in.name("name"), in.number("group")};
      }},
     {"set-options",
      [](const Reader& in) -> Action {
          return SetOptions{in.name("name"), in.text("kind"), in.options()};
      }},
     {"set-port-options",
      [](const Reader& in) -> Action {
          return SetPortOptions{in.name("name"), in.options()};
      }},
     {"set-vlans",
      [](const Reader& in) -> Action {
          return SetVlans{in.name("name"), in.vlans()};
      }},
     {"set-ipv6",
      [](const Reader& in) -> Action {
          const auto what = in.yes("autoconf") ? Ipv6Switch::autoconf : Ipv6Switch::enabled;
          return SetIpv6{in.name("name"), what, in.yes("on")};
      }},
     {"add-address",
      [](const Reader& in) -> Action {
          return AddAddress{in.name("name"), in.address(), in.addresses(), in.extras()};
      }},
     {"remove-address",
      [](const Reader& in) -> Action {
          return RemoveAddress{in.name("name"), in.address()};
      }},
     {"add-route", [](const Reader& in) -> Action { return AddRoute{in.route()}; }},
     {"remove-route", [](const Reader& in) -> Action { return RemoveRoute{in.route()}; }},
     {"handover", [](const Reader& in) -> Action { return in.handover(); }},
     {"set-resolver",
      [](const Reader& in) -> Action {
          return SetResolver{in.bytes("before"), in.bytes("after")};
      }},
     {"set-managed", [](const Reader& in) -> Action {
          return SetManaged{in.name("link"), in.yes("managed")};
      }}}};

Action action_from(std::string_view action, const Reader& in)
{
    for (const auto& [name, decode] : decoders) {
        if (name == action) {
            return decode(in);
        }
    }
    throw std::invalid_argument{fmt::format("unknown action '{}'", action)};
}

Error unreadable(std::string_view why)
{
    return {ErrorCode::external, fmt::format("cannot read a journalled step: {}", why)};
}

std::optional<Guard> guard_from(const Json& json)
{
    if (json.is_null()) {
        return std::nullopt;
    }
    Guard guard{json.at("index").get<int>(), json.at("mark").get<std::uint32_t>()};
    if (!json.at("master").is_null()) {
        guard.master = LinkName::from_kernel(json.at("master").get<std::string>());
    }
    return guard;
}

}  // namespace

Result<Step> decode(std::string_view text)
{
    try {
        const Json line = Json::parse(text);
        const Reader fields{line.at("of")};
        return Step{action_from(line.at("action").get<std::string>(), fields), guard_from(line.at("if"))};
    } catch (const Json::exception& problem) {
        return unreadable(problem.what());
    } catch (const std::invalid_argument& problem) {
        return unreadable(problem.what());
    }
}

}  // namespace kvmkit::net
