// SPDX-License-Identifier: Apache-2.0
#include "system/archive.hpp"
#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"
#include "system/root.hpp"
#include "system/tar.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing::TemporaryFolder;

FileTree small_tree()
{
    FileTree tree;
    add_file(tree, "proc/cpuinfo", "flags : vmx\n");
    add_file(tree, "empty", "");
    add_directory(tree, "sys/module/kvm_intel");
    add_file(tree, "etc/os-release", "../usr/lib/os-release");
    tree["etc/os-release"].kind = TreeEntry::Kind::link;
    add_file(tree, "usr/lib/os-release", "ID=debian\n");
    return tree;
}

/// A member with a header of our own making: what no honest tar writes.
std::string hostile(const std::string& name, char type, const std::string& target)
{
    FileTree one;
    one[name] = {TreeEntry::Kind::file, ""};
    auto bytes = *write_tar(one);
    bytes[156] = type;
    target.copy(bytes.data() + 157, 99);
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) {
        sum += i >= 148 && i < 156 ? static_cast<unsigned>(' ') : static_cast<unsigned char>(bytes[i]);
    }
    (void)std::snprintf(bytes.data() + 148, 7, "%06o", sum);
    return bytes;
}

int shell(const std::string& line)
{
    return std::system(line.c_str());
}

TEST(Tar, ReadsWhatItWrote)
{
    const auto bytes = write_tar(small_tree());
    ASSERT_TRUE(bytes);
    const auto tree = read_tar(*bytes);
    ASSERT_TRUE(tree) << tree.error().message;
    EXPECT_EQ(*tree, small_tree());
}

TEST(Tar, IsWhatTarUnderstandsAndWrites)
{
    const TemporaryFolder folder;
    const auto path = folder.path().string();
    folder.write("ours.tar", *write_tar(small_tree()));
    std::filesystem::create_directory(folder.path() / "host");
    ASSERT_EQ(shell("tar -C " + path + "/host -xf " + path + "/ours.tar"), 0);
    EXPECT_EQ(folder.read("host/etc/os-release"), "ID=debian\n");
    const std::string deep(70, 'd');  // more than one field of ustar holds
    folder.write("host/" + deep + "/" + deep + "/" + deep, "deep");
    for (const std::string format : {"gnu", "pax", "ustar"}) {
        for (const std::string what : {" host", " -C host ."}) {
            ASSERT_EQ(shell("cd " + path + " && tar --format=" + format + " -cf their.tar" + what), 0);
            SystemRunner runner;
            const auto tree = read_archive(path + "/their.tar", runner);
            ASSERT_TRUE(tree) << format << what << ": " << tree.error().message;
            EXPECT_EQ(find_entry(*tree, "etc/os-release")->bytes, "ID=debian\n");
            EXPECT_NE(find_entry(*tree, deep + "/" + deep + "/" + deep), nullptr) << format;
        }
    }
}

TEST(Tar, RefusesWhatLeadsOut)
{
    struct Case {
        std::string name;
        char type;
        std::string target;
    };
    for (const Case& bad : {Case{"/etc/passwd", '0', ""},
                            Case{"a/../../b", '0', ""},
                            Case{"..", '5', ""},
                            Case{"link", '2', "/etc"},
                            Case{"a/link", '2', "../../etc"},
                            Case{"link", '1', "/etc/passwd"},
                            Case{"link", '1', "nothing"},
                            Case{"null", '3', ""},
                            Case{"disk", '4', ""},
                            Case{"pipe", '6', ""},
                            Case{"sparse", 'S', ""}}) {
        const auto tree = read_tar(hostile(bad.name, bad.type, bad.target));
        ASSERT_FALSE(tree) << bad.name << " " << bad.target;
        EXPECT_EQ(tree.error().code, ErrorCode::refused) << tree.error().message;
    }
}

TEST(Tar, NeverReadsBeyondItsBytes)
{
    const auto whole = *write_tar(small_tree());
    for (std::size_t size = 0; size < whole.size(); size += 101) {
        (void)read_tar(std::string_view{whole}.substr(0, size));
    }
    for (std::size_t at = 0; at < whole.size(); at += 7) {
        auto broken = whole;
        broken[at] = static_cast<char>(broken[at] ^ 0x55);
        (void)read_tar(broken);
    }
    EXPECT_FALSE(read_tar(""));
    EXPECT_FALSE(read_tar("no archive"));
}

TEST(FileTree, KeepsLinksInside)
{
    FileTree tree = small_tree();
    tree["up"] = {TreeEntry::Kind::link, "../../../proc"};
    tree["absolute"] = {TreeEntry::Kind::link, "/proc/cpuinfo"};
    tree["round"] = {TreeEntry::Kind::link, "round"};
    EXPECT_EQ(find_entry(tree, "up/cpuinfo")->bytes, "flags : vmx\n");
    EXPECT_EQ(find_entry(tree, "absolute")->bytes, "flags : vmx\n");
    EXPECT_EQ(find_entry(tree, "../../proc/cpuinfo")->bytes, "flags : vmx\n");
    EXPECT_EQ(find_entry(tree, "round"), nullptr);
    EXPECT_EQ(find_entry(tree, "proc/cpuinfo/below"), nullptr);
}

