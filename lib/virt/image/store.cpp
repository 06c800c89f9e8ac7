// SPDX-License-Identifier: Apache-2.0
#include "virt/image/store.hpp"

#include "base/unique_fd.hpp"
#include "system/clock.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace kvmkit::virt {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view schema = "kvmkit.image/1";
constexpr mode_t read_only = 0444;

Json to_json(const StoredImage& image)
{
    return {{"schema", schema},
            {"name", image.name},
            {"file", image.file.filename().string()},
            {"format", word(image.format)},
            {"virtual_size", image.virtual_size.count()},
            {"size", image.size.count()},
            {"sha256", image.digests.sha256},
            {"sha512", image.digests.sha512},
            {"origin", image.origin},
            {"etag", image.validators.etag},
            {"last_modified", image.validators.last_modified},
            {"since", image.since},
            {"checksum", image.checksum},
            {"signature", image.signature},
            {"user", image.user}};
}

StoredImage from_json(const Json& json, const std::filesystem::path& folder)
{
    const auto text = [&json](const char* key) { return json.at(key).get<std::string>(); };
    return {.name = text("name"),
            .file = folder / std::filesystem::path{text("file")}.filename(),
            .format = text("format") == "qcow2" ? ImageFormat::qcow2 : ImageFormat::raw,
            .virtual_size = Bytes::of(json.at("virtual_size").get<std::uint64_t>()),
            .size = Bytes::of(json.at("size").get<std::uint64_t>()),
            .digests = {text("sha256"), text("sha512")},
            .origin = text("origin"),
            .validators = {text("etag"), text("last_modified")},
            .since = text("since"),
            .checksum = text("checksum"),
            .signature = text("signature"),
            .user = text("user")};
}

Result<StoredImage> read_record(const std::filesystem::path& path)
{
    const auto doing = fmt::format("cannot read image record '{}'", path.string());
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) {
        return errno_error(errno, doing);
    }
    constexpr std::size_t most = 65536;
    const auto text = read_all(fd.get(), path.string(), most);
    if (!text) {
        return text.error();
    }
    try {
        const Json json = Json::parse(*text);
        if (json.is_object() && json.value("schema", "") == schema) {
            return from_json(json, path.parent_path());
        }
    } catch (const Json::exception&) {  // told below
    }
    return Error{ErrorCode::invalid,
                 doing + ": it is not one of vm-run's",
                 fmt::format("remove it, the image is downloaded again: rm {}", path.string())};
}

/// The backing file that a qcow2 names; absent for one without, and for any other file.
std::optional<std::filesystem::path> backing_file_of(const std::filesystem::path& path)
{
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)};
    std::string head(image_head_size, '\0');
    if (!fd || ::pread(fd.get(), head.data(), head.size(), 0) != static_cast<ssize_t>(head.size())) {
        return std::nullopt;
    }
    const auto place = backing_name_place(head);
    if (!place) {
        return std::nullopt;
    }
    std::string name(place->length, '\0');
    if (::pread(fd.get(), name.data(), name.size(), static_cast<off_t>(place->offset.count())) !=
        static_cast<ssize_t>(name.size())) {
        return std::nullopt;
    }
    return std::filesystem::path{name};
}

/// Copies all bytes; what is all zeros becomes a hole.
Result<void> copy_sparse(int in, int out, const std::function<bool()>& interrupted)
{
    constexpr std::size_t piece = 1U << 20U;
    std::string bytes(piece, '\0');
    off_t size = 0;
    for (;;) {
        const ssize_t got = ::read(in, bytes.data(), bytes.size());
        if (got < 0 && errno != EINTR) {
            return Error{ErrorCode::external, std::generic_category().message(errno)};
        }
        if (got == 0) {
            break;
        }
        const std::string_view piece_read{bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
        const bool hole = piece_read.find_first_not_of('\0') == std::string_view::npos;
        if (hole ? ::lseek(out, static_cast<off_t>(piece_read.size()), SEEK_CUR) < 0
                 : ::write(out, piece_read.data(), piece_read.size()) != static_cast<ssize_t>(piece_read.size())) {
            return Error{ErrorCode::external, std::generic_category().message(errno != 0 ? errno : ENOSPC)};
        }
        size += static_cast<off_t>(piece_read.size());
        if (interrupted && interrupted()) {
            return Error{ErrorCode::interrupted, "interrupted"};
        }
    }
    return ::ftruncate(out, size) == 0 ? Result<void>{}
                                       : Error{ErrorCode::external, std::generic_category().message(errno)};
}

Error in_use(const StoredImage& image, const std::vector<std::string>& vms)
{
    return {
        ErrorCode::refused,
        fmt::format("refused to remove image '{}': the disk of {} lies on top of it", image.name, fmt::join(vms, ", ")),
        fmt::format("remove the VM first: vm-run rm {}", vms.front())};
}

}  // namespace

