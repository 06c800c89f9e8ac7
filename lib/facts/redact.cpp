// SPDX-License-Identifier: Apache-2.0
#include "facts/redact.hpp"

#include "base/text.hpp"
#include "facts/underlay_machine.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

using Names = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t uuid_length = 36;
constexpr std::size_t mac_length = 17;

/// Names that tell nothing, and without which a recording would say less.
bool is_common(std::string_view name)
{
    constexpr std::string_view common =
        "localhost root kvm qemu libvirt libvirt-qemu nobody linux user debian ubuntu fedora centos rocky admin "
        "vagrant";
    return std::ranges::count(words(common), name) > 0;
}

/// Words of a kernel command line whose values tell nothing of who or where: these begin them.
constexpr std::array harmless_keys{"kvm.",
                                   "kvm_",
                                   "kvm-",
                                   "intel_iommu",
                                   "amd_iommu",
                                   "iommu",
                                   "mitigations",
                                   "nested",
                                   "nosmt",
                                   "hugepage",
                                   "default_hugepagesz",
                                   "isolcpus",
                                   "nohz_full",
                                   "maxcpus",
                                   "mem=",
                                   "vfio",
                                   "l1tf",
                                   "tsx",
                                   "spectre",
                                   "cgroup",
                                   "lockdown",
                                   "apparmor",
                                   "selinux",
                                   "security",
                                   "modprobe.",
                                   "module_blacklist",
                                   "systemd.unified_cgroup",
                                   "pci=",
                                   "clocksource",
                                   "efi=",
                                   "acpi=",
                                   "console=",
                                   "xen",
                                   "hypervisor",
                                   "numa",
                                   "intremap",
                                   "initcall_blacklist",
                                   "clearcpuid",
                                   "tsc"};

bool is_word_part(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == ':';
}

bool is_hex(char c)
{
    return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_uuid(std::string_view text)
{
    if (text.size() != uuid_length) {
        return false;
    }
    for (std::size_t i = 0; i < uuid_length; ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !is_hex(text[i])) {
            return false;
        }
    }
    return true;
}

bool is_mac(std::string_view text)
{
    if (text.size() != mac_length) {
        return false;
    }
    for (std::size_t i = 0; i < mac_length; ++i) {
        const bool separator = i % 3 == 2;
        if (separator ? text[i] != ':' && text[i] != '-' : !is_hex(text[i])) {
            return false;
        }
    }
    return true;
}

bool is_number_to(std::string_view text, int most)
{
    const bool digits = !text.empty() && text.size() <= 3 &&
                        std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
    int value = 0;
    for (const char c : digits ? text : std::string_view{}) {
        value = value * 10 + (c - '0');
    }
    return digits && value <= most;
}

bool is_ipv4(std::string_view text)
{
    constexpr int highest = 255;
    const auto parts = split(text, '.');
    return parts.size() == 4 &&
           std::ranges::all_of(parts, [](std::string_view part) { return is_number_to(part, highest); });
}

/// Eight groups, or fewer around one "::". PCI addresses ("0000:00:1f.2") have neither.
bool is_ipv6(std::string_view text)
{
    const auto parts = split(text, ':');
    const bool shortened = text.find("::") != std::string_view::npos;
    const bool shape = shortened ? parts.size() >= 3 && parts.size() <= 9 : parts.size() == 8;
    return shape && text.size() > 2 && std::ranges::all_of(parts, [](std::string_view part) {
               return part.size() <= 4 && std::ranges::all_of(part, is_hex);
           });
}

/// What stands for the token, or empty if it tells nothing.
std::string_view kind_of(std::string_view token)
{
    if (is_uuid(token)) {
        return "UUID";
    }
    if (is_mac(token)) {
        return "MAC";
    }
    return is_ipv4(token) || is_ipv6(token) ? "ADDRESS" : std::string_view{};
}

/// The end of a word that may be followed by a full stop or a colon, as sentences have them.
std::string_view without_stop(std::string_view token)
{
    while (!token.empty() && (token.back() == '.' || token.back() == ':') && !token.ends_with("::")) {
        token.remove_suffix(1);
    }
    return token;
}

