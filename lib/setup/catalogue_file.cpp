// SPDX-License-Identifier: Apache-2.0
#include "setup/catalogue.hpp"
#include "setup/internal/builtin_packages.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::setup {
namespace {

using Json = nlohmann::json;

constexpr const char* schema = "kvmkit.packages/1";
constexpr std::array all_bundles{
    Bundle::hypervisor, Bundle::tools, Bundle::guest_images, Bundle::desktop, Bundle::modules, Bundle::init_scripts};

/// A text of an object; empty where it is missing or no text.
std::string text_in(const Json& object, const char* name)
{
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::vector<std::string> texts_in(const Json& object, const char* name)
{
    std::vector<std::string> texts;
    if (const auto found = object.find(name); found != object.end() && found->is_array()) {
        texts.reserve(found->size());
        for (const Json& each : *found) {
            texts.push_back(each.is_string() ? each.get<std::string>() : std::string{});
        }
    }
    return texts;
}

/// What every package manager takes for a name, and none for an option, a path or a pattern; or "@" and a group's id.
bool is_package_name(std::string_view name)
{
    name.remove_prefix(name.starts_with('@') ? 1 : 0);
    const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, [&is_letter](char c) {
        return is_letter(c) || std::string_view{"+._-"}.find(c) != std::string_view::npos;
    });
}

/// Reads one catalogue; remembers what is wrong first.
class Reader {
public:
    explicit Reader(const std::string& name) : name_(name) {}

    Result<PackageCatalogue> read(std::string_view text)
    {
        const Json record = Json::parse(text, nullptr, false);
        if (!record.is_object() || text_in(record, "schema") != schema) {
            complain(record.is_discarded() ? "it is no JSON" : fmt::format("its schema is not '{}'", schema));
        }
        PackageCatalogue catalogue;
        for (const Json& each : objects_in(record, "capabilities")) {
            catalogue.capabilities.push_back(capability(each));
        }
        for (const Json& each : objects_in(record, "tutorial")) {
            catalogue.tutorial.push_back(
                {text_in(each, "was"), text_in(each, "now"), text_in(each, "why"), spans(each, "on")});
        }
        if (wrong_) {
            return Error{
                ErrorCode::usage,
                fmt::format("cannot read catalogue '{}': {}", name_, *wrong_),
                "its form: {\"schema\": \"kvmkit.packages/1\", \"capabilities\": [{\"name\": ..., \"title\": "
                "..., \"components\": [...], \"packages\": [{\"package\": ..., \"on\": {\"debian\": \"11-\"}}]}]}"};
        }
        return catalogue;
    }

private:
    void complain(std::string cause)
    {
        if (!wrong_) {
            wrong_ = std::move(cause);
        }
    }

    /// The objects of a list; a list that is missing is empty.
    std::vector<Json> objects_in(const Json& record, const char* name)
    {
        std::vector<Json> found;
        const Json list = record.is_object() ? record.value(name, Json::array()) : Json::array();
        if (!list.is_array()) {
            complain(fmt::format("'{}' is no list", name));
            return found;
        }
        found.reserve(list.size());
        for (const Json& each : list) {
            if (each.is_object()) {
                found.push_back(each);
            } else {
                complain(fmt::format("'{}' holds what is no object", name));
            }
        }
        return found;
    }

    Capability capability(const Json& record)
    {
        Capability found{text_in(record, "name"), text_in(record, "title"), {}, {}};
        if (found.name.empty() || found.title.empty()) {
            complain("a capability needs a name and a title");
        }
        for (const std::string& text : texts_in(record, "components")) {
            const auto* bundle = std::ranges::find(all_bundles, text, [](Bundle each) { return word(each); });
            if (bundle == all_bundles.end()) {
                complain(fmt::format("capability '{}' is of component '{}', which has no packages", found.name, text));
            } else {
                found.bundles.insert(*bundle);
            }
        }
        for (const Json& each : objects_in(record, "packages")) {
            found.rows.push_back(row(each));
        }
        return found;
    }

