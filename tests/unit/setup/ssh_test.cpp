// SPDX-License-Identifier: Apache-2.0
#include "setup/ssh/config.hpp"
#include "setup/ssh/login_mark.hpp"
#include "setup/ssh/obstacles.hpp"
#include "setup/ssh/root_login.hpp"
#include "setup/ssh/sshd.hpp"
#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

TEST(SshdConfigTest, ReadsInTheOrderThatSshdDoes)
{
    testing::TemporaryFolder folder;
    folder.write("etc/ssh/sshd_config",
                 "# PermitRootLogin yes\nInclude /etc/ssh/sshd_config.d/*.conf\n permitrootlogin = no # why\n"
                 "Match User bob\n\tPermitRootLogin yes\nInclude extra\nMatch all\nUsePAM yes\n");
    folder.write("etc/ssh/sshd_config.d/50-a.conf", "Match Address 10.0.0.0/8\nPermitRootLogin yes\n");
    folder.write("etc/ssh/sshd_config.d/60-b.conf", "PermitRootLogin prohibit-password\n");
    folder.write("etc/ssh/sshd_config.d/70-c.conf.bak", "PermitRootLogin yes\n");
    folder.write("etc/ssh/extra", "X11Forwarding no\n");
    std::vector<std::string> found;
    for (const SshdSetting& setting : read_sshd_config(*Root::open(folder.path()))) {
        found.push_back(describe(setting));
    }
    EXPECT_EQ(found,
              (std::vector<std::string>{
                  "/etc/ssh/sshd_config.d/50-a.conf:2: PermitRootLogin yes (Match Address 10.0.0.0/8)",
                  "/etc/ssh/sshd_config.d/60-b.conf:1: PermitRootLogin prohibit-password",
                  "/etc/ssh/sshd_config:3: PermitRootLogin no",
                  "/etc/ssh/sshd_config:5: PermitRootLogin yes (Match User bob)",
                  "/etc/ssh/extra:1: x11forwarding no (Match User bob)",
                  "/etc/ssh/sshd_config:8: usepam yes",
              }));
}

TEST(SshdConfigTest, IsTheVendorsWhileThereIsNoOther)
{
    testing::TemporaryFolder folder;
    folder.write("usr/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n");
    folder.write("etc/ssh/sshd_config.d/50-a.conf", "PermitRootLogin no\n");
    EXPECT_EQ(sshd_main_file(*Root::open(folder.path())), "usr/etc/ssh/sshd_config");
    EXPECT_EQ(read_sshd_config(*Root::open(folder.path())).size(), 2U);
    folder.write("etc/ssh/sshd_config", "");
    EXPECT_EQ(sshd_main_file(*Root::open(folder.path())), "etc/ssh/sshd_config");
    EXPECT_TRUE(read_sshd_config(*Root::open(folder.path())).empty()) << "sshd reads the vendor's no more";
}

TEST(SshdConfigTest, EndsWhereAFileIncludesItself)
{
    testing::TemporaryFolder folder;
    folder.write("etc/ssh/sshd_config", "UsePAM yes\nInclude /etc/ssh/sshd_config\n");
    EXPECT_EQ(read_sshd_config(*Root::open(folder.path())).size(), 17U) << "sshd's own depth";
}

TEST(SshdConfigTest, FitsPatterns)
{
    EXPECT_TRUE(fits_pattern("50-a.conf", "*.conf"));
    EXPECT_TRUE(fits_pattern("root", "r??t"));
    EXPECT_TRUE(fits_pattern("", "**"));
    EXPECT_FALSE(fits_pattern("a.conf.bak", "*.conf"));
    EXPECT_FALSE(fits_pattern("root", "ro"));
    EXPECT_FALSE(fits_pattern("", "?"));
}

TEST(RootLoginTest, AsksFromWhereForPasswords)
{
    EXPECT_TRUE(parse_root_login("prohibit-password", ""));
    EXPECT_TRUE(parse_root_login("yes", "any"));
    EXPECT_TRUE(parse_root_login("yes", "192.0.2.0/24"));
    EXPECT_TRUE(parse_root_login("yes", "2001:db8::/32"));
    EXPECT_TRUE(parse_root_login("yes", "192.0.2.7"));
    EXPECT_FALSE(parse_root_login("yes", ""));
    EXPECT_FALSE(parse_root_login("no", ""));
    for (const auto* range :
         {"192.0.2.0/33", "192.0.2.0/", "192.0.2/24", "x", "192.0.2.0/24,10.0.0.0/8", "::/129", "10.0.0.1/2x"}) {
        EXPECT_FALSE(parse_root_login("yes", range)) << range;
    }
}