/// Whether the text before a value says that this is a serial number: "Serial: ", "SerialNumber=".
bool announces_serial(std::string_view before)
{
    std::string lower{before.substr(before.size() - std::min<std::size_t>(before.size(), 24))};
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto at = lower.rfind("serial");
    if (at == std::string::npos) {
        return false;
    }
    auto rest = trim(std::string_view{lower}.substr(at + std::string_view{"serial"}.size()));
    for (const std::string_view word : {"number", "no", "_number", "nr"}) {
        if (rest.starts_with(word)) {
            rest = trim(rest.substr(word.size()));
        }
    }
    return rest == ":" || rest == "=" || rest == "#";
}

/// "luks-4c4c...": a UUID that something is grown together with. "enx525400123456": a MAC without colons.
std::string without_grown_ids(std::string_view token)
{
    constexpr std::size_t mac_digits = 12;
    const auto tail = token.substr(std::min<std::size_t>(token.size(), 3));
    if ((token.starts_with("enx") || token.starts_with("wlx")) && tail.size() == mac_digits &&
        std::ranges::all_of(tail, is_hex)) {
        return fmt::format("{}MAC", token.substr(0, 3));
    }
    for (std::size_t at = 0; at + uuid_length <= token.size(); ++at) {
        if (is_uuid(token.substr(at, uuid_length))) {
            return fmt::format("{}UUID{}", token.substr(0, at), without_grown_ids(token.substr(at + uuid_length)));
        }
    }
    return std::string{token};
}

std::string redacted_token(std::string_view token, const Names& names)
{
    for (const auto name : {token, token.substr(0, token.find('.'))}) {  // also a host's name in another domain
        if (const auto found = names.find(name); found != names.end()) {
            return found->second;
        }
    }
    if (const auto kind = kind_of(token); !kind.empty()) {
        return std::string{kind};
    }
    const auto colon = token.find(':');
    if (colon == std::string_view::npos) {
        return without_grown_ids(token);
    }
    // "192.0.2.1:22", "alice:1000": each piece by itself.
    return fmt::format(
        "{}:{}", redacted_token(token.substr(0, colon), names), redacted_token(token.substr(colon + 1), names));
}

/// The line with every telling word replaced.
std::string redacted_line(std::string_view line, const Names& names)
{
    std::string result;
    while (!line.empty()) {
        const auto begin = std::ranges::find_if(line, is_word_part);
        result += std::string_view{line.begin(), begin};
        line.remove_prefix(static_cast<std::size_t>(begin - line.begin()));
        const std::string_view whole{line.begin(), std::ranges::find_if_not(line, is_word_part)};
        const auto token = without_stop(whole);
        const bool serial = announces_serial(result) && !token.empty();
        const bool home = result.ends_with("/home/") && !is_common(token);
        result += serial ? std::string{"SERIAL"} : home ? std::string{"user"} : redacted_token(token, names);
        result += whole.substr(token.size());
        line.remove_prefix(whole.size());
    }
    return result;
}

std::string redacted_text(std::string_view text, const Names& names)
{
    std::string result;
    for (const auto line : lines(text)) {
        result += redacted_line(line, names);
        result += '\n';
    }
    if (!text.ends_with('\n') && !result.empty()) {
        result.pop_back();
    }
    return result;
}

std::string redacted_cmdline(std::string_view content)
{
    std::vector<std::string> kept;
    for (const auto word : words(content)) {
        if (word == "--") {  // what follows is for init, not for the kernel
            break;
        }
        const auto equals = word.find('=');
        const bool harmless =
            std::ranges::any_of(harmless_keys, [word](std::string_view key) { return word.starts_with(key); });
        kept.push_back(equals == std::string_view::npos || harmless
                           ? std::string{word}
                           : fmt::format("{}REDACTED", word.substr(0, equals + 1)));
    }
    return fmt::format("{}\n", fmt::join(kept, " "));
}

