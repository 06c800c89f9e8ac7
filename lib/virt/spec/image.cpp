// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/image.hpp"

#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

using std::literals::string_view_literals::operator""sv;  // NOLINT(misc-unused-using-decls): clang-tidy 14 sees no
                                                          // literals

struct Magic {
    std::string_view bytes;
    std::string_view format;
    std::string_view advice;  ///< With a place for the file's name.
};

constexpr std::string_view convert = "convert it: qemu-img convert -O qcow2 {} COPY.qcow2";
constexpr std::string_view a_page = "the download brought a web page: check the address";

/// Formats that would pass as raw, and boot nothing.
constexpr std::array other_formats{
    Magic{"KDMV"sv, "VMDK", convert},
    Magic{"# Disk DescriptorFile"sv, "VMDK", convert},
    Magic{"<<< "sv, "VDI", convert},
    Magic{"vhdxfile"sv, "VHDX", convert},
    Magic{"conectix"sv, "VHD", convert},
    Magic{"QED\0"sv, "QED", convert},
    Magic{"LUKS\xba\xbe"sv, "LUKS", "it is encrypted: unlock it and convert what is inside"},
    Magic{"\x1f\x8b"sv, "gzip", "unpack it: gunzip -k {}"},
    Magic{"\xfd"
          "7zXZ\0"sv,
          "xz",
          "unpack it: xz -dk {}"},
    Magic{"\x28\xb5\x2f\xfd"sv, "zstd", "unpack it: zstd -d {}"},
    Magic{"BZh"sv, "bzip2", "unpack it: bunzip2 -k {}"},
    Magic{"PK\x03\x04"sv, "zip", "unpack it: unzip {}"},
    Magic{"\x7f"
          "ELF"sv,
          "ELF program",
          "a kernel is booted by --kernel"},
    Magic{"<!DOCTYPE"sv, "HTML", a_page},
    Magic{"<html"sv, "HTML", a_page}};

constexpr std::string_view qcow2_magic = "QFI\xfb"sv;
constexpr std::size_t qcow2_version2_header = 72;
constexpr std::size_t qcow2_version3_header = 104;
constexpr std::uint64_t sector = 512;
constexpr std::uint64_t incompatible_corrupt = 2;
constexpr std::uint64_t incompatible_external_data = 4;
constexpr std::uint64_t incompatible_known = 0x1f;

/// Reads big-endian numbers of a header whose length was checked.
std::uint64_t number_at(std::string_view bytes, std::size_t offset, std::size_t width)
{
    std::uint64_t value = 0;
    for (const char byte : bytes.substr(offset, width)) {
        value = value << 8U | static_cast<unsigned char>(byte);
    }
    return value;
}

Error invalid(const std::filesystem::path& name, std::string_view cause)
{
    return {ErrorCode::invalid,
            fmt::format("cannot use image '{}': {}", name.string(), cause),
            "check the download (size, checksum), then try again"};
}

Error refused(const std::filesystem::path& name, std::string_view cause)
{
    return {ErrorCode::refused,
            fmt::format("refused image '{}': {}", name.string(), cause),
            fmt::format("if you trust it, make a plain copy: qemu-img convert -O qcow2 {} COPY", name.string())};
}

/// Whether `count` units of `width` bytes at `offset` lie inside the file; nothing overflows.
bool inside(std::uint64_t offset, std::uint64_t count, std::uint64_t width, Bytes file_size)
{
    return offset <= file_size.count() && count <= (file_size.count() - offset) / width;
}

/// What QEMU would open or mend beyond this one file.
std::optional<std::string> danger(std::string_view head, std::uint64_t version)
{
    if (number_at(head, 8, 8) != 0) {
        return "it has a backing file of its own";
    }
    if (number_at(head, 32, 4) != 0) {
        return "it is encrypted";
    }
    const auto features = version >= 3 ? number_at(head, 72, 8) : 0;
    if ((features & incompatible_external_data) != 0) {
        return "its data lie in another file";
    }
    if ((features & incompatible_corrupt) != 0) {
        return "it is marked corrupt";
    }
    if ((features & ~incompatible_known) != 0) {
        return "it uses features that are not known here";
    }
    return std::nullopt;
}

Result<ImageHeader> parse_qcow2(std::string_view head, Bytes file_size, const std::filesystem::path& name)
{
    if (head.size() < qcow2_version2_header) {
        return invalid(name, "its qcow2 header is cut short");
    }
    const auto version = number_at(head, 4, 4);
    if (version != 2 && version != 3) {
        return Error{ErrorCode::unsupported,
                     fmt::format("cannot use image '{}': qcow version {} is not supported", name.string(), version),
                     fmt::format("convert it: qemu-img convert -O qcow2 {} COPY", name.string())};
    }
    if (version == 3 && head.size() < qcow2_version3_header) {
        return invalid(name, "its qcow2 header is cut short");
    }
    if (const auto reason = danger(head, version)) {
        return refused(name, *reason);
    }
    const auto cluster_bits = number_at(head, 20, 4);
    const ImageHeader header{.format = ImageFormat::qcow2,
                             .virtual_size = Bytes::of(number_at(head, 24, 8)),
                             .l1_offset = Bytes::of(number_at(head, 40, 8)),
                             .l1_entries = static_cast<std::uint32_t>(number_at(head, 36, 4))};
    const bool sane = cluster_bits >= 9 && cluster_bits <= 21 && header.virtual_size.count() >= sector &&
                      header.l1_entries <= (32U << 20U) / 8;
    if (!sane) {
        return invalid(name, "its qcow2 header makes no sense");
    }
    const auto refcount_clusters = number_at(head, 56, 4);
    if (!inside(header.l1_offset.count(), header.l1_entries, 8, file_size) ||
        !inside(number_at(head, 48, 8), refcount_clusters, std::uint64_t{1} << cluster_bits, file_size)) {
        return invalid(name, "it is cut short");
    }
    return header;
}

