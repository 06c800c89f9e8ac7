// SPDX-License-Identifier: Apache-2.0
#include "setup/dpkg.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr std::size_t max_status_bytes = 256U << 20U;

bool in_middle(const Package& package)
{
    constexpr std::array<std::string_view, 3> middle{"unpacked", "half-installed", "half-configured"};
    return std::ranges::find(middle, package.state) != middle.end();
}

bool has_files(const Package& package)
{
    return package.state == "installed" || package.state.starts_with("triggers-");
}

/// Takes "Name: value" into the package; continuation lines and other fields are passed over.
void take_field(Package& package, std::string_view line)
{
    const auto colon = line.find(':');
    if (line.empty() || line.front() == ' ' || line.front() == '\t' || colon == std::string_view::npos) {
        return;
    }
    const auto name = line.substr(0, colon);
    const std::string value{trim(line.substr(colon + 1))};
    if (name == "Package") {
        package.name = value;
    } else if (name == "Architecture") {
        package.architecture = value;
    } else if (name == "Version") {
        package.version = value;
    } else if (name == "Status") {
        const auto parts = words(value);
        package.state = parts.empty() ? std::string{} : std::string{parts.back()};
    }
}

/// A dpkg that was cut off leaves what it had not yet merged into its database in files named by numbers.
std::vector<std::string> update_files(const Root& root)
{
    auto names = root.names("var/lib/dpkg/updates");
    auto files = names && *names ? std::move(**names) : std::vector<std::string>{};
    std::erase_if(files,
                  [](const std::string& name) { return name.find_first_not_of("0123456789") != std::string::npos; });
    return files;
}

std::optional<std::string> version_of(const std::map<std::string, Package>& packages, const std::string& key)
{
    const auto found = packages.find(key);
    const bool there = found != packages.end() && is_present(found->second.state);
    return there ? std::optional{found->second.version} : std::nullopt;
}

std::string state_of(const std::map<std::string, Package>& packages, const std::string& key)
{
    const auto found = packages.find(key);
    return found == packages.end() ? std::string{"not-installed"} : found->second.state;
}

}  // namespace

PackageTable PackageTable::parse(std::string_view status)
{
    PackageTable table;
    Package current;
    auto finish = [&table, &current] {
        if (current.name == "dpkg") {
            table.architecture_ = current.architecture;
        }
        if (!current.name.empty()) {
            auto key = current.name + ':' + current.architecture;
            table.packages_.insert_or_assign(std::move(key), std::move(current));
        }
        current = {};
    };
    for (const auto line : lines(status)) {
        if (line.empty()) {
            finish();
        } else {
            take_field(current, line);
        }
    }
    finish();
    return table;
}

PackageTable PackageTable::of(std::vector<Package> packages, std::string architecture)
{
    PackageTable table;
    table.architecture_ = std::move(architecture);
    for (Package& package : packages) {
        auto key = package.name + ':' + package.architecture;
        table.packages_.insert_or_assign(std::move(key), std::move(package));
    }
    return table;
}

const Package* PackageTable::installed(const std::string& name) const
{
    for (const std::string& architecture : {architecture_, std::string{"all"}}) {
        const auto found = packages_.find(fmt::format("{}:{}", name, architecture));
        if (found != packages_.end() && has_files(found->second)) {
            return &found->second;
        }
    }
    return nullptr;
}

std::vector<Package> PackageTable::unfinished() const
{
    std::vector<Package> found;
    for (const auto& [key, package] : packages_) {
        if (in_middle(package)) {
            found.push_back(package);
        }
    }
    return found;
}

Result<PackageTable> read_packages(const Root& root)
{
    auto text = root.read("var/lib/dpkg/status", max_status_bytes);
    if (!text) {
        return std::move(text).error();
    }
    if (!*text) {
        return Error{ErrorCode::not_found,
                     "cannot read package database '/var/lib/dpkg/status': there is none",
                     "host-setup needs a host that dpkg manages"};
    }
    const auto updates = update_files(root);
    for (const std::string& name : updates) {
        if (const auto update = root.read("var/lib/dpkg/updates/" + name, max_status_bytes); update && *update) {
            **text += "\n\n" + **update;
        }
    }
    auto table = PackageTable::parse(**text);
    table.interrupted = !updates.empty();
    return table;
}

std::vector<PackageChange> changes_between(const PackageTable& before, const PackageTable& after)
{
    std::map<std::string, std::string> names;
    for (const auto* table : {&before, &after}) {
        for (const auto& [key, package] : table->all()) {
            names.emplace(key, package.name);
        }
    }
    std::vector<PackageChange> changes;
    for (const auto& [key, name] : names) {
        PackageChange change{
            name, version_of(before.all(), key), version_of(after.all(), key), state_of(after.all(), key)};
        if (change.before != change.after || state_of(before.all(), key) != change.state) {
            changes.push_back(std::move(change));
        }
    }
    return changes;
}

std::string describe(const PackageChange& change)
{
    return fmt::format("{} {} ({})", change.name, change.after.value_or(change.before.value_or("")), change.state);
}

}  // namespace kvmkit::setup
