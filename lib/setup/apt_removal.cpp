// SPDX-License-Identifier: Apache-2.0
#include "setup/apt.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

/// Nothing but what is named goes, and settings only where that is said, whatever the host's own configuration says.
const std::vector<std::string>& no_more()
{
    static const std::vector<std::string> options{"-oAPT::Get::AutomaticRemove=false", "-oAPT::Get::Purge=false"};
    return options;
}

std::vector<std::string> joined(std::vector<std::string> words, const std::vector<std::string>& more)
{
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

}  // namespace

Result<std::vector<QueriedPackage>> Apt::query(const std::vector<std::string>& names)
{
    auto argv = joined({"dpkg-query", "--show", query_format}, names);
    const auto ended = run(std::move(argv));  // ends with 1 where it does not know one of them
    if (!ended) {
        return ended.error();
    }
    auto packages = read_query(ended->out);
    std::erase_if(packages, [&](const QueriedPackage& package) {
        return std::ranges::none_of(names, [&](const std::string& name) { return package.is(name); });
    });
    return packages;
}

Result<std::vector<std::string>> Apt::present(const std::vector<std::string>& names)
{
    const auto known = query(names);
    if (!known) {
        return known.error();
    }
    auto there = names;
    std::erase_if(there, [&](const std::string& name) {
        return std::ranges::none_of(*known, [&](const QueriedPackage& each) { return each.is(name) && each.there(); });
    });
    return there;
}

Result<void> Apt::check_removal(const std::vector<std::string>& names)
{
    const auto there = present(names);
    if (!there || there->empty()) {
        return there ? Result<void>{} : there.error();
    }
    const auto foreseen = run(apt_get(joined(joined({"-s"}, no_more()), joined({"remove"}, *there))));
    if (!foreseen) {
        return foreseen.error();
    }
    if (foreseen->status != 0) {
        return failure("find out what a removal would take along", *foreseen);
    }
    auto price = read_simulation(foreseen->out);
    std::erase_if(price.remove,
                  [&](const std::string& name) { return std::ranges::find(*there, name) != there->end(); });
    if (!price.remove.empty()) {
        return Error{ErrorCode::refused,
                     fmt::format("{} would have to go, too", fmt::join(price.remove, ", ")),
                     fmt::format("remove that first, if nobody wants it: apt-get remove {}; or leave out --packages",
                                 fmt::join(price.remove, " "))};
    }
    if (!price.install.empty()) {
        return Error{ErrorCode::refused,
                     fmt::format("apt would bring {} in their place", price.install.front().name),
                     fmt::format("look at it with: apt-get -s remove {}", fmt::join(*there, " "))};
    }
    return {};
}

Result<void> Apt::remove(const std::vector<std::string>& names)
{
    // apt does nothing while dpkg's records of a run that was cut off lie about; its answer counts.
    const auto merged = run({"dpkg", "--force-confdef", "--force-confold", "--configure", "-a"});
    if (!merged) {
        return merged.error();
    }
    if (auto alone = check_removal(names); !alone) {
        return alone;
    }
    const auto there = present(names);
    if (!there || there->empty()) {
        return there ? Result<void>{} : there.error();
    }
    const auto ended = run(apt_get(joined(no_more(), joined({"remove"}, *there))));
    if (!ended) {
        return ended.error();
    }
    if (ended->status != 0) {
        return failure("remove packages", *ended);
    }
    return {};
}

Result<std::vector<std::string>> Apt::edited_of(const QueriedPackage& package)
{
    if (package.settings.empty()) {
        return std::vector<std::string>{};
    }
    std::vector<std::string> argv{"md5sum", "--"};
    for (const auto& setting : package.settings) {
        argv.push_back(setting.path);
    }
    const auto sums = run(std::move(argv));  // ends with 1 where one of them is not there
    return sums ? Result<std::vector<std::string>>{edited_settings(package, sums->out)} : sums.error();
}

Result<std::vector<std::string>> Apt::edited_files(const std::vector<std::string>& names)
{
    const auto known = query(names);
    if (!known) {
        return known.error();
    }
    std::vector<std::string> files;
    for (const QueriedPackage& package : *known) {
        const auto edited = package.there() ? Result<std::vector<std::string>>{} : edited_of(package);
        if (!edited) {
            return edited.error();
        }
        files.insert(files.end(), edited->begin(), edited->end());
    }
    return files;
}

Result<void> Apt::purge(const std::vector<std::string>& names)
{
    const auto known = query(names);
    if (!known) {
        return known.error();
    }
    std::vector<std::string> unedited;
    for (const std::string& name : names) {
        const auto found =
            std::ranges::find_if(*known, [&](const QueriedPackage& each) { return each.is(name) && !each.there(); });
        if (found == known->end() || found->state != "config-files") {
            continue;
        }
        const auto edited = edited_of(*found);
        if (!edited) {
            return edited.error();
        }
        if (edited->empty()) {
            unedited.push_back(name);
        }
    }
    if (unedited.empty()) {
        return {};
    }
    const auto ended = run(apt_get(joined({no_more().front(), "purge"}, unedited)));
    if (!ended) {
        return ended.error();
    }
    return ended->status == 0 ? Result<void>{} : failure("remove the settings of packages", *ended);
}

}  // namespace kvmkit::setup
