// SPDX-License-Identifier: Apache-2.0
#include "disk_options.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

constexpr std::size_t most_extra_disks = 20;
constexpr std::uint64_t sector = 512;

Error usage(std::string message, std::string hint)
{
    return {ErrorCode::usage, std::move(message), std::move(hint)};
}

Result<Bytes> read_size(std::string_view text)
{
    const auto size = Bytes::parse(text);
    if (!size) {
        return usage(size.error().message, size.error().hint);
    }
    if (*size < Bytes::mib(1) || size->count() % sector != 0) {
        return usage(fmt::format("'{}' is no size for a disk", text), "use 1M or more, in units of 512 bytes: 20G");
    }
    return *size;
}

Result<virt::ImageFormat> read_format(std::string_view word)
{
    constexpr std::string_view key = "format=";
    const auto value = word.starts_with(key) ? word.substr(key.size()) : std::string_view{};
    if (value == "raw" || value == "qcow2") {
        return value == "raw" ? virt::ImageFormat::raw : virt::ImageFormat::qcow2;
    }
    return usage(fmt::format("'{}' is nothing that a disk can have", word), "use --add-disk SIZE,format=raw or qcow2");
}

/// A size begins with a digit and holds no slash; a file with such a name is written ./20G.
bool is_size(std::string_view text)
{
    return !text.empty() && text.front() >= '0' && text.front() <= '9' && text.find('/') == std::string_view::npos;
}

Result<virt::ExtraDisk> read_extra(const std::string& text)
{
    if (text.empty()) {
        return usage("cannot open disk '': the name is empty", "run 'vm-run launch --help'");
    }
    if (!is_size(text)) {
        auto image = virt::inspect_image(text);
        return image ? Result<virt::ExtraDisk>{std::move(*image)} : image.error();
    }
    const auto parts = split(text, ',');
    const auto size = read_size(parts[0]);
    if (!size) {
        return size.error();
    }
    virt::NewDisk disk{*size};
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const auto format = read_format(parts[i]);
        if (!format) {
            return format.error();
        }
        disk.format = *format;
    }
    return virt::ExtraDisk{disk};
}

}  // namespace

void declare_disks(cli::po::options_description_easy_init& add)
{
    using cli::po::value;
    add("disk", value<std::string>()->value_name("SIZE"), "grow the image's disk to this size");
    add("add-disk",
        value<std::vector<std::string>>()->composing()->value_name("DISK"),
        "a disk more: SIZE[,format=raw|qcow2], made for the VM, or a FILE that it writes to; repeatable");
}

Result<void> read_disks(const cli::Arguments& arguments, virt::VmSpec& spec)
{
    if (const auto text = arguments.maybe("disk")) {
        const auto size = read_size(*text);
        if (!size) {
            return size.error();
        }
        spec.disks.root_size = *size;
    }
    const auto given = arguments.list("add-disk");
    if (given.size() > most_extra_disks) {
        return usage(fmt::format("{} disks are too many", given.size()),
                     fmt::format("use {} at most", most_extra_disks));
    }
    spec.disks.extra.reserve(given.size());
    for (const auto& text : given) {
        auto disk = read_extra(text);
        if (!disk) {
            return disk.error();
        }
        spec.disks.extra.push_back(std::move(*disk));
    }
    return {};
}

Result<void> check_root_size(const virt::VmSpec& spec)
{
    if (!spec.disks.root_size) {
        return {};
    }
    if (!spec.image) {
        return usage("--disk grows the disk of an image, and there is none",
                     "name an image (--image FILE), or make an empty disk: --add-disk SIZE");
    }
    if (*spec.disks.root_size < spec.image->virtual_size) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to cut image '{}' to {}: it is a disk of {}",
                                 spec.image->path.string(),
                                 human(*spec.disks.root_size),
                                 human(spec.image->virtual_size)),
                     "use a larger --disk, or none: the disk is then as large as the image"};
    }
    return {};
}

}  // namespace kvmkit::vm_run
