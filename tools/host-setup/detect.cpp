// SPDX-License-Identifier: Apache-2.0
#include "setup/detect.hpp"

#include "apply.hpp"
#include "commands.hpp"
#include "render.hpp"
#include "setup/installer.hpp"
#include "system/root.hpp"

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

using cli::Json;

Json distribution_record(const setup::Detection& detection)
{
    if (!detection.distribution) {
        return {};
    }
    const setup::Distribution& distribution = *detection.distribution;
    return {{"id", distribution.id},
            {"version", distribution.version.empty() ? Json() : Json(distribution.version)},
            {"name", distribution.name},
            {"family", word(distribution.family)},
            {"suite", distribution.suite.empty() ? Json() : Json(distribution.suite)},
            {"tier", word(distribution.tier)},
            {"package_manager", word(distribution.installer)}};
}

void print_record(const cli::Console& console, const setup::Detection& detection, bool live)
{
    Json evidence = Json::array();
    for (const setup::Evidence& each : detection.evidence) {
        evidence.push_back({{"about", each.about}, {"path", each.path}, {"found", each.found}});
    }
    Json refusal;
    if (detection.refusal) {
        refusal = {{"message", detection.refusal->message}, {"hint", detection.refusal->hint}};
    }
    print_json(console,
               {{"schema", cli::schema_name("host-setup", "detect")},
                {"live", live},
                {"served", detection.served()},
                {"refusal", std::move(refusal)},
                {"distribution", distribution_record(detection)},
                {"init", word(detection.init)},
                {"libvirt",
                 {{"installed", detection.libvirt_installed},
                  {"mode", detection.libvirt ? Json(word(*detection.libvirt)) : Json()}}},
                {"evidence", std::move(evidence)},
                {"notes", detection.notes}});
}

void print_line(const cli::Console& console, std::string_view name, std::string_view text)
{
    console.out << fmt::format("  {:<16}  {}\n", name, text);
}

std::string libvirt_text(const setup::Detection& detection)
{
    const auto mode = detection.libvirt ? word(*detection.libvirt) : "monolithic or modular";
    return detection.libvirt_installed ? std::string{mode} : fmt::format("not installed; it comes {}", mode);
}

void print_text(const cli::Console& console, const setup::Detection& detection)
{
    if (detection.distribution) {
        const setup::Distribution& distribution = *detection.distribution;
        console.out << distribution.name << '\n';
        print_line(console,
                   "family",
                   distribution.suite.empty() ? std::string{word(distribution.family)}
                                              : fmt::format("{} ({})", word(distribution.family), distribution.suite));
        print_line(console, "tier", word(distribution.tier));
        print_line(console, "package manager", word(distribution.installer));
    }
    print_line(console, "init system", word(detection.init));
    print_line(console, "libvirt", libvirt_text(detection));
    console.out << "what was read:\n";
    for (const setup::Evidence& each : detection.evidence) {
        print_line(console, each.about, fmt::format("{}: {}", each.path, each.found));
    }
    print_notes(console, detection.notes);
    if (detection.refusal) {
        console.out << paint("refused: ", cli::Colour::red, console.out_colour) << detection.refusal->message
                    << "\n  hint: " << detection.refusal->hint << '\n';
    }
}

}  // namespace

void declare_detect(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
    add("root", cli::po::value<std::string>()->value_name("DIR"), "look at an image or a recorded host instead");
}

Result<cli::ExitCode> run_detect(const cli::Arguments& arguments, cli::Console& console)
{
    const auto root = Root::open(arguments.maybe("root").value_or("/"));
    if (!root) {
        return root.error();
    }
    const auto detection = setup::detect(*root, shipped_packages());
    if (arguments.has("json")) {
        print_record(console, detection, root->is_this_host());
    } else {
        print_text(console, detection);
    }
    return detection.served() ? cli::ExitCode::ok : cli::ExitCode::no;
}

}  // namespace kvmkit::host_setup
