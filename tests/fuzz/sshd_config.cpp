// SPDX-License-Identifier: Apache-2.0
// Any sshd_config and authorized_keys: read to the end, keywords are one word, lines are counted, and our lines written
// into it are found again, and written a second time change nothing.
#include "setup/ssh/config.hpp"
#include "setup/ssh/root_login.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

void demand(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace kvmkit::setup;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto lines = static_cast<unsigned>(std::ranges::count(text, '\n')) + 1;
    for (const SshdSetting& setting : read_sshd_settings(text, "f")) {
        demand(setting.line >= 1 && setting.line <= lines);
        demand(setting.keyword.find_first_of(" \t\n=") == std::string::npos);
        (void)describe(setting);
        (void)fits_pattern(setting.keyword, setting.value);
    }
    const auto keys = read_authorized_keys(text);
    demand(keys.plain + keys.forced <= lines);
    for (const RootLoginWish& wish : {RootLoginWish{}, RootLoginWish{"yes", "192.0.2.0/24"}}) {
        const auto once = with_root_login(text, wish);
        demand(once.find("PermitRootLogin " + wish.value) != std::string::npos);
        demand(with_root_login(once, wish) == once);
    }
    return 0;
}
