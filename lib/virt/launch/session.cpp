// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/session.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <vector>

namespace kvmkit::virt {
namespace {

constexpr char leave_key = '\x1d';  // Ctrl-]

}  // namespace

Event Session::wait_for_boot(const Deadline& deadline)
{
    for (;;) {
        if (const auto event = look(Goal::boot)) {
            return *event;
        }
        if (deadline.passed()) {
            return Event::timed_out;
        }
        sleep(deadline);
    }
}

Event Session::wait_for(Sign& sign, const Deadline& deadline)
{
    sign_ = &sign;
    std::optional<Event> event;
    while (!event) {
        event = look(Goal::sign);
        if (!event && deadline.passed()) {
            event = Event::timed_out;
        }
        if (!event) {
            sleep(deadline);
        }
    }
    sign_ = nullptr;
    return *event;
}

Event Session::wait_for_end()
{
    for (;;) {
        if (const auto event = look(Goal::end)) {
            return *event;
        }
        sleep(std::nullopt);
    }
}

/// The guest's own words count before the news of its end: they came first.
std::optional<Event> Session::look(Goal goal)
{
    const bool over = attachment_.lifecycle.ending().has_value();
    if (over) {
        drain();
    } else {
        take_output();
    }
    if (goal == Goal::boot && boot_.booted()) {
        return Event::booted;
    }
    if (goal == Goal::sign && !over && sign_->reached()) {
        return Event::reached;
    }
    if (boot_.panicked()) {
        return Event::panicked;
    }
    if (over) {
        return Event::ended;
    }
    if (attachment_.signals.caught()) {
        return Event::interrupted;
    }
    return type() ? std::nullopt : std::optional{Event::left};
}

void Session::take_output()
{
    const std::string bytes = attachment_.console == nullptr ? std::string{} : attachment_.console->take();
    if (bytes.empty()) {
        return;
    }
    boot_.feed(bytes);
    if (sign_ != nullptr) {
        sign_->hear(bytes);
    }
    if (attachment_.on_output) {
        attachment_.on_output(bytes);
    }
}

/// The last lines may still be on their way when libvirt reports the end.
void Session::drain()
{
    const auto deadline = Deadline::after(std::chrono::seconds{2});
    take_output();
    while (attachment_.console != nullptr && !attachment_.console->ended() && !deadline.passed()) {
        pollfd wait{attachment_.console->fd(), POLLIN, 0};
        (void)::poll(&wait, 1, static_cast<int>(deadline.left().count()));
        take_output();
    }
}

/// Hands typed keys to the guest; false if the user wants to leave.
bool Session::type()
{
    pollfd wait{attachment_.input, POLLIN, 0};
    if (attachment_.input < 0 || ::poll(&wait, 1, 0) != 1) {
        return true;
    }
    std::array<char, 1024> keys{};
    const ssize_t got = ::read(attachment_.input, keys.data(), keys.size());
    if (got <= 0) {
        attachment_.input = got < 0 && errno == EINTR ? attachment_.input : -1;
        return true;
    }
    const std::string_view typed{keys.data(), static_cast<std::size_t>(got)};
    const auto leave = typed.find(leave_key);
    attachment_.console->send(typed.substr(0, leave));
    return leave == std::string_view::npos;
}

void Session::sleep(const std::optional<Deadline>& deadline)
{
    const bool silent = attachment_.console == nullptr || attachment_.console->ended();
    std::vector waits{pollfd{silent ? -1 : attachment_.console->fd(), POLLIN, 0},
                      pollfd{attachment_.lifecycle.fd(), POLLIN, 0},
                      pollfd{attachment_.signals.fd(), POLLIN, 0},
                      pollfd{attachment_.input, POLLIN, 0}};
    for (const int fd : sign_ == nullptr ? std::vector<int>{} : sign_->fds()) {
        waits.push_back({fd, POLLIN, 0});
    }
    auto most_ms = deadline ? static_cast<int>(deadline->left().count()) : -1;
    if (sign_ != nullptr) {
        most_ms = std::min(most_ms, static_cast<int>(sign_->patience().count()));
    }
    (void)::poll(waits.data(), waits.size(), most_ms);
}

}  // namespace kvmkit::virt
