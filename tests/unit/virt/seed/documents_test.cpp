// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/documents.hpp"

#include "base/base64.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kvmkit::virt {
namespace {

const KeyPair host_key{"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
                       "ssh-ed25519 AAAAC3 web"};
const std::string uuid = "01234567-89ab-4cde-8f01-23456789abcd";

std::string content_of(const std::vector<SeedFile>& files, std::string_view name)
{
    for (const auto& file : files) {
        if (file.name == name) {
            return file.content;
        }
    }
    return "";
}

/// Compares all files with tests/golden/vm-run/seed-NAME.txt; KVMKIT_ACCEPT_GOLDEN=1 rewrites it and fails.
void expect_golden(const std::string& name, const std::vector<SeedFile>& files)
{
    std::string text;
    for (const auto& file : files) {
        text += "== " + file.name + "\n" + file.content;
    }
    const auto path = std::string{KVMKIT_SOURCE_DIR "/tests/golden/vm-run/seed-"} + name + ".txt";
    if (std::getenv("KVMKIT_ACCEPT_GOLDEN") != nullptr) {
        std::ofstream{path} << text;
        FAIL() << "accepted " << path;
    }
    std::stringstream golden;
    golden << std::ifstream{path}.rdbuf();
    EXPECT_EQ(text, golden.str()) << path;
}

TEST(SeedDocuments, OfAPlainVm)
{
    const Seed seed{.keys = {"ssh-ed25519 AAAA ada"}};
    expect_golden("plain", seed_files(seed, {uuid, "web_1", {{"52:54:00:01:02:03"}}}, host_key));
}

TEST(SeedDocuments, OfEverything)
{
    Seed seed{.user = "ada", .hostname = "web.example.org", .keys = {"ssh-ed25519 AAAA ada", "ssh-rsa BBBB eve"}};
    seed.packages = {"nginx", "curl=7.88.1-10"};
    seed.commands = {"systemctl enable --now nginx", "echo \"it's: {x}\" # \xc3\xa4 > /a\\b"};
    seed.user_data = "#cloud-config\nhostname: theirs\nruncmd: [theirs]\n";
    const std::vector<SeedNic> nics{
        {"52:54:00:01:02:03",
         FixedAddress{{"192.0.2.5/24", "2001:db8::5/64"}, {"192.0.2.1", "2001:db8::1"}, {"192.0.2.53"}}},
        {"52:54:00:01:02:04"}};
    expect_golden("everything", seed_files(seed, {uuid, "web", nics}, host_key));
}

TEST(SeedDocuments, OfAScriptBesideOurs)
{
    Seed seed;
    seed.user_data = "#!/bin/sh\necho \xc3\xa4\n";
    const auto files = seed_files(seed, {uuid, "web"}, host_key);
    const auto text = content_of(files, "user-data");
    EXPECT_NE(text.find("Content-Type: text/x-shellscript"), std::string::npos);
    EXPECT_NE(text.find("\n" + encode_base64(*seed.user_data) + "\n--==kvmkit==--\n"), std::string::npos);
}

TEST(SeedDocuments, WithoutANetworkCardSayNothingOfNetworks)
{
    const auto files = seed_files(Seed{}, {uuid, "web"}, host_key);
    EXPECT_EQ(content_of(files, "network-config"), "");
    EXPECT_EQ(files.size(), 3U);
}

TEST(SeedDocuments, HoldWhatUsersWriteAsItIs)
{
    const std::string hostile = "a: b\n- \"c\"\t'd' %YAML ]}\\ #cloud";
    Seed seed{.keys = {hostile}};
    seed.commands = {hostile};
    const auto text = content_of(seed_files(seed, {uuid, "web"}, host_key), "user-data");
    const auto config = nlohmann::json::parse(text.substr(text.find('\n')));
    EXPECT_EQ(config["runcmd"][0], hostile);
    EXPECT_EQ(config["users"][1]["ssh_authorized_keys"][0], hostile);
    EXPECT_EQ(config["ssh_keys"]["ed25519_private"], host_key.private_key);
}

TEST(SeedDocuments, LetRootInWhereRootWasAskedFor)
{
    const Seed root{.user = "root", .keys = {"ssh-ed25519 AAAA ada"}};
    const auto text = content_of(seed_files(root, {uuid, "web"}, host_key), "user-data");
    const auto config = nlohmann::json::parse(text.substr(text.find('\n')));
    EXPECT_EQ(config["disable_root"], false);
    EXPECT_FALSE(config["users"][1].contains("sudo"));
}

}  // namespace
}  // namespace kvmkit::virt
