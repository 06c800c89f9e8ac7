// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/iso.hpp"

#include <sys/stat.h>

#include <memory>
#include <string_view>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

struct Free {
    void operator()(archive* writer) const noexcept { (void)archive_write_free(writer); }
    void operator()(archive_entry* entry) const noexcept { archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, Free>;
using Entry = std::unique_ptr<archive_entry, Free>;

/// Without "pad" the image is a fifth of the size; the kernel needs no 300 KiB of zeroes behind it.
constexpr const char* options = "iso9660:volume-id=cidata,iso9660:joliet=1,iso9660:rockridge=useful,iso9660:!pad";

Error failed(archive* writer)
{
    const char* cause = archive_error_string(writer);
    return {ErrorCode::external, fmt::format("cannot make the cloud-init seed: {}", cause == nullptr ? "" : cause)};
}

la_ssize_t append(archive* /*writer*/, void* image, const void* bytes, std::size_t count)
{
    static_cast<std::string*>(image)->append(static_cast<const char*>(bytes), count);
    return static_cast<la_ssize_t>(count);
}

Result<void> add(archive* writer, const SeedFile& file)
{
    const Entry entry{archive_entry_new()};
    if (!entry) {
        throw std::bad_alloc{};
    }
    archive_entry_set_pathname(entry.get(), file.name.c_str());
    archive_entry_set_filetype(entry.get(), S_IFREG);
    archive_entry_set_perm(entry.get(), 0600);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.content.size()));
    archive_entry_set_mtime(entry.get(), 0, 0);
    if (archive_write_header(writer, entry.get()) != ARCHIVE_OK ||
        archive_write_data(writer, file.content.data(), file.content.size()) !=
            static_cast<la_ssize_t>(file.content.size())) {
        return failed(writer);
    }
    return {};
}

}  // namespace

Result<std::string> make_seed_iso(const std::vector<SeedFile>& files)
{
    std::string image;
    const Writer writer{archive_write_new()};
    if (!writer) {
        throw std::bad_alloc{};
    }
    (void)archive_write_set_bytes_in_last_block(writer.get(), 1);
    if (archive_write_set_format_iso9660(writer.get()) != ARCHIVE_OK ||
        archive_write_set_options(writer.get(), options) != ARCHIVE_OK ||
        archive_write_open(writer.get(), &image, nullptr, append, nullptr) != ARCHIVE_OK) {
        return failed(writer.get());
    }
    for (const auto& file : files) {
        if (auto added = add(writer.get(), file); !added) {
            return added.error();
        }
    }
    if (archive_write_close(writer.get()) != ARCHIVE_OK) {
        return failed(writer.get());
    }
    return image;
}

}  // namespace kvmkit::virt
