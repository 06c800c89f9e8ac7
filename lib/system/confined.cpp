// SPDX-License-Identifier: Apache-2.0
#include "system/internal/confined.hpp"

#include "base/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit {
namespace {

constexpr int most_links = 40;  // the kernel's own limit

/// One walk from the top to a file. The directories on the way are held open: ".." goes back to the one that was come
/// from, whatever is renamed meanwhile, and never above the top.
class ConfinedWalk {
public:
    ConfinedWalk(int top, int flags) : top_(top), flags_(flags) {}

    UniqueFd go(std::string_view path)
    {
        push_front(path);
        while (!rest_.empty()) {
            const std::string step = std::move(rest_.front());
            rest_.pop_front();
            if (auto done = take(step)) {
                return std::move(*done);
            }
        }
        return UniqueFd{::openat(here(), ".", flags_)};
    }

private:
    [[nodiscard]] int here() const { return stack_.empty() ? top_ : stack_.back().get(); }

    void push_front(std::string_view path)
    {
        std::vector<std::string> steps;
        for (const auto step : split(path, '/')) {
            if (!step.empty() && step != ".") {
                steps.emplace_back(step);
            }
        }
        rest_.insert(rest_.begin(), steps.begin(), steps.end());
    }

    /// Absent: the walk goes on. Else its end, which is nothing where it failed.
    std::optional<UniqueFd> take(const std::string& step)
    {
        if (step == "..") {
            if (!stack_.empty()) {
                stack_.pop_back();
            }
            return std::nullopt;
        }
        struct stat found {};
        if (::fstatat(here(), step.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
            return UniqueFd{};
        }
        if (S_ISLNK(found.st_mode)) {
            return follow(step);
        }
        if (rest_.empty()) {
            return UniqueFd{::openat(here(), step.c_str(), flags_ | O_NOFOLLOW)};
        }
        UniqueFd next{::openat(here(), step.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        if (!next) {
            return next;
        }
        stack_.push_back(std::move(next));
        return std::nullopt;
    }

    std::optional<UniqueFd> follow(const std::string& link)
    {
        std::array<char, PATH_MAX> target{};
        const ssize_t size = ::readlinkat(here(), link.c_str(), target.data(), target.size());
        if (size < 0) {
            return UniqueFd{};
        }
        if (++links_ > most_links) {
            errno = ELOOP;
            return UniqueFd{};
        }
        const std::string_view path{target.data(), static_cast<std::size_t>(size)};
        if (path.starts_with('/')) {
            stack_.clear();
        }
        push_front(path);
        return std::nullopt;
    }

    int top_;
    int flags_;
    std::deque<std::string> rest_;
    std::vector<UniqueFd> stack_;
    int links_ = 0;
};

}  // namespace

UniqueFd open_confined(int top, std::string_view path, int flags)
{
    if (path.empty()) {
        errno = ENOENT;
        return {};
    }
    return ConfinedWalk{top, flags | O_CLOEXEC}.go(path);
}

}  // namespace kvmkit
