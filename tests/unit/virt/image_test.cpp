// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/image.hpp"
#include "support/temporary_folder.hpp"

#include <string>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

constexpr Bytes megabyte = Bytes::mib(1);

/// A qcow2 header as QEMU writes it, with one field after the other to be spoilt.
class Header {
public:
    Header()
    {
        bytes_.replace(0, 4, "QFI\xfb");
        set(4, 4, 3);            // version
        set(20, 4, 16);          // cluster bits
        set(24, 8, 64U << 20U);  // virtual size
        set(36, 4, 1);           // entries of the L1 table
        set(40, 8, 3U * 65536);  // where it lies
        set(48, 8, 65536);       // the refcount table
        set(56, 4, 1);           // its clusters
        set(100, 4, 104);        // header length
    }
    Header& set(std::size_t offset, std::size_t width, std::uint64_t value)
    {
        for (std::size_t i = width; i-- > 0; value >>= 8U) {
            bytes_[offset + i] = static_cast<char>(value & 0xffU);
        }
        return *this;
    }
    [[nodiscard]] Result<ImageHeader> parse(Bytes file_size = megabyte) const
    {
        return parse_image_header(bytes_, file_size, "disk.img");
    }
    [[nodiscard]] std::string text() const { return bytes_; }

private:
    std::string bytes_ = std::string(image_head_size, '\0');
};

std::string message(const Result<ImageHeader>& result)
{
    return result ? "accepted" : result.error().message;
}

TEST(Qcow2Header, OfAPlainImageIsRead)
{
    const auto header = Header{}.parse();
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->format, ImageFormat::qcow2);
    EXPECT_EQ(header->virtual_size, Bytes::mib(64));
    EXPECT_EQ(header->l1_entries, 1U);
}

TEST(Qcow2Header, OfVersion2NeedsNoFeatureFields)
{
    const std::string head = Header{}.set(4, 4, 2).text().substr(0, 72);
    EXPECT_TRUE(parse_image_header(head, megabyte, "disk.img"));
}

TEST(Qcow2Header, ThatLeadsToOtherFilesOrDamageIsRefused)
{
    const auto refusal = [](const Header& header) {
        const auto result = header.parse();
        EXPECT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::refused);
        return result.error().message;
    };
    EXPECT_NE(refusal(Header{}.set(8, 8, 104)).find("it has a backing file of its own"), std::string::npos);
    EXPECT_NE(refusal(Header{}.set(72, 8, 4)).find("its data lie in another file"), std::string::npos);
    EXPECT_NE(refusal(Header{}.set(72, 8, 2)).find("it is marked corrupt"), std::string::npos);
    EXPECT_NE(refusal(Header{}.set(72, 8, 1U << 20U)).find("features that are not known"), std::string::npos);
    EXPECT_NE(refusal(Header{}.set(32, 4, 2)).find("it is encrypted"), std::string::npos);
}

TEST(Qcow2Header, ThatMakesNoSenseIsInvalid)
{
    EXPECT_NE(message(Header{}.set(20, 4, 60).parse()).find("makes no sense"), std::string::npos);
    EXPECT_NE(message(Header{}.set(24, 8, 0).parse()).find("makes no sense"), std::string::npos);
    EXPECT_NE(message(Header{}.set(36, 4, 0xffffffff).parse()).find("makes no sense"), std::string::npos);
    EXPECT_NE(message(Header{}.set(4, 4, 1).parse()).find("qcow version 1 is not supported"), std::string::npos);
}

