// SPDX-License-Identifier: Apache-2.0
#include "seed_options.hpp"

#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "system/files.hpp"
#include "virt/seed/public_keys.hpp"
#include "virt/seed/words.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

using Words = std::vector<std::string>;

constexpr std::array seed_options{"user", "ssh-key", "hostname", "user-data", "run", "package"};
constexpr std::size_t most_user_data = std::size_t{1} << 20U;

/// The home of whoever sits at the keyboard: under sudo that is not root.
std::filesystem::path home()
{
    const char* behind_sudo =
        std::getenv("SUDO_USER");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    if (behind_sudo != nullptr && ::geteuid() == 0) {
        const passwd* entry = ::getpwnam(behind_sudo);  // NOLINT(concurrency-mt-unsafe): before the first thread
        if (entry != nullptr) {
            return entry->pw_dir;
        }
    }
    const char* own = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    return own != nullptr && *own == '/' ? own : "/nonexistent";
}

void take(const virt::LoginKeys& keys, virt::Seed& seed)
{
    const auto same_key = [](std::string_view one, std::string_view other) {
        const auto left = words(one);
        const auto right = words(other);
        return left[0] == right[0] && left[1] == right[1];
    };
    for (const auto& line : keys.lines) {
        if (std::ranges::none_of(seed.keys, [&](const auto& known) { return same_key(known, line); })) {
            seed.keys.push_back(line);
        }
    }
    seed.identities.insert(seed.identities.end(), keys.identities.begin(), keys.identities.end());
}

/// The agent's keys, then ~/.ssh; where neither holds one, this VM gets a key of its own.
Result<void> take_any(virt::Seed& seed)
{
    SystemRunner runner;
    const auto agents = virt::keys_of_agent(runner);
    if (!agents && agents.error().code != ErrorCode::not_found) {
        return agents.error();
    }
    if (agents) {
        take(*agents, seed);
    }
    const auto own = virt::keys_in_folder(home() / ".ssh");
    if (!own) {
        return own.error();
    }
    take(*own, seed);
    seed.make_key = seed.keys.empty();
    return {};
}

Result<void> take_keys(const std::string& from, virt::Seed& seed)
{
    if (from == "none") {
        return {};
    }
    if (from == "auto") {
        return take_any(seed);
    }
    SystemRunner runner;
    if (from.empty()) {
        return Error{ErrorCode::usage, "cannot open ssh key '': the name is empty", "run 'vm-run launch --help'"};
    }
    const auto keys = from == "agent" ? virt::keys_of_agent(runner) : virt::keys_of_file(from);
    if (!keys) {
        return keys.error();
    }
    take(*keys, seed);
    return {};
}

Result<std::string> read_user_data(const std::string& name)
{
    const auto doing = fmt::format("cannot open user-data '{}'", name);
    const UniqueFd fd{::open(name.c_str(), O_RDONLY | O_CLOEXEC)};  // a pipe is fine: --user-data <(...)
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return errno_error(errno, doing);
    }
    auto text = read_all(fd.get(), name, most_user_data);
    if (text) {
        if (auto checked = virt::check_user_data(*text, name); !checked) {
            return checked.error();
        }
    }
    return text;
}

Result<void> check_all(const Words& given, Result<void> (*check)(std::string_view))
{
    for (const auto& word : given) {
        if (auto checked = check(word); !checked) {
            return checked;
        }
    }
    return {};
}

Result<void> check_words(const virt::Seed& seed)
{
    if (auto user = virt::check_user_name(seed.user); !user) {
        return user;
    }
    if (seed.hostname) {
        if (auto hostname = virt::check_hostname(*seed.hostname); !hostname) {
            return hostname;
        }
    }
    auto packages = check_all(seed.packages, virt::check_package_name);
    return packages ? check_all(seed.commands, virt::check_command) : packages;
}

Result<virt::Seed> read_given(const cli::Arguments& arguments)
{
    virt::Seed seed{.user = arguments.maybe("user").value_or(virt::Seed{}.user),
                    .hostname = arguments.maybe("hostname"),
                    .packages = arguments.list("package"),
                    .commands = arguments.list("run")};
    if (auto checked = check_words(seed); !checked) {
        return checked.error();
    }
    const auto from = arguments.list("ssh-key");
    for (const auto& source : from.empty() ? Words{"auto"} : from) {
        if (auto taken = take_keys(source, seed); !taken) {
            return taken.error();
        }
    }
    if (const auto file = arguments.maybe("user-data")) {
        auto text = read_user_data(*file);
        if (!text) {
            return text.error();
        }
        seed.user_data = std::move(*text);
    }
    return seed;
}

}  // namespace

void declare_seed(cli::po::options_description_easy_init& add)
{
    using cli::po::value;
    const auto text = [](const char* shown) { return value<std::string>()->value_name(shown); };
    const auto list = [](const char* shown) { return value<Words>()->composing()->value_name(shown); };
    add("user", text("NAME"), "cloud-init makes this user, who may use sudo (default: kvmkit)");
    add("ssh-key",
        list("FILE|agent|none|auto"),
        "who may log in (default: the agent's keys and ~/.ssh/id_*.pub, else a new key)");
    add("hostname", text("NAME"), "the guest's host name (default: the VM's name)");
    add("run", list("CMD"), "cloud-init runs this in the guest's shell, once; repeatable");
    add("package", list("NAME"), "cloud-init installs this; repeatable");
    add("user-data", text("FILE"), "cloud-config or script of your own, in addition to all of these");
    add("no-seed", "tell the guest nothing: no cloud-init (default where --kernel is given and none of the above)");
}

Result<void> read_seed(const cli::Arguments& arguments, virt::VmSpec& spec, bool boots_itself)
{
    const auto* const given =
        std::ranges::find_if(seed_options, [&arguments](const char* name) { return arguments.has(name); });
    if (arguments.has("no-seed")) {
        return given == seed_options.end()
                   ? Result<void>{}
                   : Error{ErrorCode::usage, fmt::format("--{} needs the seed that --no-seed leaves out", *given)};
    }
    if (given == seed_options.end() && !boots_itself) {
        return {};
    }
    auto seed = read_given(arguments);
    if (!seed) {
        return seed.error();
    }
    spec.seed = std::move(*seed);
    return {};
}

}  // namespace kvmkit::vm_run
