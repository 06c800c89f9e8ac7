// SPDX-License-Identifier: Apache-2.0
#include "trial.hpp"

#include "net/model/port_state.hpp"
#include "net/netlink/route_socket.hpp"
#include "surroundings.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net_setup {
namespace {

constexpr std::chrono::seconds patience_with_each{2};
/// So long the proofs must hold for a change to stay by itself.
constexpr std::chrono::seconds quarantine{5};
constexpr std::chrono::seconds shortest_proof = quarantine + 2 * patience_with_each;

/// The gateways, and the operator's session, as they are now. What does not hold proves nothing later.
net::Proven own_proofs(const cli::Console& console)
{
    auto proofs = net::gateway_proofs();
    const auto connection = ssh_connection();
    auto own = net::ssh_proof(connection, [&console] { console.warn("checking the connection"); });
    if (own && net::is_open_here(connection)) {
        proofs.push_back(std::move(*own));
    }
    return net::ask(proofs, patience_with_each);
}

/// The operator is told what stands between the change and a host that nobody reaches.
void tell_what_proves(const std::vector<net::Proof>& proofs,
                      const std::vector<std::string>& failing,
                      const cli::Console& console)
{
    for (const std::string& name : failing) {
        console.warn(fmt::format("no proof that the host is reached, for it was not so before: {}", name));
    }
    if (proofs.empty()) {
        console.warn(
            "nothing shows whether the host is still reached, so the change will stay: name something by --probe, "
            "or ask for a confirmation by --confirm ask");
        return;
    }
    std::vector<std::string_view> names;
    names.reserve(proofs.size());
    for (const net::Proof& proof : proofs) {
        names.push_back(proof.name);
    }
    console.progress(fmt::format("kept if this holds for {} s: {}", quarantine.count(), fmt::join(names, "; ")));
}

/// A signal that ends the waiting. A terminal that was closed does not: the operator may come back and confirm.
bool asks_to_stop(int signals)
{
    signalfd_siginfo info{};
    while (::read(signals, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
        if (info.ssi_signo != SIGHUP) {
            return true;
        }
    }
    return false;
}

/// A port that its bridge's spanning tree still keeps silent.
struct SilentPort {
    std::string port;
    std::string bridge;
    std::chrono::seconds longest;
};

/// The one that stays so the longest; absent: there is none.
std::optional<SilentPort> silent_port()
{
    auto route = net::RouteSocket::open();
    const auto network = route ? route->observe() : Result<net::Network>{route.error()};
    std::optional<SilentPort> found;
    for (const net::Link& link : network ? network->links : std::vector<net::Link>{}) {
        const net::Link* bridge = net::find(*network, link.master);
        const auto state = net::port_state(link);
        if (bridge == nullptr || !bridge->is_bridge() || link.is_tap() ||
            (state != "listening" && state != "learning")) {
            continue;
        }
        const auto longest = net::silence_of_new_port(*bridge);
        if (longest.count() != 0 && (!found || found->longest < longest)) {
            found = SilentPort{link.name.str(), bridge->name.str(), longest};
        }
    }
    return found;
}

/// Asks, proves, or both, until there is a decision.
class Decider {
public:
    Decider(const TrialOptions& options, net::Proven proven, const SignalWatch& signals, const cli::Console& console)
        : options_(options),
          proofs_(std::move(proven.holding)),
          failing_(std::move(proven.failing)),
          signals_(signals),
          console_(console)
    {
    }

    net::Decision operator()(const std::string& transaction, int watchdog)
    {
        if (const auto decision = outlast_spanning_tree(watchdog)) {
            return *decision;
        }
        if (!still_reached()) {
            return net::Decision::undo;
        }
        if (options_.confirm == Confirm::automatic) {
            tell_what_proves(proofs_, failing_, console_);
            return hold_out(watchdog);
        }
        console_.end_progress();
        const bool terminal = ::isatty(STDIN_FILENO) == 1;
        (void)::tcflush(STDIN_FILENO, TCIFLUSH);  // what was typed before the question is no answer to it
        console_.warn(
            fmt::format("the change is made. {}'net-setup confirm {}' from a new login keeps it; it is undone in {} s",
                        terminal ? "ENTER or " : "",
                        transaction,
                        options_.timeout.count() / 1000));
        return wait(watchdog, terminal);
    }

private:
    bool still_reached() const
    {
        const auto failing = net::ask(proofs_, patience_with_each).failing;
        for (const std::string& name : failing) {
            console_.warn(fmt::format("no longer so: {}", name));
        }
        if (!failing.empty()) {
            console_.warn("no longer reached: the change is undone");
        }
        return failing.empty();
    }

    /// As long as a spanning tree keeps the host's new port silent, nothing is reached. A connection sends again only a
    /// while after that, as long as it was silent at most.
    std::optional<net::Decision> outlast_spanning_tree(int watchdog)
    {
        const auto silent = silent_port();
        if (!silent || net::ask(proofs_, patience_with_each).failing.empty()) {
            return std::nullopt;
        }
        const auto patience = 2 * silent->longest + patience_with_each;
        console_.warn(fmt::format(
            "nothing passes '{}' for {} s (2 x the forward delay), for bridge '{}' has a spanning tree: the "
            "proof is waited for up to {} s; 'net-setup bridge set {} --stp off --forward-delay 0' before "
            "the change spares that",
            silent->port,
            silent->longest.count(),
            silent->bridge,
            patience.count(),
            silent->bridge));
        const auto end = Deadline::after(patience);
        while (!end.passed() && !net::ask(proofs_, patience_with_each).failing.empty()) {
            constexpr std::chrono::milliseconds between{500};
            if (const auto decision = look(watchdog, -1, between)) {
                return decision;
            }
        }
        return std::nullopt;
    }

    /// Absent: nothing happened for so long.
    std::optional<net::Decision> look(int watchdog, int terminal, std::chrono::milliseconds patience)
    {
        std::array<pollfd, 3> waiting{
            pollfd{watchdog, POLLIN, 0}, pollfd{signals_.fd(), POLLIN, 0}, pollfd{terminal, POLLIN, 0}};
        if (::poll(waiting.data(), waiting.size(), static_cast<int>(patience.count())) <= 0) {
            return std::nullopt;
        }
        if (waiting[0].revents != 0) {
            return net::Decision::look;
        }
        if (waiting[1].revents != 0 && asks_to_stop(signals_.fd())) {
            return net::Decision::interrupt;
        }
        return waiting[2].revents != 0 ? listen_to(terminal) : std::nullopt;
    }

    /// ENTER alone keeps the change: whoever types something means something else.
    std::optional<net::Decision> listen_to(int terminal)
    {
        char typed = 0;
        gone_ = ::read(terminal, &typed, 1) <= 0;
        if (gone_ || typed != '\n') {
            words_ = words_ || !gone_;
            return std::nullopt;
        }
        if (words_) {
            console_.warn("ENTER alone keeps the change; Ctrl-C undoes it");
        }
        return std::exchange(words_, false) ? std::nullopt : std::optional{net::Decision::keep};
    }

    net::Decision wait(int watchdog, bool terminal)
    {
        for (;;) {
            const bool listen = terminal && !gone_;
            if (const auto decision = look(watchdog, listen ? STDIN_FILENO : -1, std::chrono::hours{1})) {
                return *decision;
            }
        }
    }

    net::Decision hold_out(int watchdog)
    {
        const auto end = Deadline::after(quarantine);
        while (!end.passed()) {
            constexpr std::chrono::milliseconds between{500};
            if (const auto decision = look(watchdog, -1, std::min(between, end.left()))) {
                return *decision;
            }
            if (!still_reached()) {
                return net::Decision::undo;
            }
        }
        return net::Decision::keep;
    }

    const TrialOptions& options_;
    std::vector<net::Proof> proofs_;
    std::vector<std::string> failing_;  ///< What did not hold before the change either.
    const SignalWatch& signals_;
    const cli::Console& console_;
    bool gone_ = false;   ///< Nobody is at the terminal any more.
    bool words_ = false;  ///< The line that is being typed is not empty.
};

}  // namespace

void declare_trial(cli::po::options_description_easy_init& add)
{
    using Texts = std::vector<std::string>;
    add("confirm",
        cli::po::value<std::string>()->value_name("ask|auto|none"),
        "ask: undone unless confirmed in time; auto: undone unless the host is still reached; none: it stays");
    add("timeout",
        cli::po::value<std::string>()->value_name("TIME")->default_value("90s"),
        "how long a confirmation is waited for, as 90s or 5m");
    add("probe",
        cli::po::value<Texts>()->value_name("URL"),
        "what must answer before and after, as tcp://192.0.2.1:22 or icmp://192.0.2.1; may be given more than once");
}

Result<TrialOptions> read_trial(const cli::Arguments& arguments, Confirm without)
{
    TrialOptions options{without};
    if (const auto word = arguments.maybe("confirm")) {
        if (*word != "ask" && *word != "auto" && *word != "none") {
            return Error{ErrorCode::usage, fmt::format("cannot confirm by '{}'", *word), "write ask, auto or none"};
        }
        options.confirm = *word == "ask" ? Confirm::ask : *word == "auto" ? Confirm::automatic : Confirm::none;
    }
    const auto timeout = parse_duration(arguments.text("timeout"));
    if (!timeout) {
        return timeout.error();
    }
    if (*timeout < std::chrono::seconds{1} || *timeout > std::chrono::hours{24}) {
        return Error{ErrorCode::usage, "cannot wait for so long, or so short a time", "1 second to 24 hours"};
    }
    options.timeout = *timeout;
    if (options.confirm == Confirm::automatic && *timeout < shortest_proof) {
        return Error{
            ErrorCode::usage,
            fmt::format("cannot prove within {} s that the host is still reached", timeout->count() / 1000),
            fmt::format("--timeout {}s or more, for the proof takes {} s", shortest_proof.count(), quarantine.count())};
    }
    for (const std::string& url : arguments.list("probe")) {
        auto probe = net::probe_proof(url);
        if (!probe) {
            return std::move(probe).error();
        }
        options.probes.push_back(std::move(*probe));
    }
    return options;
}

Confirm for_uplinks(const cli::Arguments& arguments)
{
    const bool somebody = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1 && !arguments.has("yes");
    return somebody ? Confirm::ask : Confirm::automatic;
}

Result<net::Trial> make_trial(const TrialOptions& options, const SignalWatch& signals, const cli::Console& console)
{
    if (options.confirm == Confirm::none && options.probes.empty()) {
        return net::Trial{};
    }
    auto proven = net::ask(options.probes, patience_with_each);
    if (!proven.failing.empty()) {
        return Error{ErrorCode::refused,
                     fmt::format("cannot use a probe that does not hold now: {}", proven.failing.front()),
                     "leave it out, or see why it does not answer"};
    }
    auto all = own_proofs(console);
    all.holding.insert(all.holding.end(), proven.holding.begin(), proven.holding.end());
    return net::Trial{options.timeout, Decider{options, std::move(all), signals, console}};
}

}  // namespace kvmkit::net_setup
