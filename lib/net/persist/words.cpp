// SPDX-License-Identifier: Apache-2.0
#include "net/persist/words.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

std::string formed(std::string value, WordForm form)
{
    const bool on = value == "true" || value == "1" || value == "delivered";
    switch (form) {
        case WordForm::plain: return value;
        case WordForm::yes_no: return on ? "yes" : "no";
        case WordForm::no_yes: return on ? "no" : "yes";
        case WordForm::on_off: return on ? "on" : "off";
        case WordForm::milliseconds: return value + "ms";
        case WordForm::pvid: return value == "0" ? "none" : value;
        case WordForm::list: std::ranges::replace(value, ',', ' '); return value;
        case WordForm::upper: return value == "802.1q" ? "802.1Q" : value;
    }
    return value;
}

}  // namespace

Error cannot_say(const KeptLink& link, std::string_view what, Manager manager)
{
    return {ErrorCode::unsupported,
            fmt::format("cannot keep link '{}': {} has no words for {}", link.name.str(), full_name(manager), what),
            "--manager none keeps everything, by a unit that runs net-setup at boot"};
}

Result<Settings> translated(const KeptLink& link,
                            const Settings& settings,
                            std::span<const ManagerWord> words,
                            Manager manager)
{
    Settings theirs;
    for (const Setting& setting : settings) {
        const auto row = std::ranges::find(words, setting.key, &ManagerWord::key);
        if (row == words.end()) {
            return cannot_say(link, fmt::format("{} ({})", setting.key, setting.value), manager);
        }
        if (!row->theirs.empty()) {
            theirs.push_back({std::string{row->theirs}, formed(setting.value, row->form)});
        }
    }
    return theirs;
}

std::string value_of(const Settings& settings, std::string_view key)
{
    const auto found = std::ranges::find(settings, key, &Setting::key);
    return found == settings.end() ? std::string{} : found->value;
}

VlanSet tagged_of(const VlanMembership& vlans)
{
    VlanSet native = vlans.untagged;
    if (vlans.pvid) {
        native.add(*vlans.pvid);
    }
    return vlans.members.without(native);
}

}  // namespace kvmkit::net
