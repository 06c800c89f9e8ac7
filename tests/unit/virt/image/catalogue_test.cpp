// SPDX-License-Identifier: Apache-2.0
#include "virt/image/catalogue.hpp"

#include "support/temporary_folder.hpp"

#include <fstream>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

constexpr std::string_view text = R"({"schema": "kvmkit.images/1", "images": [
  {"name": "one", "title": "One", "user": "u", "firmware": "bios", "arch": {"x86_64": "amd64", "aarch64": "arm64"},
   "url": "https://h/{arch}/one-{arch}.qcow2", "checksum": "https://h/{arch}/SUMS",
   "signature": {"of": "checksums", "url": "https://h/{arch}/SUMS.gpg", "keyring": "/k.gpg", "package": "k"}},
  {"name": "two", "arch": {"x86_64": "x86_64"}, "url": "https://h/two.img", "checksum": null, "signature": null},
  {"name": "../evil", "arch": {"x86_64": "x86_64"}, "url": "https://h/evil.img"}]})";

TEST(ImageCatalogue, FillsInTheArchitecture)
{
    const auto catalogue = parse_catalogue(text, "aarch64", "t");
    ASSERT_TRUE(catalogue) << catalogue.error().message;
    ASSERT_EQ(catalogue->size(), 1U) << "what the architecture does not have is left out";
    const ImageSource& one = catalogue->front();
    EXPECT_EQ(one.url, "https://h/arm64/one-arm64.qcow2");
    EXPECT_EQ(one.checksum_url, "https://h/arm64/SUMS");
    ASSERT_TRUE(one.signature);
    EXPECT_EQ(one.signature->url, "https://h/arm64/SUMS.gpg");
    EXPECT_EQ(one.signature->keyring, "/k.gpg");
}

TEST(ImageCatalogue, TakesNoNameThatLeavesTheCache)
{
    const auto catalogue = parse_catalogue(text, "x86_64", "t");
    ASSERT_TRUE(catalogue);
    ASSERT_EQ(catalogue->size(), 2U);
    EXPECT_EQ(find(*catalogue, "two")->checksum_url, std::nullopt);
    EXPECT_EQ(find(*catalogue, "../evil"), nullptr);
}

TEST(ImageCatalogue, NamesAFileThatIsNone)
{
    for (const std::string_view bad : {"",
                                       "{",
                                       "[]",
                                       R"({"schema": "x"})",
                                       R"({"schema": "kvmkit.images/1"})",
                                       R"({"schema": "kvmkit.images/1", "images": [{"name": 1}]})"}) {
        const auto catalogue = parse_catalogue(bad, "x86_64", "/etc/kvmkit/images.json");
        ASSERT_FALSE(catalogue) << bad;
        EXPECT_TRUE(catalogue.error().message.starts_with("cannot read image catalogue '/etc/kvmkit/images.json': "));
    }
}

TEST(ImageCatalogue, ThatIsShippedCanBeReadAndLocalEntriesReplaceItsOwn)
{
    const testing::TemporaryFolder folder;
    const auto local = folder.path() / "images.json";
    std::ofstream{local} << R"({"schema": "kvmkit.images/1", "images": [
        {"name": "debian-12", "arch": {"x86_64": "x86_64"}, "url": "https://mirror/debian.qcow2"}]})";
    const std::filesystem::path shipped{KVMKIT_SOURCE_DIR "/share/images.json"};
    const auto catalogue = load_catalogue({shipped, local, folder.path() / "none.json"}, "x86_64");
    ASSERT_TRUE(catalogue) << catalogue.error().message;
    EXPECT_GE(catalogue->size(), 12U);
    EXPECT_EQ(find(*catalogue, "debian-12")->url, "https://mirror/debian.qcow2");
    for (const ImageSource& source : *catalogue) {
        EXPECT_EQ(source.url.find('{'), std::string::npos) << source.name;
        EXPECT_TRUE(source.url.starts_with("https://")) << source.name;
    }
    EXPECT_NE(find(*catalogue, "ubuntu-24.04")->signature, std::nullopt);
}

TEST(ImageAddresses, GiveNamesThatAreStableAndWithoutSecrets)
{
    const auto one = source_of_url("https://user:secret@h/a/disk.qcow2?x=1");
    ASSERT_TRUE(one);
    EXPECT_TRUE(one->name.starts_with("disk.qcow2-")) << one->name;
    EXPECT_EQ(one->title, "https://h/a/disk.qcow2?x=1");
    EXPECT_EQ(one->name, source_of_url("https://other:word@h/a/disk.qcow2?x=1")->name);
    EXPECT_NE(one->name, source_of_url("https://h/b/disk.qcow2")->name);
    EXPECT_TRUE(source_of_url("http://h/")->name.starts_with("image-"));
    EXPECT_EQ(source_of_url("file:///etc/passwd").error().code, ErrorCode::usage);
    EXPECT_EQ(without_secrets("https://h/a@b"), "https://h/a@b");
}

}  // namespace
}  // namespace kvmkit::virt
