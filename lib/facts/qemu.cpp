// SPDX-License-Identifier: Apache-2.0
#include "facts/qemu.hpp"

#include "base/number.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <set>

namespace kvmkit {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

/// One "key=value,key=value" of QEMU. A comma in a value is written twice.
std::vector<std::string> option_pieces(std::string_view text)
{
    std::vector<std::string> pieces(1);
    for (std::size_t place = 0; place < text.size(); ++place) {
        const bool comma = text[place] == ',';
        if (comma && text.substr(place + 1).starts_with(',')) {
            ++place;
        } else if (comma) {
            pieces.emplace_back();
            continue;
        }
        pieces.back() += text[place];
    }
    return pieces;
}

/// Adds what one occurrence of an option says; later ones win, as with QEMU. `implied` is the key of a bare first
/// value.
void add_values(Values& values, std::string_view text, const char* implied)
{
    const auto pieces = option_pieces(text);
    for (const auto& piece : pieces) {
        const auto equals = piece.find('=');
        if (equals != std::string::npos) {
            values.insert_or_assign(piece.substr(0, equals), piece.substr(equals + 1));
        } else if (&piece == &pieces.front() && !piece.empty()) {
            values.insert_or_assign(implied, piece);
        } else if (!piece.empty()) {
            values.insert_or_assign(piece, "on");
        }
    }
}

/// The options that describe the VM, collected over the whole command line.
struct Collected {
    Values name;
    Values smp;
    Values memory;
    Values machine;
    std::set<std::string> accelerators;
    std::string uuid;
    bool reads_files = false;  ///< -readconfig: what is not said here may be said there.
};

void add_accelerators(Collected& found, std::string_view text)
{
    for (const auto piece : split(text, ':')) {
        if (!piece.empty()) {
            found.accelerators.emplace(piece);
        }
    }
}

void add_accel(Collected& found, std::string_view text)
{
    Values values;
    add_values(values, text, "accel");
    add_accelerators(found, values["accel"]);
}

/// Options that take a value.
struct Option {
    std::string_view name;
    void (*add)(Collected& found, std::string_view value);
};

constexpr std::array options{
    Option{"name", [](Collected& found, std::string_view value) { add_values(found.name, value, "guest"); }},
    Option{"smp", [](Collected& found, std::string_view value) { add_values(found.smp, value, "cpus"); }},
    Option{"m", [](Collected& found, std::string_view value) { add_values(found.memory, value, "size"); }},
    Option{"machine", [](Collected& found, std::string_view value) { add_values(found.machine, value, "type"); }},
    Option{"M", [](Collected& found, std::string_view value) { add_values(found.machine, value, "type"); }},
    Option{"accel", add_accel},
    Option{"uuid", [](Collected& found, std::string_view value) { found.uuid = value; }},
    Option{"readconfig", [](Collected& found, std::string_view) { found.reads_files = true; }},
};

/// Without the one or two dashes with which an option starts; empty for a word that is none.
std::string_view option_name(std::string_view word)
{
    if (word.size() < 2 || !word.starts_with('-')) {
        return {};
    }
    return word.substr(word.starts_with("--") ? 2 : 1);
}

Collected collect(const std::vector<std::string_view>& words)
{
    Collected found;
    for (std::size_t place = 1; place < words.size(); ++place) {
        const auto name = option_name(words[place]);
        if (name == "enable-kvm") {
            found.accelerators.emplace("kvm");
        }
        const auto* const option = std::ranges::find(options, name, &Option::name);
        if (option != options.end() && place + 1 < words.size()) {
            option->add(found, words[++place]);
        }
    }
    if (const auto accel = found.machine.find("accel"); accel != found.machine.end()) {
        add_accelerators(found, accel->second);
    }
    return found;
}

std::string value_of(const Values& values, std::string_view key)
{
    const auto found = values.find(key);
    return found == values.end() ? std::string{} : found->second;
}

/// QEMU's own rule: cpus, else maxcpus, else the product of the topology. Absent for what it would refuse.
std::optional<unsigned> vcpus_of(const Values& smp)
{
    constexpr std::uint64_t most = 1U << 20U;
    for (const auto* key : {"cpus", "maxcpus"}) {
        if (const auto text = value_of(smp, key); !text.empty()) {
            const auto count = decimal<unsigned>(text);
            return count && *count > 0 && *count <= most ? count : std::nullopt;
        }
    }
    std::uint64_t product = 1;
    for (const auto* key : {"drawers", "books", "sockets", "dies", "clusters", "modules", "cores", "threads"}) {
        const auto text = value_of(smp, key);
        const auto count = text.empty() ? std::optional{1U} : decimal<unsigned>(text);
        if (!count || *count == 0 || *count > most || product * *count > most) {
            return std::nullopt;
        }
        product *= *count;
    }
    return static_cast<unsigned>(product);
}

std::string_view base_name(std::string_view path)
{
    return path.substr(path.rfind('/') + 1);
}

/// QEMU gives a PC 128 MiB; other machines differ.
std::optional<Bytes> default_memory(std::string_view program)
{
    constexpr std::uint64_t pc_mib = 128;
    const bool pc = program.ends_with("kvm") || program.ends_with("x86_64") || program.ends_with("i386");
    return pc ? std::optional{Bytes::mib(pc_mib)} : std::nullopt;
}

std::string accelerator_of(const Collected& found, std::string_view program)
{
    if (found.accelerators.empty() && !found.reads_files) {
        return program.ends_with("kvm") ? "" : "tcg";  // a QEMU named kvm tries KVM first
    }
    return found.accelerators.size() == 1 ? *found.accelerators.begin() : std::string{};
}

}  // namespace