    PackageRow row(const Json& record)
    {
        const auto architectures = texts_in(record, "architectures");
        PackageRow found{text_in(record, "package"),
                         texts_in(record, "alternatives"),
                         {architectures.begin(), architectures.end()},
                         spans(record, "on"),
                         spans(record, "unverified")};
        if (!is_package_name(found.package)) {
            complain(fmt::format("'{}' is no name of a package", found.package));
        }
        return found;
    }

    FamilySpans spans(const Json& record, const char* name)
    {
        FamilySpans found;
        const Json families = record.value(name, Json::object());
        if (!families.is_object()) {
            complain(fmt::format("'{}' is no object", name));
            return found;
        }
        for (const auto& [word, text] : families.items()) {
            const auto family = parse_family(word);
            const auto span = parse_releases(text.is_string() ? text.get<std::string>() : std::string{});
            if (!family || !span) {
                complain(family ? span.error().message : fmt::format("'{}' is no family of distributions", word));
            } else {
                found[*family] = *span;
            }
        }
        return found;
    }

    const std::string& name_;
    std::optional<std::string> wrong_;
};

/// Of this machine, not of the host's root: the file came with the program.
Fact<std::string> read_shipped(const std::string& path)
{
    const auto here = Root::open("/");
    return here && path.starts_with('/') ? here->read(path.substr(1)) : Fact<std::string>{};
}

}  // namespace

std::string_view word(Bundle bundle) noexcept
{
    switch (bundle) {
        case Bundle::hypervisor: return "hypervisor";
        case Bundle::tools: return "tools";
        case Bundle::guest_images: return "guest-images";
        case Bundle::desktop: return "desktop";
        case Bundle::modules: return "modules";
        case Bundle::init_scripts: return "init-scripts";
    }
    return "";
}

Result<ReleaseSpan> parse_releases(std::string_view text)
{
    constexpr unsigned last_of_major = 99;
    if (text == "*") {
        return ReleaseSpan{};
    }
    const auto dash = text.find('-');
    const auto first = text.substr(0, dash);
    const auto last = dash == std::string_view::npos ? text : text.substr(dash + 1);
    ReleaseSpan span{release_number(first), release_number(last)};
    // "9" is 9.0 and all that follow it, up to 9.99.
    span.last += span.last != 0 && last.find('.') == std::string_view::npos ? last_of_major : 0U;
    const bool readable = (first.empty() || span.first != 0) && (last.empty() || span.last != 0);
    if (!readable || (first.empty() && last.empty()) || (span.last != 0 && span.last < span.first)) {
        return Error{ErrorCode::usage,
                     fmt::format("'{}' is no range of releases, as '11-', '18.04-22.04' or '*'", text)};
    }
    return span;
}

Result<PackageCatalogue> read_catalogue(std::string_view json, const std::string& name)
{
    return Reader{name}.read(json);
}

Result<PackageCatalogue> load_catalogue(const Root& root, const std::string& shipped)
{
    constexpr const char* local = "etc/kvmkit/packages.json";
    auto own = root.read(local);
    if (!own) {
        return std::move(own).error();
    }
    const auto came = read_shipped(shipped);
    auto catalogue = came && *came ? read_catalogue(**came, shipped) : read_catalogue(builtin_packages, "built in");
    if (!catalogue || !*own) {
        return catalogue;
    }
    auto added = read_catalogue(**own, std::string{"/"} + local);
    if (!added) {
        return added;
    }
    for (Capability& mine : added->capabilities) {
        const auto theirs = std::ranges::find(catalogue->capabilities, mine.name, &Capability::name);
        if (theirs != catalogue->capabilities.end()) {
            *theirs = std::move(mine);
        } else {
            catalogue->capabilities.push_back(std::move(mine));
        }
    }
    return catalogue;
}

}  // namespace kvmkit::setup
