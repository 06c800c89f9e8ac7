// SPDX-License-Identifier: Apache-2.0
#include "apply.hpp"
#include "commands.hpp"
#include "render.hpp"

#include "setup/installer.hpp"
#include "setup/sources/change.hpp"
#include "setup/sources/ended.hpp"
#include "setup/sources/measure.hpp"
#include "setup/sources/used.hpp"
#include "setup/sources/workshop.hpp"
#include "system/runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

using cli::Json;

/// What stands for the name of a mirror that the host has.
constexpr const char* in_use = "(now)";

/// The same for the archive of releases that have ended.
constexpr const char* kept = "(ended)";

/// What all four look at.
struct Scene {
    Root root;
    setup::Distribution distribution;
    setup::ArchiveKinds kinds;
    setup::ReleaseMark release;
    setup::MirrorCatalogue catalogue;
    std::vector<std::string> used;  ///< The distribution's archives that the host has now.
};

/// "amd64", "x86_64".
Result<std::string> read_architecture(const Root& root, const setup::Distribution& distribution)
{
    if (distribution.installer != setup::Installer::apt) {
        return setup::architecture_of(root);
    }
    const auto packages = setup::read_packages(root);
    return packages ? Result<std::string>{packages->architecture()} : packages.error();
}

Result<Scene> look(const std::string& directory)
{
    auto root = Root::open(directory);
    if (!root) {
        return std::move(root).error();
    }
    auto distribution = setup::detect_distribution(*root);
    const auto architecture = distribution ? read_architecture(*root, *distribution) : distribution.error();
    auto catalogue = setup::load_mirrors(*root, shipped_mirrors());
    if (!architecture || !catalogue) {
        return !architecture ? architecture.error() : catalogue.error();
    }
    auto kinds = archive_kinds(*distribution, *architecture);
    if (kinds.main.empty()) {
        return Error{ErrorCode::refused,
                     fmt::format("cannot look for mirrors of '{}': no public one is known", distribution->name),
                     "host-setup detect"};
    }
    auto used = setup::archives_in_use(*root, *distribution, *catalogue);
    if (!used) {
        return std::move(used).error();
    }
    auto release = setup::release_mark(*distribution, *architecture);
    return Scene{std::move(*root),
                 std::move(*distribution),
                 std::move(kinds),
                 std::move(release),
                 std::move(*catalogue),
                 std::move(*used)};
}

/// The catalogue's mirrors that have this distribution, or those that were named; and what the host has now.
Result<std::vector<setup::Candidate>> candidates(const Scene& scene, const std::vector<std::string>& named)
{
    std::vector<setup::Candidate> found;
    for (const std::string& uri : scene.used) {
        found.push_back({in_use, uri});
    }
    for (const setup::Mirror& mirror : scene.catalogue.mirrors) {
        const auto archive = mirror.archive(scene.kinds.main);
        const bool wanted = named.empty() || std::ranges::find(named, mirror.name) != named.end();
        if (wanted && !archive.empty()) {
            found.push_back({mirror.name, archive});
        }
    }
    for (const std::string& name : named) {
        if (scene.catalogue.find(name) != nullptr) {
            continue;
        }
        auto uri = setup::parse_archive_uri(name);
        if (!uri) {
            return std::move(uri).error();
        }
        found.push_back({name, std::move(*uri)});
    }
    return found;
}

Json measured_record(const setup::Measurement& each)
{
    Json record{{"name", each.candidate.name},
                {"archive", each.candidate.archive},
                {"first_byte_ms", Json()},
                {"whole_ms", Json()},
                {"bytes", Json()},
                {"bytes_per_second", Json()},
                {"problem", each.fetched ? Json() : Json(each.problem)}};
    if (each.fetched) {
        record["first_byte_ms"] = each.fetched->first_byte.count();
        record["whole_ms"] = each.fetched->whole.count();
        record["bytes"] = each.fetched->size.count();
        record["bytes_per_second"] = static_cast<std::uint64_t>(each.fetched->bytes_per_second());
    }
    return record;
}

/// The one that is to be used by what was measured; null: none answers.
const setup::Candidate* fastest(const std::vector<setup::Measurement>& results)
{
    return !results.empty() && results.front().fetched ? &results.front().candidate : nullptr;
}

/// What all mirrors lack has ended, and its vendor's archive is measured in their place. The command that turns to it;
/// empty: somebody answers, or nobody at all.
std::string measure_ended(const setup::Fetcher& fetcher,
                          const Scene& scene,
                          const setup::MeasureOrder& order,
                          std::vector<setup::Measurement>& results)
{
    const bool lacked = std::ranges::any_of(results, &setup::Measurement::lacks_release);
    const bool served = fastest(results) != nullptr;
    const auto ended =
        lacked && !served ? setup::find_ended(fetcher, scene.catalogue, scene.kinds, order) : std::nullopt;
    if (!ended) {
        return {};
    }
    auto there = setup::measure(fetcher, {{kept, ended->archive}}, order);
    results.insert(results.begin(), std::move(there.front()));
    return ended->use();
}

void print_choice(const cli::Console& console, const setup::Candidate& choice, const std::string& use_ended)
{
    if (!use_ended.empty()) {
        console.note(fmt::format("the release has ended and is kept at {}: {}", choice.archive, use_ended));
        return;
    }
    console.note(choice.name == in_use ? std::string{"the fastest is what this host has"}
                                       : fmt::format("the fastest: host-setup mirror use {}", choice.name));
}

