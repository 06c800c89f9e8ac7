// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kvmkit::testing {

/// Runs each test in a network namespace of its own: the real kernel, and nobody else's links. Where the tests do not
/// run as root, a user namespace makes them root over it.
class PrivateNetns : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (become_namespace_root() && ::unshare(CLONE_NEWNET) == 0) {
            return;
        }
        ASSERT_STRNE(std::getenv("KVMKIT_TESTS_MUST_RUN"), "1") << "no network namespace, and this run may not skip";
        GTEST_SKIP() << "no private network namespace: run as root";
    }

    /// Prepares the world with ip(8), an independent hand. The test fails if ip does.
    static void ip(const std::string& words) { ASSERT_EQ(std::system(("ip " + words).c_str()), 0) << "ip " << words; }

    /// What ip(8) sees: an independent eye. `words` as in "-d link show br0".
    static nlohmann::json ip_json(const std::string& words)
    {
        std::string text;
        FILE* const pipe = ::popen(("ip -j " + words + " 2>/dev/null").c_str(), "re");
        if (pipe == nullptr) {
            ADD_FAILURE() << "cannot run ip";
            return {};
        }
        std::array<char, 4096> buffer{};
        while (const auto count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
            text.append(buffer.data(), count);
        }
        (void)::pclose(pipe);
        return nlohmann::json::parse(text.empty() ? "[]" : text, nullptr, false);
    }

    /// The one link of that name as ip(8) sees it; null if there is none.
    static nlohmann::json ip_link(const std::string& name)
    {
        const auto found = ip_json("-d addr show dev " + name);
        return found.is_array() && !found.empty() ? found.at(0) : nlohmann::json{};
    }

private:
    static bool become_namespace_root()
    {
        if (::geteuid() == 0) {
            return true;
        }
        const auto uid = ::geteuid();
        const auto gid = ::getegid();
        if (::unshare(CLONE_NEWUSER) != 0) {
            return false;
        }
        std::ofstream{"/proc/self/setgroups"} << "deny";
        std::ofstream{"/proc/self/uid_map"} << "0 " << uid << " 1";
        std::ofstream{"/proc/self/gid_map"} << "0 " << gid << " 1";
        return ::geteuid() == 0;
    }
};

}  // namespace kvmkit::testing