TEST(Root, ReadsATreeInMemoryAsAFolder)
{
    const auto root = Root::of(small_tree());
    EXPECT_FALSE(root.is_this_host());
    EXPECT_EQ(root.read("etc/os-release")->value(), "ID=debian\n");
    EXPECT_EQ(root.read("empty")->value(), "");
    EXPECT_FALSE(root.read("proc/nothing")->has_value());
    EXPECT_FALSE(root.read("proc"));
    EXPECT_FALSE(root.read("proc/cpuinfo", 1));
    EXPECT_EQ(root.names("sys/module")->value(), (std::vector<std::string>{"kvm_intel"}));
    EXPECT_FALSE(root.names("proc/cpuinfo")->has_value());
    EXPECT_TRUE(root.exists("sys/module/kvm_intel"));
    EXPECT_EQ((*root.status("proc/cpuinfo"))->st_size, 12);
}

TEST(Root, NeverLeavesACopy)
{
    const TemporaryFolder folder;
    folder.write("secret", "outside");
    folder.write("copy/etc/inside", "inside");
    const auto copy = folder.path() / "copy";
    std::filesystem::create_symlink("../../secret", copy / "etc/climbs");
    std::filesystem::create_symlink(folder.path() / "secret", copy / "etc/absolute");
    std::filesystem::create_symlink("/etc/inside", copy / "to-inside");
    std::filesystem::create_symlink("/", copy / "top");
    std::filesystem::create_symlink("..", copy / "up");
    std::filesystem::create_symlink("round", copy / "round");
    ASSERT_EQ(::mkfifo((copy / "fifo").c_str(), 0600), 0);
    const auto root = Root::open(copy);
    for (const auto* path : {"etc/climbs", "etc/absolute", "top/../secret", "up/secret", "../secret"}) {
        EXPECT_FALSE(root->read(path)->has_value()) << path;
    }
    EXPECT_EQ(root->read("to-inside")->value(), "inside");
    EXPECT_EQ(root->read("top/etc/inside")->value(), "inside");
    EXPECT_EQ(root->read("../../etc/inside")->value(), "inside");
    EXPECT_FALSE(root->read("round"));
    EXPECT_FALSE(root->read("fifo")) << "only plain files are opened";
    EXPECT_EQ(root->names("up")->value(), root->names(".")->value());
}

TEST(Root, GivesTheAnswerThatWasRecorded)
{
    auto root = Root::of(small_tree());
    root.refuse("proc/cpuinfo", EACCES);
    ASSERT_FALSE(root.read("proc/cpuinfo"));
    EXPECT_EQ(root.read("proc/cpuinfo").error().code, ErrorCode::permission);
}

TEST(Archive, IsReadWhateverPacksIt)
{
    const TemporaryFolder folder;
    SystemRunner runner;
    for (const std::string name : {"a.tar", "a.tar.gz", "a.tgz", "a.tar.zst", "a.tar.xz"}) {
        const auto bytes = make_archive(small_tree(), name, runner);
        if (!bytes && bytes.error().code == ErrorCode::not_found) {
            continue;
        }
        ASSERT_TRUE(bytes) << bytes.error().message;
        folder.write("packed", *bytes);
        const auto tree = read_archive(folder.path() / "packed", runner);
        ASSERT_TRUE(tree) << tree.error().message;
        EXPECT_EQ(*tree, small_tree()) << name;
    }
    EXPECT_FALSE(packer_for("a.zip"));
}

TEST(Archive, NamesTheProgramThatIsMissing)
{
    class NoPrograms final : public Runner {
    public:
        Result<Completed> run(const ChildCommand& command) override
        {
            return Error{ErrorCode::not_found, "cannot run '" + command.argv.front() + "'"};
        }
    };
    const TemporaryFolder folder;
    folder.write("a", "\x1f\x8b...");
    NoPrograms runner;
    const auto tree = read_archive(folder.path() / "a", runner);
    ASSERT_FALSE(tree);
    EXPECT_TRUE(tree.error().message.ends_with("gzip is not installed")) << tree.error().message;
}

TEST(Archive, DoesNotUnpackABomb)
{
    const TemporaryFolder folder;
    const auto path = (folder.path() / "bomb.tar.gz").string();
    ASSERT_EQ(shell("head -c 200000000 /dev/zero | gzip -1 >" + path), 0);
    SystemRunner runner;
    const auto tree = read_archive(path, runner);
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().code, ErrorCode::refused) << tree.error().message;
}

TEST(WriteDirectory, IsAllOrNothingAndReplacesNothing)
{
    const TemporaryFolder folder;
    const auto place = (folder.path() / "host").string() + "/";
    ASSERT_TRUE(write_directory(small_tree(), place));
    EXPECT_EQ(folder.read("host/etc/os-release"), "ID=debian\n");
    const auto again = write_directory(small_tree(), place);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::exists);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder.path()}, {}), 1);
}

}  // namespace
}  // namespace kvmkit