TEST(RootLoginTest, TellsKeysFromCommands)
{
    const auto keys = read_authorized_keys(
        "# ssh-rsa AAAA\n\nssh-ed25519 AAAA me\n"
        "no-pty,command=\"echo ssh-in as another\" ssh-rsa AAAA\n"
        "command=\"x\" ecdsa-sha2-nistp256 AAAA\nnonsense\n"
        "sk-ssh-ed25519@openssh.com AAAA\n");
    EXPECT_EQ(keys.plain, 2U);
    EXPECT_EQ(keys.forced, 2U);
}

TEST(RootLoginTest, PutsItsLinesWhereTheyWin)
{
    const std::string before = "UsePAM yes\nMatch User a\n  X11Forwarding no";
    const RootLoginWish keys{};
    const auto first = with_root_login(before, keys);
    EXPECT_TRUE(first.starts_with("# >>> host-setup ssh-root (kvmkit)\n"));
    EXPECT_TRUE(first.ends_with(before + "\n"));
    EXPECT_EQ(with_root_login(first, keys), first) << "a second time changes nothing";

    const RootLoginWish range{"yes", "192.0.2.0/24"};
    const auto second = with_root_login(before, range);
    EXPECT_TRUE(second.starts_with("UsePAM yes\n# >>> host-setup"));
    EXPECT_LT(second.find("Match Address 192.0.2.0/24"), second.find("Match User a"));
    EXPECT_TRUE(with_root_login("UsePAM yes\n", range).ends_with("# <<< host-setup ssh-root (kvmkit)\n"));
    const auto block = with_root_login("", range);
    for (const std::string& lonely : std::vector<std::string>{
             "### >>> host-setup ssh-root (kvmkit)\n",
             "# >>> host-setup ssh-root (kvmkit)\nPort 22\nMatch all\n",
             "# <<< host-setup ssh-root (kvmkit)\nPort 22\n# >>> host-setup ssh-root (kvmkit)\n"}) {
        const auto once = with_root_login(lonely, range);
        EXPECT_EQ(once.size(), lonely.size() + block.size()) << "what is no block of ours stays:\n" << once;
        EXPECT_EQ(with_root_login(once, range), once);
    }
    EXPECT_EQ(address_in("192.0.2.0/24"), "192.0.2.0");
}

TEST(RootLoginTest, NamesWhatElseRefusesRoot)
{
    const RootLoginWish keys{};
    EXPECT_TRUE(obstacles_in_settings(
                    "pubkeyauthentication yes\nauthorizedkeysfile .ssh/authorized_keys\nallowusers r*t\n", keys)
                    .empty());
    const auto found = obstacles_in_settings(
        "pubkeyauthentication no\nauthorizedkeysfile /etc/keys/%u\nallowgroups wheel\n"
        "denyusers bob\ndenyusers root@10.0.0.0/8\n",
        keys);
    EXPECT_EQ(found,
              (std::vector<std::string>{
                  "PubkeyAuthentication is no: no key lets anybody in",
                  "AllowGroups does not name root",
                  "DenyUsers names root",
                  "AuthorizedKeysFile is /etc/keys/%u: root's keys are not read from .ssh/authorized_keys"}));
}

TEST(RootLoginTest, NamesTheAccountsOwnObstacles)
{
    testing::TemporaryFolder folder;
    folder.write("etc/passwd", "root:x:0:0:root:/root:/usr/sbin/nologin\n");
    folder.write("etc/shadow", "root:*:1::::::\n");
    folder.write("etc/pam.d/sshd", "# account required pam_access.so\nauth required pam_securetty.so\n");
    testing::FakeRunner runner;
    runner.answer("/usr/sbin/sshd -T -C user=root,host=203.0.113.9,addr=203.0.113.9", {255, "", "no hostkeys"});
    const auto found = find_obstacles(runner, *Root::open(folder.path()), {"yes", "any"});
    EXPECT_EQ(found,
              (std::vector<std::string>{
                  "root may still be refused: root's password is locked in /etc/shadow: no password lets it in; set "
                  "one: passwd root",
                  "root may still be refused: root's shell is /usr/sbin/nologin: it ends each login",
                  "root may still be refused: /etc/pam.d/sshd asks pam_securetty.so, which may refuse root"}));
}

