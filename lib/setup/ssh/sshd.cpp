// SPDX-License-Identifier: Apache-2.0
#include "setup/ssh/sshd.hpp"

#include "base/deadline.hpp"
#include "base/text.hpp"
#include "setup/service.hpp"
#include "system/files.hpp"
#include "system/small_files.hpp"

#include <poll.h>
#include <signal.h>

#include <cerrno>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr const char* program = "/usr/sbin/sshd";

bool is_sshd(const Root& root, pid_t pid)
{
    const auto name = pid > 1 ? text_or_nothing(root, fmt::format("proc/{}/comm", pid)) : std::string{};
    return trim(name) == "sshd";
}

/// The process of run/sshd.pid, if it is an sshd; 0 if none runs.
pid_t listening_sshd(const Root& root)
{
    const auto text = text_or_nothing(root, "run/sshd.pid");
    pid_t pid = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), pid);
    return is_sshd(root, pid) ? pid : 0;
}

/// Which sshd wrote run/sshd.pid, and when: it does so each time that it has read its settings and listens.
struct Reading {
    pid_t pid = 0;
    ino_t file = 0;
    time_t second = 0;
    long nanosecond = 0;

    bool operator==(const Reading&) const = default;
};

Reading last_reading(const Root& root)
{
    const auto status = root.status("run/sshd.pid");
    return status && *status
               ? Reading{listening_sshd(root), (*status)->st_ino, (*status)->st_mtim.tv_sec, (*status)->st_mtim.tv_nsec}
               : Reading{};
}

void pause_a_little()
{
    constexpr int slice_ms = 20;
    (void)::poll(nullptr, 0, slice_ms);
}

/// It starts itself anew, under the same pid, and its file is away meanwhile: a second order must not miss it.
Result<void> hang_up(const Root& root, const std::string& unit)
{
    const pid_t pid = listening_sshd(root);
    if (pid == 0) {
        return {};
    }
    (void)remove_if_there("/run/sshd.pid");
    if (::kill(pid, SIGHUP) != 0) {
        return errno_error(errno, fmt::format("cannot reload '{}'", unit));
    }
    const auto patience = Deadline::after(std::chrono::seconds{5});
    while (listening_sshd(root) == 0) {
        if (patience.passed()) {
            return Error{ErrorCode::timeout,
                         fmt::format("cannot reload '{}': sshd did not start itself anew in 5 s", unit)};
        }
        pause_a_little();
    }
    return {};
}

/// The unit's state once it is none that passes: who asks one that starts or reads its settings to read them gets no.
Result<UnitState> settled(Runner& runner, const std::string& unit)
{
    const auto patience = Deadline::after(std::chrono::seconds{5});
    for (;;) {
        auto state = unit_state(runner, unit);
        if (!state || patience.passed() || !(state->active == "activating" || state->active == "reloading")) {
            return state;
        }
        pause_a_little();
    }
}

/// Whether a socket keeps listening where the unit is stopped, and sessions stay.
bool socket_takes_over(Runner& runner, const std::string& unit)
{
    const auto shown = runner.run({.argv = {"systemctl", "show", "--property=KillMode,TriggeredBy", unit}});
    const auto text = shown && shown->status == 0 ? shown->out : std::string{};
    bool sessions_stay = false;
    bool listens = false;
    for (const auto line : lines(text)) {
        sessions_stay = sessions_stay || line == "KillMode=process";
        if (line.starts_with("TriggeredBy=")) {
            for (const auto name : words(line.substr(line.find('=') + 1))) {
                const auto state = unit_state(runner, std::string{name});
                listens = listens || (name.ends_with(".socket") && state && state->is_active());
            }
        }
    }
    return sessions_stay && listens;
}

Result<void> order(Runner& runner, const char* verb, const std::string& unit)
{
    const auto ended = runner.run({.argv = {"systemctl", verb, unit}});
    if (!ended) {
        return ended.error();
    }
    return ended->status == 0 ? Result<void>{}
                              : Error{ErrorCode::external,
                                      fmt::format("cannot {} unit '{}': {}", verb, unit, trim(ended->err)),
                                      fmt::format("look at: systemctl status {}", unit)};
}

