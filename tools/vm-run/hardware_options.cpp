// SPDX-License-Identifier: Apache-2.0
#include "hardware_options.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "facts/cpu_set.hpp"
#include "system/root.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::vm_run {
namespace {

Error usage(std::string message, std::string hint)
{
    return {ErrorCode::usage, std::move(message), std::move(hint)};
}

Result<virt::Firmware> read_firmware(const cli::Arguments& arguments)
{
    const auto given = arguments.maybe("uefi");
    if (!given) {
        return virt::Firmware::bios;
    }
    if (*given == "plain" || *given == "secure") {
        return *given == "secure" ? virt::Firmware::secure : virt::Firmware::uefi;
    }
    return usage(fmt::format("'{}' is no kind of UEFI", *given), "use --uefi or --uefi=secure");
}

Result<virt::PciAddress> read_device(const std::string& given)
{
    const auto address = virt::parse_pci_address(given);
    if (!address) {
        return usage(fmt::format("'{}' is no PCI address", given), "name one like 0000:03:00.0; lspci -D lists them");
    }
    const auto place = "/sys/bus/pci/devices/" + text(*address);
    std::error_code ignored;
    if (!std::filesystem::exists(place, ignored)) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot give the VM PCI device {}: this host has none there", text(*address)),
                     "lspci -D lists them"};
    }
    if (!std::filesystem::exists(place + "/iommu_group", ignored)) {
        return Error{
            ErrorCode::refused,
            fmt::format("refused to give the VM PCI device {}: no IOMMU keeps its reach apart", text(*address)),
            "kvm-check run --for passthrough tells how to switch the IOMMU on"};
    }
    return *address;
}

/// "2M or 1G"; empty where the kernel has no huge pages.
std::string sizes_of_huge_pages(const Root& root)
{
    constexpr std::string_view prefix = "hugepages-";
    std::vector<std::uint64_t> sizes_kib;
    const auto names = root.names("sys/kernel/mm/hugepages");
    for (const auto& name : names ? names->value_or(std::vector<std::string>{}) : std::vector<std::string>{}) {
        if (name.starts_with(prefix) && name.ends_with("kB")) {
            const auto digits = name.substr(prefix.size(), name.size() - prefix.size() - 2);
            sizes_kib.push_back(decimal<std::uint64_t>(digits).value_or(0));
        }
    }
    std::ranges::sort(sizes_kib);
    std::vector<std::string> words;
    words.reserve(sizes_kib.size());
    for (const auto size : sizes_kib) {
        constexpr std::uint64_t step = 1024;
        const bool giga = size >= step * step;
        words.push_back(size < step ? fmt::format("{}K", size)
                                    : fmt::format("{}{}", size / (giga ? step * step : step), giga ? 'G' : 'M'));
    }
    return fmt::format("{}", fmt::join(words, " or "));
}

/// Of a size that this host has set pages aside of; "auto" is the ordinary size of x86.
Result<Bytes> read_huge_pages(const std::string& given)
{
    const auto size = given == "auto" ? Bytes::parse("2M") : Bytes::parse(given);
    if (!size) {
        return usage(size.error().message, "use --hugepages 2M, 1G or auto");
    }
    const auto pool = fmt::format("sys/kernel/mm/hugepages/hugepages-{}kB/nr_hugepages", size->count() / 1024);
    const auto root = Root::open("/");
    std::error_code ignored;
    if (root && !std::filesystem::exists("/" + std::filesystem::path{pool}.parent_path().string(), ignored)) {
        const auto sizes = sizes_of_huge_pages(*root);
        return usage(fmt::format("this host has no huge pages of {}", human(*size)),
                     sizes.empty() ? "its kernel has none of any size" : fmt::format("use --hugepages {}", sizes));
    }
    const auto pages = root ? decimal<std::uint64_t>(trim(text_or_nothing(*root, pool))) : std::nullopt;
    if (pages.value_or(0) == 0) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot use huge pages of {}: this host has set none aside", human(*size)),
                     fmt::format("set some aside: echo N > /{}", pool)};
    }
    return *size;
}

Result<CpuSet> cpus_at(const std::string& path)
{
    const auto root = Root::open("/");
    const auto set = root ? CpuSet::parse(trim(text_or_nothing(*root, path))) : std::nullopt;
    if (!set || set->empty()) {
        return Error{ErrorCode::not_found, fmt::format("cannot read which CPUs this host has: /{}", path)};
    }
    return *set;
}

/// "auto": the CPUs of the wished node, or all, without the first, which serves most interrupts, where others remain.
Result<std::vector<unsigned>> read_pinning(const std::string& given, const std::optional<unsigned>& node)
{
    const auto online = cpus_at("sys/devices/system/cpu/online");
    if (!online) {
        return online.error();
    }
    if (given == "auto") {
        const auto near = node ? cpus_at(fmt::format("sys/devices/system/node/node{}/cpulist", *node)) : online;
        if (!near) {
            return near.error();
        }
        auto cpus = near->cpus();
        if (cpus.size() > 2 && cpus.front() == 0) {
            cpus.erase(cpus.begin());
        }
        return cpus;
    }
    const auto wished = CpuSet::parse(given);
    if (!wished || wished->empty()) {
        return usage(fmt::format("'{}' is no list of CPUs", given), "use --pin 0-3,8 or auto");
    }
    if (wished->common_with(*online) != *wished) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot pin to CPUs {}: this host has {}", wished->text(), online->text())};
    }
    return wished->cpus();
}

