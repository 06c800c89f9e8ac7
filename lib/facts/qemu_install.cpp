// SPDX-License-Identifier: Apache-2.0
#include "facts/qemu_install.hpp"

#include "base/text.hpp"
#include "facts/version.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit {
namespace {

using Json = nlohmann::json;

/// The text of a member; empty where it is missing or no text.
std::string text_in(const Json& object, const char* name)
{
    const auto found = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>()
                                                                             : std::string{};
}

/// An object or array in an object; null where it is missing.
const Json& part(const Json& object, const char* name)
{
    static const Json nothing;
    const auto found = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && found != object.end() ? *found : nothing;
}

bool has_word(const Json& array, std::string_view word)
{
    return array.is_array() && std::ranges::any_of(array, [word](const Json& item) {
               return item.is_string() && item.get_ref<const std::string&>() == word;
           });
}

bool fits(const Json& targets, std::string_view target)
{
    return targets.is_array() &&
           std::ranges::any_of(targets, [target](const Json& one) { return text_in(one, "architecture") == target; });
}

/// Flash has an executable beside its variables; memory and kernels are one file.
std::string image_of(const Json& mapping)
{
    const auto flash = text_in(part(mapping, "executable"), "filename");
    return flash.empty() ? text_in(mapping, "filename") : flash;
}

/// The paragraph of one package: from the line that names it to the next empty line.
std::string_view paragraph(std::string_view text, const std::string& first_line)
{
    auto at = text.starts_with(first_line + "\n") ? 0 : text.find(fmt::format("\n{}\n", first_line));
    if (at == std::string_view::npos) {
        return {};
    }
    const auto rest = text.substr(at);
    return rest.substr(0, std::min(rest.find("\n\n"), rest.size()));
}

std::string value_of(std::string_view paragraph, std::string_view key)
{
    for (const auto line : lines(paragraph)) {
        if (line.starts_with(key)) {
            return std::string{trim(line.substr(key.size()))};
        }
    }
    return {};
}

}  // namespace

std::string qemu_target(std::string_view machine)
{
    using Row = std::pair<std::string_view, std::string_view>;
    constexpr std::array rows{Row{"ppc64le", "ppc64"}, Row{"i386", "i386"}, Row{"i586", "i386"}, Row{"i686", "i386"}};
    constexpr std::array same{"x86_64", "aarch64", "ppc64", "s390x", "riscv64", "loongarch64"};
    const auto found = std::ranges::find(rows, machine, &Row::first);
    if (found != rows.end()) {
        return std::string{found->second};
    }
    if (std::ranges::find(same, machine) != same.end()) {
        return std::string{machine};
    }
    return machine.starts_with("armv7") || machine == "armv8l" ? "arm" : "";
}

std::optional<Firmware> parse_firmware(std::string_view json, std::string_view target)
{
    const Json document = Json::parse(json, nullptr, false);
    if (document.is_discarded() || !fits(part(document, "targets"), target)) {
        return std::nullopt;
    }
    Firmware firmware;
    firmware.image = image_of(part(document, "mapping"));
    firmware.uefi = has_word(part(document, "interface-types"), "uefi");
    firmware.secure_boot = has_word(part(document, "features"), "secure-boot");
    return firmware.image.empty() ? std::nullopt : std::optional{std::move(firmware)};
}

std::string dpkg_version(std::string_view status, std::string_view package)
{
    const auto found = paragraph(status, fmt::format("Package: {}", package));
    const bool installed = value_of(found, "Status:").ends_with(" installed");
    return installed ? upstream_version(value_of(found, "Version:")) : std::string{};
}

std::string apk_version(std::string_view installed, std::string_view package)
{
    return upstream_version(value_of(paragraph(installed, fmt::format("P:{}", package)), "V:"));
}

std::string pacman_version(const std::vector<std::string>& folders, std::string_view package)
{
    for (const std::string_view folder : folders) {
        const auto rest = folder.substr(std::min(package.size(), folder.size()));
        const bool named = folder.starts_with(package) && rest.starts_with('-');
        if (named && rest.size() > 1 && std::isdigit(static_cast<unsigned char>(rest[1])) != 0) {
            return upstream_version(rest.substr(1));
        }
    }
    return {};
}

}  // namespace kvmkit
