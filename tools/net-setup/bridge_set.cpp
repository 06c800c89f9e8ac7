// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "hands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net_setup {
namespace {

/// What state files call stp.enabled is --stp here; the other keys lose their prefix.
std::string flag_of(const net::OptionSpec& spec)
{
    if (spec.key == "stp.enabled") {
        return "stp";
    }
    if (spec.key == "mac-ageing-time") {
        return "ageing-time";
    }
    constexpr std::string_view prefix = "stp.";
    return std::string{spec.key.starts_with(prefix) ? spec.key.substr(prefix.size()) : spec.key};
}

std::string value_of(const net::OptionSpec& spec)
{
    switch (spec.form) {
        case net::OptionForm::boolean: return "on|off";
        case net::OptionForm::seconds: return "TIME";
        case net::OptionForm::protocol: return "802.1q|802.1ad";
        case net::OptionForm::mac: return "MAC";
        case net::OptionForm::word: {
            std::vector<std::string_view> words;
            words.reserve(spec.words.size());
            for (const net::OptionWord& word : spec.words) {
                words.push_back(word.text);
            }
            return fmt::format("{}", fmt::join(words, "|"));
        }
        default: return "NUMBER";
    }
}

std::string meaning_of(const net::OptionSpec& spec)
{
    const bool counted = spec.form == net::OptionForm::number || spec.form == net::OptionForm::seconds;
    const auto unit = spec.form == net::OptionForm::ticks     ? ", in 1/100 s"
                      : spec.form == net::OptionForm::seconds ? " seconds, or as 2m"
                                                              : "";
    const auto range = counted ? fmt::format(": {} to {}", spec.least, spec.most) : std::string{};
    return fmt::format("{} of state files{}{}", spec.key, range, unit);
}

Result<net::BridgeSettings> read_settings(const cli::Arguments& arguments)
{
    const auto name = net::LinkName::parse(arguments.operands().front());
    const auto mtu = read_mtu(arguments);
    if (!name || !mtu) {
        return !name ? name.error() : mtu.error();
    }
    net::BridgeSettings settings{.bridge = *name, .mtu = *mtu};
    if (const auto text = arguments.maybe("mac")) {
        const auto mac = net::MacAddress::parse(*text);
        if (!mac) {
            return mac.error();
        }
        settings.mac = *mac;
    }
    for (const net::OptionSpec& spec : net::bridge_options()) {
        const auto flag = flag_of(spec);
        if (const auto text = arguments.maybe(flag.c_str())) {
            auto option = read_typed(spec, flag, *text);
            if (!option) {
                return std::move(option).error();
            }
            settings.options.push_back(*std::move(option));
        }
    }
    if (settings.options.empty() && !settings.mtu && !settings.mac) {
        return Error{ErrorCode::usage,
                     fmt::format("'net-setup bridge set' was told nothing to set of '{}'", name->str()),
                     "'net-setup bridge set --help' lists the settings"};
    }
    return settings;
}

}  // namespace

void declare_bridge_set(cli::po::options_description_easy_init add)
{
    for (const net::OptionSpec& spec : net::bridge_options()) {
        add(flag_of(spec).c_str(), cli::po::value<std::string>()->value_name(value_of(spec)), meaning_of(spec).c_str());
    }
    add("mac", cli::po::value<std::string>()->value_name("MAC"), "pin the bridge's MAC to this one");
    add("mtu", cli::po::value<std::string>()->value_name("BYTES"), "pin the bridge's MTU");
    declare_change(add);
}

Result<cli::ExitCode> bridge_set(const cli::Arguments& arguments, cli::Console& console)
{
    const auto settings = read_settings(arguments);
    if (!settings) {
        return settings.error();
    }
    return run_hand_command(
        {.name = "bridge set",
         .about = {{"bridge", settings->bridge.str()}},
         .wish = [&settings](const net::Network& network) { return net::wish_to_set(network, *settings); },
         .touched = {settings->bridge}},
        arguments,
        console);
}

}  // namespace kvmkit::net_setup