Result<std::string> read_at(int fd, Bytes offset, std::size_t count, const std::filesystem::path& name)
{
    std::string bytes(count, '\0');
    std::size_t got = 0;
    while (got < count) {
        const ssize_t part = ::pread(fd, bytes.data() + got, count - got, static_cast<off_t>(offset.count() + got));
        if (part < 0 && errno != EINTR) {
            return errno_error(errno, fmt::format("cannot read image '{}'", name.string()));
        }
        if (part == 0) {
            break;
        }
        got += part > 0 ? static_cast<std::size_t>(part) : 0;
    }
    bytes.resize(got);
    return bytes;
}

struct OpenedFile {
    UniqueFd fd;
    Bytes size;
};

Result<OpenedFile> open_plain_file(const std::filesystem::path& path)
{
    OpenedFile file{UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)}, {}};
    if (!file.fd) {
        return errno_error(errno, fmt::format("cannot open image '{}'", path.string()));
    }
    struct stat status {};
    if (::fstat(file.fd.get(), &status) != 0) {
        return errno_error(errno, fmt::format("cannot open image '{}'", path.string()));
    }
    if (!S_ISREG(status.st_mode)) {
        return Error{ErrorCode::invalid,
                     fmt::format("cannot use image '{}': it is not a plain file", path.string()),
                     "name a qcow2 or raw image file"};
    }
    file.size = Bytes::of(static_cast<std::uint64_t>(status.st_size));
    return file;
}

Result<ImageHeader> judge(const OpenedFile& file, const std::filesystem::path& path)
{
    const auto head = read_at(file.fd.get(), {}, image_head_size, path);
    if (!head) {
        return head.error();
    }
    auto header = parse_image_header(*head, file.size, path);
    if (!header || header->format == ImageFormat::raw) {
        return header;
    }
    const auto table = read_at(file.fd.get(), header->l1_offset, std::size_t{header->l1_entries} * 8, path);
    if (!table) {
        return table.error();
    }
    if (auto checked = check_l1_table(*table, file.size, path); !checked) {
        return checked.error();
    }
    return header;
}

}  // namespace

std::string_view word(ImageFormat format) noexcept
{
    return format == ImageFormat::qcow2 ? "qcow2" : "raw";
}

std::optional<Place> backing_name_place(std::string_view head)
{
    constexpr std::size_t longest = 1023;  // by the format's definition
    if (!head.starts_with(qcow2_magic) || head.size() < qcow2_version2_header) {
        return std::nullopt;
    }
    const Place place{Bytes::of(number_at(head, 8, 8)), number_at(head, 16, 4)};
    const bool named = place.offset.count() > 0 && place.length > 0 && place.length <= longest;
    return named ? std::optional{place} : std::nullopt;
}

Result<ImageHeader> parse_image_header(std::string_view head, Bytes file_size, const std::filesystem::path& name)
{
    if (head.starts_with(qcow2_magic) && name.extension() == ".raw") {
        return refused(name, "its name says raw, its content qcow2: a guest may have written that header");
    }
    if (head.starts_with(qcow2_magic)) {
        return parse_qcow2(head, file_size, name);
    }
    if (name.extension() == ".qcow2") {
        return invalid(name, "it holds no qcow2 header");
    }
    const auto other = std::ranges::find_if(
        other_formats, [head](std::string_view magic) { return head.starts_with(magic); }, &Magic::bytes);
    if (other != other_formats.end()) {
        return Error{ErrorCode::unsupported,
                     fmt::format("cannot use image '{}': it is {}, not qcow2 or raw", name.string(), other->format),
                     fmt::format(fmt::runtime(other->advice), name.string())};
    }
    if (file_size.count() == 0) {
        return invalid(name, "it is empty");
    }
    if (file_size.count() % sector != 0) {
        return invalid(name, fmt::format("a raw disk is a multiple of 512 bytes, it has {}", file_size.count()));
    }
    return ImageHeader{.format = ImageFormat::raw, .virtual_size = file_size, .l1_offset = {}};
}

Result<void> check_l1_table(std::string_view table, Bytes file_size, const std::filesystem::path& name)
{
    constexpr std::uint64_t offset_mask = 0x00fffffffffffe00;
    for (std::size_t at = 0; at + 8 <= table.size(); at += 8) {
        const auto offset = number_at(table, at, 8) & offset_mask;
        if (offset >= file_size.count() && offset != 0) {
            return invalid(name, "it is cut short");
        }
    }
    return {};
}

Result<BaseImage> inspect_image(const std::filesystem::path& path)
{
    const auto file = open_plain_file(path);
    if (!file) {
        return file.error();
    }
    const auto header = judge(*file, path);
    if (!header) {
        return header.error();
    }
    std::error_code problem;
    auto resolved = std::filesystem::canonical(path, problem);
    if (problem) {
        return errno_error(problem.value(), fmt::format("cannot open image '{}'", path.string()));
    }
    return BaseImage{std::move(resolved), header->format, header->virtual_size};
}

}  // namespace kvmkit::virt