bool is_qemu(std::string_view program)
{
    constexpr std::string_view deleted = " (deleted)";  // the kernel's mark on a program that was upgraded meanwhile
    if (program.ends_with(deleted)) {
        program.remove_suffix(deleted.size());
    }
    program = base_name(program);
    if (program.starts_with('.')) {  // wrapped: .qemu-system-x86_64-wrapped
        program.remove_prefix(1);
    }
    return program.starts_with("qemu-system-") || program == "qemu-kvm" || program == "kvm";
}

std::vector<std::string_view> command_words(std::string_view cmdline)
{
    if (cmdline.ends_with('\0')) {
        cmdline.remove_suffix(1);
    }
    return cmdline.empty() ? std::vector<std::string_view>{} : split(cmdline, '\0');
}

std::optional<Bytes> parse_qemu_memory(std::string_view text)
{
    constexpr std::string_view units = "BKMGTPE";
    constexpr unsigned bits_per_unit = 10;
    unsigned shift = 2 * bits_per_unit;
    if (text.empty()) {
        return std::nullopt;
    }
    const auto last = text.back();
    const char letter = last >= 'a' && last <= 'z' ? static_cast<char>(last - 'a' + 'A') : last;
    if (const auto unit = units.find(letter); unit != std::string_view::npos) {
        shift = bits_per_unit * static_cast<unsigned>(unit);
        text.remove_suffix(1);
    }
    if (const auto whole = decimal<std::uint64_t>(text)) {
        return *whole <= (std::numeric_limits<std::uint64_t>::max() >> shift)
                   ? std::optional{Bytes::of(*whole << shift)}
                   : std::nullopt;
    }
    const bool fraction = text.find_first_not_of("0123456789.") == std::string_view::npos;
    const auto number = fraction ? decimal<double>(text) : std::nullopt;
    const double bytes = number ? std::ldexp(*number, static_cast<int>(shift)) : -1;
    constexpr double most = 0x1p63;
    return bytes >= 0 && bytes < most ? std::optional{Bytes::of(static_cast<std::uint64_t>(bytes))} : std::nullopt;
}

QemuCommand parse_qemu_command(const std::vector<std::string_view>& words)
{
    if (words.empty()) {
        return {};
    }
    const auto program = base_name(words.front());
    const Collected found = collect(words);
    const auto size = value_of(found.memory, "size");
    const bool told = !found.reads_files;
    const auto unsaid_memory = told ? default_memory(program) : std::nullopt;
    return {.name = value_of(found.name, "guest"),
            .uuid = found.uuid,
            .vcpus = found.smp.empty() && !told ? std::nullopt : vcpus_of(found.smp),
            .memory = size.empty() ? unsaid_memory : parse_qemu_memory(size),
            .accelerator = accelerator_of(found, program),
            .debug_threads = value_of(found.name, "debug-threads") == "on",
            .has_machine = value_of(found.machine, "type") != "none"};
}

}  // namespace kvmkit
