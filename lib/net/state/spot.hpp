// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/state/mistakes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <span>

namespace kvmkit::net {

/// What reading leaves beside the wishes.
struct Findings {
    Mistakes mistakes = {};
    std::map<KeyPath, Place> other_names = {};  ///< Of values whose key has several spellings.
};

/// A value of a state file, and where to tell what is wrong with it. Lives as long as tree and findings.
class Spot {
public:
    Spot(const Node& node, Findings& findings) : node_(&node), findings_(&findings) {}

    [[nodiscard]] const Node& node() const { return *node_; }
    [[nodiscard]] KeyPath path() const { return path_to(*node_); }
    [[nodiscard]] const std::string& key() const { return node_->key; }
    /// Written without a value.
    [[nodiscard]] bool is_nothing() const { return node_->kind == Node::Kind::nothing; }

    /// The key is another spelling of this one: who looks for the place of either finds it here.
    void also_known_as(std::string_view key) const;

    void complain(std::string message, std::string hint = {}) const;
    void complain_of_key(std::string message, std::string hint = {}) const;

    /// The values of a map; none, and a mistake, where something else stands. Nothing at all is an empty map.
    [[nodiscard]] std::vector<Spot> entries() const;
    /// The value of one key, if it is there and is not nothing.
    [[nodiscard]] std::optional<Spot> entry(std::string_view key) const;
    /// The same, or this value itself where there is none: for complaints.
    [[nodiscard]] Spot near(std::string_view key) const { return entry(key).value_or(*this); }
    /// The items of a list, in the same way.
    [[nodiscard]] std::vector<Spot> items() const;

    /// A plain value; absent, after a mistake, where something else stands.
    [[nodiscard]] std::optional<std::string> text() const;
    [[nodiscard]] std::optional<bool> boolean() const;
    [[nodiscard]] std::optional<std::uint64_t> number(std::uint64_t least, std::uint64_t most) const;

    /// The value as a type of the model reads it; absent, after a mistake, where that refuses.
    template <class T>
    [[nodiscard]] std::optional<T> read(Result<T> (*parse)(std::string_view)) const
    {
        const auto word = text();
        return word ? take(parse(*word)) : std::nullopt;
    }

    template <class T>
    [[nodiscard]] std::optional<T> take(Result<T> result) const
    {
        if (!result) {
            complain(result.error().message, result.error().hint);
            return std::nullopt;
        }
        return *std::move(result);
    }

private:
    [[nodiscard]] std::vector<Spot> children(Node::Kind kind, std::string_view wanted) const;

    const Node* node_;
    Findings* findings_;
};

/// What is done with one key of a map.
template <class Target>
struct KeyRow {
    std::string_view key;
    void (*read)(const Spot&, Target&) = nullptr;  ///< Null, and no refusal: it tells, and asks for nothing.
    std::string_view refusal = {};                 ///< Not supported: what to do instead.
    bool off_is_fine = false;                      ///< Refused unless it only says that the thing is off.
};

/// Tells that a key is unknown, and which one was probably meant.
void complain_of_unknown(const Spot& value, std::span<const std::string> known);

/// Tells that a key is not supported.
void refuse(const Spot& value, std::string_view instead);

/// Reads one entry of a map by the table. False: the table does not know the key.
template <class Target>
bool read_entry(const Spot& value, std::span<const KeyRow<Target>> rows, Target& target)
{
    const auto row = std::ranges::find(rows, value.key(), &KeyRow<Target>::key);
    if (row == rows.end()) {
        return false;
    }
    if (row->read != nullptr && !value.is_nothing()) {
        row->read(value, target);
    }
    if (!row->refusal.empty() && !(row->off_is_fine && says_off(value.node()))) {
        refuse(value, row->refusal);
    }
    return true;
}

template <class Target>
std::vector<std::string> keys_of(std::span<const KeyRow<Target>> rows)
{
    std::vector<std::string> keys;
    keys.reserve(rows.size());
    for (const auto& row : rows) {
        if (row.refusal.empty() || row.off_is_fine) {
            keys.emplace_back(row.key);
        }
    }
    return keys;
}

/// Reads a map by a table of its keys.
template <class Target>
void read_map(const Spot& map, std::span<const KeyRow<Target>> rows, Target& target)
{
    for (const Spot& value : map.entries()) {
        if (!read_entry(value, rows, target)) {
            complain_of_unknown(value, keys_of(rows));
        }
    }
}

/// Another spelling of an option's key.
struct Alias {
    std::string_view alias;
    std::string_view key;
};

/// A table of options as one place of a state file spells it.
struct OptionTable {
    std::span<const OptionSpec> specs;
    std::string_view prefix = {};  ///< Stands before the key in the table.
    std::span<const Alias> aliases = {};
};

/// Reads an option by its key, or its alias, in a table. False: the table has no such key.
bool read_option_of(const Spot& value, const OptionTable& table, LinkOptions& options);

/// Tells of keys of a map that are one setting and have different values.
void judge_aliases(const Spot& map, const OptionTable& table);

/// The keys of a table of options, as the place spells them.
std::vector<std::string> keys_of(const OptionTable& table);

}  // namespace kvmkit::net
