// SPDX-License-Identifier: Apache-2.0
#include "setup/pacman_conflicts.hpp"

#include <algorithm>

namespace kvmkit::setup {
namespace {

/// "foo>=1.2" taken apart; without a version both others are empty.
struct Wish {
    std::string_view name;
    std::string_view relation;
    std::string_view version;
};

Wish take_apart(std::string_view text)
{
    constexpr std::string_view signs = "<>=";
    const auto begin = text.find_first_of(signs);
    if (begin == std::string_view::npos) {
        return {text, {}, {}};
    }
    const auto end = std::min(text.find_first_not_of(signs, begin), text.size());
    return {text.substr(0, begin), text.substr(begin, end - begin), text.substr(end)};
}

bool holds(std::string_view version, const Wish& wish, const CompareVersions& compare)
{
    const int order = compare(std::string{version}, std::string{wish.version});
    const auto allows = [&wish](char sign) { return wish.relation.find(sign) != std::string_view::npos; };
    return (order < 0 && allows('<')) || (order > 0 && allows('>')) || (order == 0 && allows('='));
}

bool any_satisfied(const std::vector<std::string>& wishes, const PacmanPackage& by, const CompareVersions& compare)
{
    return std::ranges::any_of(wishes, [&](const std::string& wish) { return satisfies(by, wish, compare); });
}

}  // namespace

bool satisfies(const PacmanPackage& package, std::string_view wanted, const CompareVersions& compare)
{
    const auto wish = take_apart(wanted);
    if (package.name == wish.name && (wish.relation.empty() || holds(package.version, wish, compare))) {
        return true;
    }
    return std::ranges::any_of(package.provides, [&](const std::string& text) {
        const auto provided = take_apart(text);
        // What is provided without a version meets no wish for one.
        const bool version = !provided.version.empty() && !wish.relation.empty();
        return provided.name == wish.name &&
               (wish.relation.empty() || (version && holds(provided.version, wish, compare)));
    });
}

std::vector<std::string> packages_to_go(const std::vector<PacmanPackage>& coming,
                                        const std::vector<PacmanPackage>& there,
                                        const CompareVersions& compare)
{
    std::vector<std::string> found;
    for (const PacmanPackage& old : there) {
        if (std::ranges::find(coming, old.name, &PacmanPackage::name) != coming.end()) {
            continue;  // its own newer version comes
        }
        const bool goes = std::ranges::any_of(coming, [&](const PacmanPackage& each) {
            return any_satisfied(each.conflicts, old, compare) || any_satisfied(old.conflicts, each, compare) ||
                   any_satisfied(each.replaces, old, compare);
        });
        if (goes) {
            found.push_back(old.name);
        }
    }
    return found;
}

}  // namespace kvmkit::setup