Result<void> ImageStore::prepare() const
{
    if (auto made = make_directories(folder_, 0755); !made) {
        return made;
    }
    return txn::check_is_ours(folder_);
}

Result<std::vector<StoredImage>> ImageStore::list() const
{
    std::vector<StoredImage> images;
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator{folder_, problem}) {
        const auto& path = entry.path();
        if (path.extension() != ".json" || path.stem().extension() == ".part") {
            continue;
        }
        auto image = read_record(path);
        if (!image) {
            return image.error();
        }
        images.push_back(std::move(*image));
    }
    if (problem && problem != std::errc::no_such_file_or_directory) {
        return errno_error(problem.value(), fmt::format("cannot read image cache '{}'", folder_.string()));
    }
    std::ranges::sort(images, {}, &StoredImage::name);
    return images;
}

Result<std::optional<StoredImage>> ImageStore::find(const std::string& name) const
{
    auto image = read_record(record(name));
    if (!image) {
        return image.error().code == ErrorCode::not_found ? Result<std::optional<StoredImage>>{std::nullopt}
                                                          : image.error();
    }
    if (::access(image->file.c_str(), F_OK) != 0 && errno == ENOENT) {
        return std::optional<StoredImage>{};
    }
    return std::optional{std::move(*image)};
}

Result<StoredImage> ImageStore::adopt(const std::filesystem::path& file, StoredImage image) const
{
    constexpr std::size_t shown = 12;
    const auto before = find(image.name);
    image.file =
        folder_ / fmt::format("{}-{}.{}", image.name, image.digests.sha256.substr(0, shown), word(image.format));
    image.since = iso_time(wall_clock());
    const auto doing = fmt::format("cannot keep image '{}'", image.file.string());
    std::error_code problem;
    image.size = Bytes::of(std::filesystem::file_size(file, problem));
    if (problem || ::chmod(file.c_str(), read_only) != 0 || ::rename(file.c_str(), image.file.c_str()) != 0) {
        return errno_error(problem ? problem.value() : errno, doing);
    }
    if (auto synced = sync_directory(folder_); !synced) {
        return synced.error();
    }
    if (auto written = write_atomically(record(image.name), to_json(image).dump(2) + "\n", 0644); !written) {
        return written.error();
    }
    if (before && *before && (*before)->file != image.file) {
        remove_unused((*before)->file);
    }
    return image;
}

Result<std::filesystem::path> ImageStore::copy_in(const std::filesystem::path& file,
                                                  const std::string& name,
                                                  const std::function<bool()>& interrupted) const
{
    const auto to = part(name);
    const UniqueFd in{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!in) {
        return errno_error(errno, fmt::format("cannot open image '{}'", file.string()));
    }
    const UniqueFd out{::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644)};
    if (!out) {
        return errno_error(errno, fmt::format("cannot write '{}'", to.string()));
    }
    if (auto copied = copy_sparse(in.get(), out.get(), interrupted); !copied) {
        Error error = std::move(copied).error();
        (void)remove_if_there(to);
        return error.code == ErrorCode::interrupted
                   ? error
                   : Error{error.code, fmt::format("cannot write '{}': {}", to.string(), error.message)};
    }
    if (::fsync(out.get()) != 0) {
        return errno_error(errno, fmt::format("cannot write '{}'", to.string()));
    }
    return to;
}

void ImageStore::remove_unused(const std::filesystem::path& file) const
{
    const auto all = uses();
    if (std::ranges::none_of(all, [&file](const ImageUse& use) { return use.base == file; })) {
        (void)remove_if_there(file);
    }
}

Result<void> ImageStore::remove(const StoredImage& image) const
{
    std::vector<std::string> vms;
    for (const ImageUse& use : uses()) {
        if (use.base == image.file && std::ranges::find(vms, use.vm) == vms.end()) {
            vms.push_back(use.vm);
        }
    }
    if (!vms.empty()) {
        return in_use(image, vms);
    }
    if (auto removed = remove_if_there(image.file); !removed) {
        return removed;
    }
    return remove_if_there(record(image.name));
}

std::vector<ImageUse> ImageStore::uses() const
{
    std::vector<ImageUse> found;
    std::error_code problem;
    for (const auto& vm : std::filesystem::directory_iterator{vms_, problem}) {
        std::error_code ignored;
        for (const auto& disk : std::filesystem::directory_iterator{vm.path(), ignored}) {
            if (auto base = backing_file_of(disk.path())) {
                found.push_back({vm.path().filename().string(), disk.path(), std::move(*base)});
            }
        }
    }
    return found;
}

}  // namespace kvmkit::virt
