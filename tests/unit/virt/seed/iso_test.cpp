// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/iso.hpp"

#include "support/temporary_folder.hpp"
#include "system/runner.hpp"

#include <fstream>
#include <map>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

std::vector<SeedFile> some_files()
{
    return {{"meta-data", "{\"instance-id\": \"1\"}\n"},
            {"user-data", "#cloud-config\n" + std::string(9000, 'x')},
            {"vendor-data", ""},
            {"network-config", "{}\n"}};
}

std::map<std::string, std::string> read_back(const std::string& image)
{
    std::map<std::string, std::string> found;
    const std::unique_ptr<archive, decltype(&archive_read_free)> reader{archive_read_new(), archive_read_free};
    (void)archive_read_support_format_iso9660(reader.get());
    if (archive_read_open_memory(reader.get(), image.data(), image.size()) != ARCHIVE_OK) {
        return found;
    }
    archive_entry* entry = nullptr;
    while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
        std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
        (void)archive_read_data(reader.get(), content.data(), content.size());
        found[archive_entry_pathname(entry)] = content;
    }
    return found;
}

TEST(SeedIso, HoldsEachFileUnderItsName)
{
    const auto image = make_seed_iso(some_files());
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_LT(image->size(), 100U * 1024U);
    EXPECT_EQ(image->size() % 2048, 0U) << "whole sectors: a guest reads no half";
    const auto found = read_back(*image);
    for (const auto& file : some_files()) {
        ASSERT_TRUE(found.contains(file.name)) << file.name;
        EXPECT_EQ(found.at(file.name), file.content) << file.name;
    }
}

TEST(SeedIso, IsLabelledCidataInBothOfItsTrees)
{
    const auto image = make_seed_iso(some_files());
    ASSERT_TRUE(image) << image.error().message;
    constexpr std::size_t descriptors = std::size_t{16} * 2048;
    EXPECT_EQ(image->substr(descriptors + 1, 5), "CD001");
    EXPECT_EQ(image->substr(descriptors + 40, 7), "CIDATA ");
    const std::string joliet{"\0c\0i\0d\0a\0t\0a", 12};
    EXPECT_EQ(image->substr(descriptors + 2048 + 40, 12), joliet);
}

TEST(SeedIso, IsRecognizedByBlkid)
{
    const auto image = make_seed_iso(some_files());
    ASSERT_TRUE(image);
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "seed.iso";
    std::ofstream{path} << *image;
    SystemRunner runner;
    const auto told = runner.run({.argv = {"blkid", "-p", "-o", "export", path.string()}});
    if (!told) {
        GTEST_SKIP() << told.error().message;
    }
    EXPECT_NE(told->out.find("LABEL=cidata\n"), std::string::npos) << told->out;
    EXPECT_NE(told->out.find("TYPE=iso9660\n"), std::string::npos) << told->out;
}

}  // namespace
}  // namespace kvmkit::virt