TEST(Qcow2Header, WhoseTablesLieBeyondTheFileIsCutShort)
{
    EXPECT_NE(message(Header{}.parse(Bytes::of(100'000))).find("it is cut short"), std::string::npos);
    EXPECT_NE(message(Header{}.set(40, 8, ~std::uint64_t{0}).parse()).find("it is cut short"), std::string::npos);
    EXPECT_NE(message(Header{}.set(48, 8, ~std::uint64_t{0} - 8).parse()).find("it is cut short"), std::string::npos);
    EXPECT_NE(message(Header{}.set(56, 4, 0xffffffff).parse()).find("it is cut short"), std::string::npos);
}

TEST(Qcow2Header, OfEveryShorterLengthIsInvalidAndNeverReadBeyondItsEnd)
{
    const std::string whole = Header{}.text();
    for (std::size_t length = 4; length < 104; ++length) {
        const auto result = parse_image_header(whole.substr(0, length), Bytes::of(length), "disk.img");
        ASSERT_FALSE(result) << length;
        EXPECT_EQ(result.error().code, ErrorCode::invalid) << length;
    }
}

TEST(Qcow2Header, WithAnyOneByteSpoiltIsJudgedWithoutHarm)
{
    for (std::size_t at = 4; at < 104; ++at) {
        for (const std::uint64_t value : {0x00U, 0x7fU, 0x80U, 0xffU}) {
            const auto result = Header{}.set(at, 1, value).parse();
            EXPECT_TRUE(result || !result.error().message.empty());
        }
    }
}

TEST(Qcow2Tables, ThatPointBeyondTheFileAreCutShort)
{
    std::string table(16, '\0');
    EXPECT_TRUE(check_l1_table(table, megabyte, "disk.img"));
    table[13] = '\x05';  // 0x50000
    EXPECT_TRUE(check_l1_table(table, megabyte, "disk.img"));
    table[8] = '\x80';  // the "copied" flag is no part of the offset
    EXPECT_TRUE(check_l1_table(table, megabyte, "disk.img"));
    EXPECT_FALSE(check_l1_table(table, Bytes::of(0x50000), "disk.img"));
}

TEST(RawImage, IsAnyContentOfWholeSectors)
{
    const std::string zeros(512, '\0');
    const auto header = parse_image_header(zeros, megabyte, "disk.raw");
    ASSERT_TRUE(header);
    EXPECT_EQ(header->format, ImageFormat::raw);
    EXPECT_EQ(header->virtual_size, megabyte);
    EXPECT_NE(message(parse_image_header(zeros, Bytes::of(1000), "disk.raw")).find("multiple of 512"),
              std::string::npos);
    EXPECT_NE(message(parse_image_header("", {}, "disk.raw")).find("it is empty"), std::string::npos);
}

TEST(RawImage, IsNotWhatAnotherFormatOrACompressedFileHolds)
{
    using std::literals::string_literals::operator""s;
    for (const auto& [head, name] : {std::pair{"KDMV"s, "VMDK"},
                                     std::pair{"vhdxfile"s, "VHDX"},
                                     std::pair{"\x1f\x8b\x08"s, "gzip"},
                                     std::pair{"\xfd"s + "7zXZ\0"s, "xz"},
                                     std::pair{"\x28\xb5\x2f\xfd"s, "zstd"},
                                     std::pair{"<!DOCTYPE html>"s, "HTML"}}) {
        const auto result = parse_image_header(head, megabyte, "disk.img");
        ASSERT_FALSE(result) << name;
        EXPECT_EQ(result.error().code, ErrorCode::unsupported);
        EXPECT_NE(result.error().message.find(name), std::string::npos) << result.error().message;
    }
}

TEST(ImageFile, NamedQcow2MustHoldOne)
{
    const auto result = parse_image_header(std::string(512, '\0'), megabyte, "disk.qcow2");
    EXPECT_NE(message(result).find("cannot use image 'disk.qcow2': it holds no qcow2 header"), std::string::npos);
}

TEST(ImageFile, NamedRawMustNotHoldAQcow2ThatAGuestMayHaveWritten)
{
    const auto result = parse_image_header(Header{}.text(), megabyte, "disk.raw");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::refused);
    EXPECT_NE(result.error().message.find("its name says raw, its content qcow2"), std::string::npos);
}

TEST(ImageFile, TellsWhereItsBackingFileIsNamed)
{
    const auto place = backing_name_place(Header{}.set(8, 8, 104).set(16, 4, 20).text());
    ASSERT_TRUE(place);
    EXPECT_EQ(place->offset, Bytes::of(104));
    EXPECT_EQ(place->length, 20U);
    EXPECT_FALSE(backing_name_place(Header{}.text()));
    EXPECT_FALSE(backing_name_place(Header{}.set(8, 8, 104).set(16, 4, 5000).text()));
    EXPECT_FALSE(backing_name_place("QFI"));
    EXPECT_FALSE(backing_name_place(std::string(512, '\0')));
}

TEST(ImageFile, IsFoundThroughItsLinksAndMustBeAPlainFile)
{
    const testing::TemporaryFolder folder;
    folder.write("disk.raw", std::string(1024, 'x'));
    std::filesystem::create_symlink("disk.raw", folder.path() / "link");
    const auto image = inspect_image(folder.path() / "link");
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->path, std::filesystem::canonical(folder.path() / "disk.raw"));
    EXPECT_EQ(image->virtual_size, Bytes::of(1024));
    EXPECT_EQ(inspect_image(folder.path()).error().code, ErrorCode::invalid);
    EXPECT_EQ(inspect_image(folder.path() / "none").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace kvmkit::virt