/// A systemd whose unit is in one state after the other, and what else it shows of it.
class PassingStates final : public Runner {
public:
    explicit PassingStates(std::vector<std::string> states, std::string shown = "")
        : states_(std::move(states)), shown_(std::move(shown))
    {
    }

    Result<Completed> run(const ChildCommand& command) override
    {
        const bool question = command.argv.at(1) == "show";
        const bool of_socket = command.argv.back().ends_with(".socket");
        if (!question) {
            told_ += (told_.empty() ? "" : ", ") + command.argv.at(1) + " " + command.argv.back();
            return Completed{0, "", ""};
        }
        if (command.argv.at(2).find("TriggeredBy") != std::string::npos) {
            return Completed{0, shown_, ""};
        }
        const auto state = of_socket ? std::string{"active"} : states_.front();
        states_.erase(states_.begin(), states_.begin() + (of_socket ? 0 : 1));
        return Completed{0, "LoadState=loaded\nActiveState=" + state + "\nUnitFileState=enabled\n", ""};
    }

    [[nodiscard]] const std::string& told() const { return told_; }
    [[nodiscard]] bool all_asked() const { return states_.empty(); }

private:
    std::vector<std::string> states_;
    std::string shown_;
    std::string told_;
};

TEST(SshdTest, IsReloadedOnceItHasSettledAndOnlyIfItRuns)
{
    testing::TemporaryFolder folder;
    folder.write("run/systemd/system/.keep", "");
    const auto root = *Root::open(folder.path());
    for (const auto* state : {"reloading", "activating"}) {
        PassingStates runner{{state, state, "active"}};
        EXPECT_TRUE(reload_service(runner, root, ssh_unit));
        EXPECT_TRUE(runner.all_asked() && runner.told() == "reload ssh.service") << state << ": " << runner.told();
    }
    PassingStates asleep{{"activating", "inactive"}};
    EXPECT_TRUE(reload_service(asleep, root, ssh_unit));
    EXPECT_TRUE(asleep.all_asked() && asleep.told().empty()) << "it reads them when it starts";
}

TEST(SshdTest, IsStoppedWhereASocketStartsItAndSessionsStay)
{
    testing::TemporaryFolder folder;
    folder.write("run/systemd/system/.keep", "");
    const auto root = *Root::open(folder.path());
    const auto told = [&](const std::string& shown) {
        PassingStates runner{{"active"}, shown};
        EXPECT_TRUE(reload_service(runner, root, ssh_unit));
        return runner.told();
    };
    EXPECT_EQ(told("KillMode=process\nTriggeredBy=ssh.socket\n"), "stop ssh.service, reset-failed ssh.service");
    EXPECT_EQ(told("KillMode=control-group\nTriggeredBy=ssh.socket\n"), "reload ssh.service");
    EXPECT_EQ(told("KillMode=process\nTriggeredBy=\n"), "reload ssh.service");
}

TEST(LoginMarkTest, TellsLoginsApart)
{
    const LoginMark audited{10, 5, 3, 80};
    EXPECT_TRUE(audited.same_login({11, 6, 3})) << "su and sudo stay in their audit session";
    EXPECT_FALSE(audited.same_login({10, 5, 4}));
    const LoginMark plain{10, 5};
    EXPECT_TRUE(plain.same_login({10, 5}));
    EXPECT_FALSE(plain.same_login({10, 6})) << "a pid that came again";
    EXPECT_TRUE(decode_login_mark(encode(audited)).same_login(audited));
    EXPECT_EQ(decode_login_mark(encode(audited)).noted, audited.noted);
    EXPECT_TRUE(this_login().same_login(this_login()));
}

TEST(LoginMarkTest, TellsWhichOneWasThereBefore)
{
    const LoginMark maker{10, 5, 3, 80};
    EXPECT_TRUE((LoginMark{11, 79, 4, 90}.began_before(maker)));
    EXPECT_FALSE((LoginMark{11, 80, 4, 90}.began_before(maker)));
    EXPECT_FALSE((LoginMark{11, 79, 4, 90}.began_before(LoginMark{}))) << "nobody noted anything";
    const auto here = this_login();
    EXPECT_TRUE(here.began_before(here)) << "who asks was there before the question";
}

}  // namespace
}  // namespace kvmkit::setup