void print_measured(const cli::Console& console, const std::vector<setup::Measurement>& results)
{
    for (const auto& each : results) {
        if (each.fetched) {
            console.out << fmt::format("{:<14} {:>6} ms  {:>6} ms  {:>8}/s  {}\n",
                                       each.candidate.name,
                                       each.fetched->first_byte.count(),
                                       each.fetched->whole.count(),
                                       human(Bytes::of(static_cast<std::uint64_t>(each.fetched->bytes_per_second()))),
                                       each.candidate.archive);
        } else {
            console.out << fmt::format("{:<14} {}  ({})\n", each.candidate.name, each.problem, each.candidate.archive);
        }
    }
}

Result<cli::ExitCode> change_mirror(const std::string& mirror,
                                    const cli::Arguments& arguments,
                                    const cli::Console& console)
{
    if (auto allowed = check_root("change where packages come from", "sudo host-setup mirror ..."); !allowed) {
        return allowed.error();
    }
    auto request = read_request(arguments, {setup::Component::mirror});
    if (!request) {
        return std::move(request).error();
    }
    const bool security = !mirror.empty() && arguments.has("security");
    request->mirror = setup::MirrorOrder{mirror, security, shipped_mirrors()};
    return carry_out(*request, arguments, console);
}

}  // namespace

void declare_mirror_list(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
    add("root", cli::po::value<std::string>()->value_name("DIR"), "look at an image or a recorded host instead");
}

Result<cli::ExitCode> run_mirror_list(const cli::Arguments& arguments, cli::Console& console)
{
    const auto scene = look(arguments.maybe("root").value_or("/"));
    if (!scene) {
        return scene.error();
    }
    Json mirrors = Json::array();
    for (const setup::Mirror& mirror : scene->catalogue.mirrors) {
        const auto archive = mirror.archive(scene->kinds.main);
        if (archive.empty()) {
            continue;
        }
        const bool used = std::ranges::find(scene->used, archive) != scene->used.end();
        mirrors.push_back({{"name", mirror.name}, {"where", mirror.where}, {"archive", archive}, {"used", used}});
        if (!arguments.has("json")) {
            console.out << fmt::format("{} {:<14} {:<16} {}\n", used ? '*' : ' ', mirror.name, mirror.where, archive);
        }
    }
    if (arguments.has("json")) {
        print_json(console,
                   {{"schema", cli::schema_name("host-setup", "mirror list")},
                    {"kind", scene->kinds.main},
                    {"used", scene->used},
                    {"mirrors", std::move(mirrors)}});
    }
    return cli::ExitCode::ok;
}

void declare_mirror_test(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
    add("timeout",
        cli::po::value<std::string>()->value_name("SECONDS")->default_value("10"),
        "how long to wait for each mirror");
}

Result<cli::ExitCode> run_mirror_test(const cli::Arguments& arguments, cli::Console& console)
{
    const auto timeout = parse_duration(arguments.text("timeout"));
    if (!timeout) {
        return Error{ErrorCode::usage, "--timeout: " + timeout.error().message, timeout.error().hint};
    }
    const auto scene = look("/");
    const auto chosen =
        scene ? candidates(*scene, arguments.operands()) : Result<std::vector<setup::Candidate>>{scene.error()};
    if (!chosen) {
        return chosen.error();
    }
    SystemRunner runner;
    const auto fetcher = setup::open_fetcher(scene->distribution.installer, runner);
    const auto workshop = setup::Workshop::open("/", fmt::format("mirror-test-{}", ::getpid()));
    const auto folder = workshop ? workshop->folder("files") : Result<std::filesystem::path>{workshop.error()};
    if (!fetcher || !folder) {
        return fetcher ? folder.error() : fetcher.error();
    }
    const setup::MeasureOrder order{scene->release, *folder, *timeout};
    auto results = setup::measure(**fetcher, *chosen, order);
    const auto use_ended = measure_ended(**fetcher, *scene, order, results);
    const setup::Candidate* choice = fastest(results);
    if (arguments.has("json")) {
        Json records = Json::array();
        for (const auto& each : results) {
            records.push_back(measured_record(each));
        }
        print_json(console,
                   {{"schema", cli::schema_name("host-setup", "mirror test")},
                    {"suite", scene->release.name},
                    {"fastest", choice != nullptr ? Json(choice->archive) : Json()},
                    {"mirrors", std::move(records)}});
    } else {
        print_measured(console, results);
        if (choice != nullptr) {
            print_choice(console, *choice, use_ended);
        }
    }
    return choice != nullptr ? cli::ExitCode::ok : cli::ExitCode::no;
}

void declare_mirror_use(cli::po::options_description_easy_init add)
{
    declare_run_options(add);
    add("security", "take security updates from there, too: they come later than from their vendor");
}

Result<cli::ExitCode> run_mirror_use(const cli::Arguments& arguments, cli::Console& console)
{
    return change_mirror(arguments.operands().front(), arguments, console);
}

void declare_mirror_restore(cli::po::options_description_easy_init add)
{
    declare_run_options(add);
}

Result<cli::ExitCode> run_mirror_restore(const cli::Arguments& arguments, cli::Console& console)
{
    return change_mirror({}, arguments, console);
}

}  // namespace kvmkit::host_setup
