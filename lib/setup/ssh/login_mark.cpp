// SPDX-License-Identifier: Apache-2.0
#include "setup/ssh/login_mark.hpp"

#include "base/text.hpp"
#include "system/clock.hpp"
#include "system/root.hpp"
#include "system/small_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

template <class Number>
Number number_in(std::string_view text, Number otherwise)
{
    Number value = otherwise;
    (void)std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool lets_people_in(std::string_view command)
{
    constexpr std::array<std::string_view, 6> names{
        "sshd", "sshd-session", "login", "agetty", "mosh-server", "tmux: server"};
    return std::ranges::find(names, command) != names.end();
}

pid_t parent_of(const Root& root, pid_t pid)
{
    const auto text = text_or_nothing(root, fmt::format("proc/{}/status", pid));
    for (const auto line : lines(text)) {
        if (line.starts_with("PPid:")) {
            return number_in<pid_t>(trim(line.substr(5)), 0);
        }
    }
    return 0;
}

}  // namespace

bool LoginMark::same_login(const LoginMark& other) const
{
    if (audit_session != no_session && other.audit_session != no_session) {
        return audit_session == other.audit_session;
    }
    return pid == other.pid && start_time == other.start_time;
}

LoginMark this_login()
{
    LoginMark mark{.pid = ::getpid()};
    if (const auto root = Root::open("/")) {
        const auto session = text_or_nothing(*root, "proc/self/sessionid");
        mark.audit_session = number_in(trim(session), LoginMark::no_session);
        for (pid_t pid = parent_of(*root, ::getpid()); pid > 1; pid = parent_of(*root, pid)) {
            mark.pid = pid;
            const auto command = text_or_nothing(*root, fmt::format("proc/{}/comm", pid));
            if (lets_people_in(trim(command))) {
                break;
            }
        }
    }
    mark.start_time = process_start_time(mark.pid).value_or(0);
    mark.noted = ticks_after_boot();
    return mark;
}

std::string encode(const LoginMark& mark)
{
    return fmt::format("{} {} {} {}\n", mark.pid, mark.start_time, mark.audit_session, mark.noted);
}

LoginMark decode_login_mark(std::string_view text)
{
    const auto parts = words(text);
    LoginMark mark;
    if (parts.size() == 4) {
        mark.pid = number_in<pid_t>(parts[0], 0);
        mark.start_time = number_in<std::uint64_t>(parts[1], 0);
        mark.audit_session = number_in(parts[2], LoginMark::no_session);
        mark.noted = number_in<std::uint64_t>(parts[3], 0);
    }
    return mark;
}

}  // namespace kvmkit::setup