/// Raspberry Pis and mainframes tell their serial number here.
std::string redacted_cpuinfo(std::string_view content)
{
    std::string kept;
    for (const auto line : lines(content)) {
        if (line.starts_with("Serial")) {
            continue;
        }
        const auto at = line.find("identification = ");
        kept += at == std::string_view::npos ? std::string{line}
                                             : fmt::format("{}identification = REDACTED{}",
                                                           line.substr(0, at),
                                                           line.substr(std::min(line.find(',', at), line.size())));
        kept += '\n';
    }
    return kept;
}

/// The addresses at the ends of the lines of /proc/modules tell where the kernel lies.
std::string redacted_modules(std::string_view content)
{
    std::string kept;
    for (const auto line : lines(content)) {
        kept += fmt::format("{}\n", line.substr(0, line.find(" 0x")));
    }
    return kept;
}

std::string redacted_tag(std::string_view content)
{
    return is_cloud_tag(trim(content)) ? std::string{content} : std::string{};
}

}  // namespace

Redactor::Redactor(std::string_view host_name, const HostFacts& host, std::span<const std::string> people)
{
    const auto hide = [this](std::string_view name, const char* word) {
        if (!name.empty() && !is_common(name)) {
            names_.emplace(name, word);
        }
    };
    hide(host_name, "HOST");
    hide(host_name.substr(0, host_name.find('.')), "HOST");
    if (host.user && *host.user) {
        hide((*host.user)->name, "user");
    }
    for (const auto& name : accounts_of_libvirt(host)) {
        hide(name, "account");
    }
    for (const auto& name : people) {
        hide(name, "other");  // as group_file() and passwd_file() call them
    }
}

std::string Redactor::text(std::string_view text) const
{
    return redacted_text(text, names_);
}

std::string Redactor::user(std::string_view name) const
{
    const auto found = names_.find(name);
    if (found != names_.end()) {
        return found->second;
    }
    return is_common(name) ? std::string{name} : "other";
}

std::string Redactor::group_file(std::string_view content) const
{
    std::string kept;
    for (const auto line : lines(content)) {
        const auto fields = split(line, ':');
        if (fields.size() < 4) {
            continue;
        }
        std::vector<std::string> members;
        for (const auto member : split(fields[3], ',')) {
            if (!trim(member).empty()) {
                members.push_back(user(trim(member)));
            }
        }
        const auto own = names_.find(fields[0]);  // a user's own group bears their name
        kept += fmt::format("{}:x:{}:{}\n",
                            own == names_.end() ? std::string{fields[0]} : own->second,
                            fields[2],
                            fmt::join(members, ","));
    }
    return kept;
}

std::string Redactor::passwd_file(std::string_view content) const
{
    std::string kept;
    for (const auto line : lines(content)) {
        const auto fields = split(line, ':');
        if (fields.size() >= 4) {
            kept += fmt::format("{}:x:{}:{}:::\n", user(fields[0]), fields[2], fields[3]);
        }
    }
    return kept;
}

std::string Redactor::file(std::string_view path, std::string_view content) const
{
    const auto name = path.substr(path.rfind('/') + 1);
    if (name.ends_with("_serial") || name.ends_with("uuid") || name.ends_with("asset_tag")) {
        return redacted_tag(content);
    }
    if (path == "etc/group") {
        return group_file(content);
    }
    if (path == "etc/passwd") {
        return passwd_file(content);
    }
    if (path == "etc/libvirt/qemu.conf") {
        return text(content);
    }
    if (path == "proc/cmdline") {
        return text(redacted_cmdline(content));
    }
    if (path == "proc/cpuinfo") {
        return redacted_cpuinfo(content);
    }
    if (path == "proc/sysinfo") {
        return nameless_sysinfo(content);
    }
    if (path == "proc/modules") {
        return redacted_modules(content);
    }
    // Versions look like addresses, and no name stands in them; DMI's makers may be called as the host is.
    return path.starts_with("sys/class/dmi/") ? redacted_text(content, {}) : std::string{content};
}

}  // namespace kvmkit
