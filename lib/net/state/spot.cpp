// SPDX-License-Identifier: Apache-2.0
#include "net/state/spot.hpp"

#include "base/suggest.hpp"
#include "net/model/scalar.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr std::size_t most_keys_shown = 12;

std::string_view name_of(Node::Kind kind)
{
    switch (kind) {
        case Node::Kind::nothing: return "nothing";
        case Node::Kind::scalar: return "a single value";
        case Node::Kind::list: return "a list";
        case Node::Kind::map: break;
    }
    return "a map of keys";
}

/// How what stands there becomes what is expected.
std::string how_to_write(Node::Kind wanted, const Node& node)
{
    if (wanted == Node::Kind::list) {
        return node.kind == Node::Kind::scalar ? fmt::format("write [{}]", node.text) : "begin each item with '- '";
    }
    if (wanted == Node::Kind::map) {
        return node.kind == Node::Kind::list ? "leave the '- ' out" : "write a key, ':' and its value";
    }
    return {};
}

}  // namespace

void Spot::also_known_as(std::string_view key) const
{
    auto above = path();
    above.resize(above.size() - node_->key.size());
    findings_->other_names.emplace(above.append(key), node_->place);
}

void Spot::complain(std::string message, std::string hint) const
{
    findings_->mistakes.add({node_->place, path(), std::move(message), std::move(hint)});
}

void Spot::complain_of_key(std::string message, std::string hint) const
{
    const Place place = node_->key.empty() ? node_->place : node_->key_place;
    findings_->mistakes.add({place, path(), std::move(message), std::move(hint)});
}

std::vector<Spot> Spot::children(Node::Kind kind, std::string_view wanted) const
{
    std::vector<Spot> spots;
    if (is_nothing()) {
        return spots;
    }
    if (node_->kind != kind) {
        complain(fmt::format("{} is expected here, and {} stands here", wanted, name_of(node_->kind)),
                 how_to_write(kind, *node_));
        return spots;
    }
    spots.reserve(node_->children.size());
    for (const Node& child : node_->children) {
        spots.emplace_back(child, *findings_);
    }
    return spots;
}

std::vector<Spot> Spot::entries() const
{
    return children(Node::Kind::map, "a map of keys");
}

std::optional<Spot> Spot::entry(std::string_view key) const
{
    const Node* found = find(*node_, key);
    if (found == nullptr || found->kind == Node::Kind::nothing) {
        return std::nullopt;
    }
    return Spot{*found, *findings_};
}

std::vector<Spot> Spot::items() const
{
    return children(Node::Kind::list, "a list");
}

std::optional<std::string> Spot::text() const
{
    if (node_->kind == Node::Kind::scalar) {
        return node_->text;
    }
    complain(fmt::format("a single value is expected here, and {} stands here", name_of(node_->kind)));
    return std::nullopt;
}

std::optional<bool> Spot::boolean() const
{
    const auto word = text();
    if (!word) {
        return std::nullopt;
    }
    const auto on = read_boolean(*word);
    if (!on) {
        complain(fmt::format("'{}' is no boolean", *word), "write true or false");
    }
    return on;
}

std::optional<std::uint64_t> Spot::number(std::uint64_t least, std::uint64_t most) const
{
    const auto word = text();
    if (!word) {
        return std::nullopt;
    }
    const auto value = read_number(*word);
    if (!value || *value < least || *value > most) {
        complain(fmt::format("'{}' is no number{}", *word, value ? " that fits here" : ""),
                 fmt::format("give a number from {} to {}", least, most));
        return std::nullopt;
    }
    return value;
}

void complain_of_unknown(const Spot& value, std::span<const std::string> known)
{
    if (value.key() == "<<") {
        value.complain_of_key("merge keys are not supported",
                              "write the keys themselves, or repeat a whole value with an alias");
        return;
    }
    const auto meant = did_you_mean(value.key(), known);
    const auto shown = known.subspan(0, std::min(known.size(), most_keys_shown));
    value.complain_of_key(
        fmt::format("unknown key '{}'", value.key()),
        meant ? fmt::format("did you mean '{}'?", *meant)
              : fmt::format(
                    "known here are {}{}", fmt::join(shown, ", "), shown.size() < known.size() ? " and others" : ""));
}

void refuse(const Spot& value, std::string_view instead)
{
    value.complain_of_key(fmt::format("'{}' is not supported", value.key()), std::string{instead});
}

bool read_option_of(const Spot& value, const OptionTable& table, LinkOptions& options)
{
    const auto alias = std::ranges::find(table.aliases, value.key(), &Alias::alias);
    const auto key =
        alias == table.aliases.end() ? fmt::format("{}{}", table.prefix, value.key()) : std::string{alias->key};
    const auto row = std::ranges::find(table.specs, key, &OptionSpec::key);
    if (row == table.specs.end()) {
        return false;
    }
    if (alias != table.aliases.end()) {
        value.also_known_as(alias->key);
    }
    const auto word = value.is_nothing() ? std::nullopt : value.text();
    if (!word) {
        return true;
    }
    const OptionSpec* spec = &*row;
    const auto other = std::find_if(row + 1, table.specs.end(), [&key](const auto& next) { return next.key == key; });
    if (other != table.specs.end() && word->find(':') != std::string::npos) {
        spec = &*other;  // the row for IPv6
    }
    if (const auto option = value.take(read_option(*spec, *word))) {
        put_option(options, *spec, *option);
    }
    return true;
}

void judge_aliases(const Spot& map, const OptionTable& table)
{
    for (const Alias& pair : table.aliases) {
        const auto alias = map.entry(pair.alias);
        const auto named = map.entry(pair.key);
        if (!alias || !named) {
            continue;
        }
        const auto spec = std::ranges::find(table.specs, pair.key, &OptionSpec::key);
        const auto one = read_option(*spec, alias->node().text);
        const auto other = read_option(*spec, named->node().text);
        if (one && other && *one != *other) {
            alias->complain(fmt::format("'{}' and '{}' are one setting, and differ", pair.alias, pair.key),
                            fmt::format("keep '{}'", pair.key));
        }
    }
}

std::vector<std::string> keys_of(const OptionTable& table)
{
    std::vector<std::string> keys;
    keys.reserve(table.specs.size());
    for (const OptionSpec& spec : table.specs) {
        if (spec.key.starts_with(table.prefix)) {
            const auto key = spec.key.substr(table.prefix.size());
            keys.emplace_back(key.substr(0, key.find('.')));
        }
    }
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

}  // namespace kvmkit::net