/// systemctl returns once SIGHUP is sent. One that sshd gets while it starts itself anew is lost, and nobody can log in
/// meanwhile.
void wait_until_read(const Root& root, const Reading& before)
{
    const auto patience = Deadline::after(std::chrono::seconds{5});
    while (is_sshd(root, before.pid) && !patience.passed()) {
        const auto now = last_reading(root);
        if (now.pid != 0 && now != before) {
            return;
        }
        pause_a_little();
    }
}

Result<Completed> ask(Runner& runner, std::vector<std::string> argv, std::string_view doing)
{
    auto ended = runner.run({.argv = std::move(argv)});
    if (ended && ended->status != 0) {
        return Error{
            ErrorCode::external, fmt::format("cannot {}: sshd says: {}", doing, trim(ended->err)), "look at: sshd -t"};
    }
    return ended;
}

}  // namespace

Result<void> reload_service(Runner& runner, const Root& root, const std::string& unit)
{
    if (detect_manager(root) != Manager::systemd) {
        return hang_up(root, unit);
    }
    const auto state = settled(runner, unit);
    if (!state) {
        return state.error();
    }
    if (!state->is_active()) {
        return {};
    }
    // Debian's sshd ends when it has its socket from systemd and is told to start itself anew.
    if (socket_takes_over(runner, unit)) {
        auto stopped = order(runner, "stop", unit);
        // After five starts in ten seconds systemd would close the socket, too: this one is not to count.
        (void)order(runner, "reset-failed", unit);
        return stopped;
    }
    const auto before = last_reading(root);
    auto told = order(runner, "reload", unit);
    if (told) {
        wait_until_read(root, before);
    }
    return told;
}

Result<void> prepare_sshd(const Root& root)
{
    return root.is_this_host() ? make_directories("/run/sshd", 0755) : Result<void>{};
}

Result<void> check_sshd(Runner& runner)
{
    const auto ended = ask(runner, {program, "-t"}, "check sshd's settings");
    if (ended) {
        return {};
    }
    auto error = ended.error();
    if (error.message.find("Missing privilege separation directory") != std::string::npos) {
        error.code = ErrorCode::unsupported;
    }
    return error;
}

std::string sshd_value(std::string_view text, std::string_view name)
{
    for (const auto line : lines(text)) {
        const auto space = line.find(' ');
        if (space != std::string_view::npos && line.substr(0, space) == name) {
            return std::string{trim(line.substr(space + 1))};
        }
    }
    return {};
}

Result<std::string> permitted_root_login(Runner& runner, const std::string& address)
{
    const auto where = fmt::format("user=root,host={0},addr={0}", address);
    const auto ended = ask(runner, {program, "-T", "-C", where}, "ask sshd what holds for root");
    if (!ended) {
        return ended.error();
    }
    auto value = sshd_value(ended->out, "permitrootlogin");
    return value == "without-password" ? "prohibit-password" : value;
}

Result<void> prove_root_login(Runner& runner, const Root& root, const ProveRootLogin& proof)
{
    auto sound = prepare_sshd(root);
    sound = sound ? check_sshd(runner) : std::move(sound);
    if (!sound) {
        return Error{ErrorCode::rolled_back, sound.error().message, sound.error().hint};
    }
    const auto value = permitted_root_login(runner, proof.address);
    if (!value) {
        return Error{ErrorCode::rolled_back, value.error().message, value.error().hint};
    }
    if (*value != proof.wanted) {
        return Error{ErrorCode::rolled_back,
                     fmt::format("cannot let root log in: sshd answers PermitRootLogin {} for {}, and not {}",
                                 *value,
                                 proof.address,
                                 proof.wanted),
                     "another setting comes first: grep -ri PermitRootLogin /etc/ssh"};
    }
    return {};
}

}  // namespace kvmkit::setup