Result<unsigned> read_node(const std::string& given)
{
    const auto node = given == "auto" ? std::optional{0U} : decimal<unsigned>(given);
    if (!node) {
        return usage(fmt::format("'{}' is no NUMA node", given), "use --numa N or auto");
    }
    std::error_code ignored;
    if (!std::filesystem::exists(fmt::format("/sys/devices/system/node/node{}", *node), ignored)) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot take memory from NUMA node {}: this host has none of that number", *node),
                     "ls /sys/devices/system/node"};
    }
    return *node;
}

Result<std::filesystem::path> read_cdrom(const std::string& given)
{
    std::error_code problem;
    auto path = std::filesystem::canonical(given, problem);
    if (problem) {
        return errno_error(problem.value(), fmt::format("cannot open CD image '{}'", given));
    }
    if (!std::filesystem::is_regular_file(path, problem)) {
        return Error{ErrorCode::invalid, fmt::format("cannot open CD image '{}': it is not a plain file", given)};
    }
    return path;
}

/// Calls the reader where the option was given, and keeps what it read.
template <class Read, class Keep>
Result<void> if_given(const cli::Arguments& arguments, const char* option, Read read, Keep keep)
{
    const auto given = arguments.maybe(option);
    if (!given) {
        return {};
    }
    auto value = read(*given);
    if (!value) {
        return value.error();
    }
    keep(std::move(*value));
    return {};
}

Result<void> read_lists(const cli::Arguments& arguments, virt::Hardware& hardware)
{
    for (const auto& given : arguments.list("share")) {
        auto share = parse_share(given);
        if (!share) {
            return share.error();
        }
        hardware.shares.push_back(std::move(*share));
    }
    for (const auto& given : arguments.list("hostdev")) {
        const auto device = read_device(given);
        if (!device) {
            return device.error();
        }
        hardware.devices.push_back(*device);
    }
    return {};
}

Result<void> read_places(const cli::Arguments& arguments, virt::Hardware& hardware)
{
    auto numa = if_given(arguments, "numa", read_node, [&](unsigned node) { hardware.numa = node; });
    if (!numa) {
        return numa;
    }
    auto pin = if_given(
        arguments,
        "pin",
        [&](const std::string& text) { return read_pinning(text, hardware.numa); },
        [&](std::vector<unsigned> cpus) { hardware.pinned = std::move(cpus); });
    if (!pin) {
        return pin;
    }
    auto pages = if_given(arguments, "hugepages", read_huge_pages, [&](Bytes size) { hardware.huge_pages = size; });
    if (!pages) {
        return pages;
    }
    return if_given(
        arguments, "cdrom", read_cdrom, [&](std::filesystem::path path) { hardware.cdrom = std::move(path); });
}

}  // namespace

Result<virt::Share> parse_share(const std::string& text)
{
    const auto parts = split(text, ':');
    const bool read_only = parts.size() == 3 && parts[2] == "ro";
    if ((parts.size() != 2 && !read_only) || parts[0].empty() || parts[1].empty() || parts[1].size() > 36) {
        return usage(fmt::format("'{}' is no share", text), "use --share DIR:TAG or DIR:TAG:ro, TAG of 1 to 36 bytes");
    }
    std::error_code problem;
    auto source = std::filesystem::canonical(std::string{parts[0]}, problem);
    if (problem) {
        return errno_error(problem.value(), fmt::format("cannot share directory '{}'", parts[0]));
    }
    if (!std::filesystem::is_directory(source, problem)) {
        return Error{ErrorCode::invalid, fmt::format("cannot share '{}': it is no directory", parts[0])};
    }
    return virt::Share{std::move(source), std::string{parts[1]}, read_only};
}

void declare_hardware(cli::po::options_description_easy_init& add)
{
    using cli::po::value;
    const auto text = [](const char* shown) { return value<std::string>()->value_name(shown); };
    const auto texts = [](const char* shown) { return value<std::vector<std::string>>()->value_name(shown); };
    add("cpu", text("auto|host|MODEL")->default_value("auto"), "auto, this host's own, or a model as libvirt names it");
    add("nested", "the guest can run guests of its own, or is not started");
    add("uefi", text("secure")->implicit_value("plain"), "UEFI instead of BIOS; --uefi=secure: with secure boot");
    add("tpm", "a TPM 2.0, emulated");
    add("vnc", "a screen, by VNC on a UNIX socket; virt-viewer and virt-manager show it");
    add("cdrom", text("FILE"), "a CD image in a drive");
    add("share", texts("DIR:TAG[:ro]"), "a directory of this host by virtiofs: mount -t virtiofs TAG; repeatable");
    add("hostdev", texts("ADDRESS"), "a PCI device of this host: 0000:03:00.0; repeatable");
    add("hugepages", text("SIZE|auto"), "memory in huge pages: 2M or 1G");
    add("pin", text("CPUS|auto"), "keep the vCPUs on these CPUs: 0-3,8");
    add("numa", text("NODE|auto"), "take all memory from this node, by its number");
}

Result<virt::Hardware> read_hardware(const cli::Arguments& arguments)
{
    virt::Hardware hardware;
    const auto firmware = read_firmware(arguments);
    if (!firmware) {
        return firmware.error();
    }
    hardware.firmware = *firmware;
    hardware.tpm = arguments.has("tpm");
    hardware.vnc = arguments.has("vnc");
    hardware.nested = arguments.has("nested");
    hardware.cpu = arguments.text("cpu");
    const bool plain = std::ranges::all_of(hardware.cpu, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    });
    if (hardware.cpu.empty() || !plain) {
        return usage(fmt::format("'{}' is no CPU model", hardware.cpu), "use --cpu auto, host or a model's name");
    }
    if (auto read = read_lists(arguments, hardware); !read) {
        return read.error();
    }
    if (auto read = read_places(arguments, hardware); !read) {
        return read.error();
    }
    return hardware;
}

}  // namespace kvmkit::vm_run
