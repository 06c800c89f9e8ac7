// SPDX-License-Identifier: Apache-2.0
#include "virt/address/search.hpp"

#include "base/text.hpp"
#include "system/small_files.hpp"
#include "virt/libvirt/addresses.hpp"
#include "virt/libvirt/network.hpp"
#include "virt/libvirt/wake.hpp"
#include "virt/spec/domain_xml.hpp"

#include <poll.h>

#include <algorithm>
#include <mutex>
#include <system_error>
#include <thread>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// An address that others can reach it at, IPv4 first: what people expect to be told.
std::optional<GuestAddress> best(const std::vector<GuestAddress>& all)
{
    const auto ipv4 =
        std::ranges::find_if(all, [](const GuestAddress& one) { return one.address.find(':') == std::string::npos; });
    return ipv4 != all.end() ? std::optional{*ipv4} : all.empty() ? std::nullopt : std::optional{all.front()};
}

}  // namespace

std::optional<std::string> neighbour_in(std::string_view arp_table, std::string_view mac)
{
    for (const auto line : lines(arp_table)) {
        const auto fields = words(line);  // address, type, flags, MAC, mask, link
        if (fields.size() == 6 && fields[3] == mac && fields[2] != "0x0") {
            return std::string{fields[0]};
        }
    }
    return std::nullopt;
}

/// The question to the agent waits for its answer, so it has a thread of its own; one question at a time.
struct AddressSearch::Agent {
    Wake wake;
    std::mutex mutex;
    std::optional<GuestAddress> answer;
    bool asking = false;
    std::thread thread;

    void ask(const Domain& domain)
    {
        {
            const std::lock_guard guard{mutex};
            if (asking) {
                return;
            }
            asking = true;
        }
        if (thread.joinable()) {
            thread.join();  // it has ended: it no longer asks
        }
        try {
            thread = std::thread{[this, &domain] {
                const auto told = addresses_by(domain, AddressSource::agent);
                const std::lock_guard guard{mutex};
                answer = told ? best(*told) : std::nullopt;
                asking = false;
                wake.raise();
            }};
        } catch (const std::system_error&) {
            const std::lock_guard guard{mutex};
            asking = false;
        }
    }
};

AddressSearch::AddressSearch(const Connection& connection, Domain domain, const Root& root)
    : connection_(connection), domain_(std::move(domain)), root_(root), agent_(std::make_unique<Agent>())
{
}

AddressSearch::~AddressSearch()
{
    if (agent_->thread.joinable()) {
        agent_->thread.join();
    }
}

Result<std::unique_ptr<AddressSearch>> AddressSearch::start(const Connection& connection,
                                                            Domain domain,
                                                            const Root& root)
{
    std::unique_ptr<AddressSearch> search{new AddressSearch{connection, std::move(domain), root}};
    const auto xml = search->domain_.xml();
    if (!xml) {
        return xml.error();
    }
    search->nics_ = nics_in(*xml);
    auto watch = AgentWatch::open(connection, search->domain_);
    if (watch) {
        search->watch_.emplace(std::move(*watch));
    }
    const bool findable = std::ranges::any_of(
        search->nics_, [](const LiveNic& nic) { return nic.type != "user" || nic.ssh_port.has_value(); });
    if (!findable) {
        return Error{ErrorCode::unsupported,
                     search->nics_.empty() ? "the VM has no network card"
                                           : "the VM is behind QEMU's own NAT: nobody can call it",
                     "launch it with --net user,fwd=2222:22, network=NAME or bridge=NAME"};
    }
    search->listen();
    return search;
}

void AddressSearch::listen()
{
    if (!leads_to_this_host(connection_.uri())) {
        deaf_.emplace_back("the VM runs on another host: frames and the neighbour table were not looked at");
        return;
    }
    for (const LiveNic& nic : nics_) {
        if (nic.link.empty()) {
            continue;
        }
        auto tap = TapListener::open(nic.link);
        if (tap) {
            taps_.push_back(std::move(*tap));
            wires_.emplace_back(nic.mac);
        } else {
            deaf_.push_back(tap.error().message);
        }
    }
}

std::vector<int> AddressSearch::fds() const
{
    std::vector<int> all{agent_->wake.fd()};
    for (const auto& tap : taps_) {
        all.push_back(tap.fd());
    }
    return all;
}

std::optional<Address> AddressSearch::look()
{
    for (std::size_t i = 0; i < taps_.size(); ++i) {
        taps_[i].take([this, i](std::string_view frame) { wires_[i].see(frame); });
    }
    if (auto found = by_wire()) {
        return found;
    }
    if (auto found = by_agent()) {
        return found;
    }
    if (quiet_ && !quiet_->passed()) {
        return std::nullopt;
    }
    quiet_ = Deadline::after(patience());
    if (auto found = by_lease()) {
        return found;
    }
    return by_neighbours();
}

bool AddressSearch::has(const std::string& mac) const
{
    return std::ranges::any_of(nics_, [&mac](const LiveNic& nic) { return nic.mac == mac && nic.type != "user"; });
}

/// A port of this host that leads in is there from the start.
std::optional<Address> AddressSearch::by_wire()
{
    for (const LiveNic& nic : nics_) {
        if (nic.ssh_port) {
            return Address{"127.0.0.1", *nic.ssh_port, nic.mac, "forward"};
        }
    }
    for (const Wire& wire : wires_) {
        if (const auto ip = wire.address()) {
            return Address{*ip, 22, wire.mac(), "wire"};
        }
    }
    return std::nullopt;
}

std::optional<Address> AddressSearch::by_agent()
{
    if (!watch_ || !watch_->connected()) {
        return std::nullopt;
    }
    std::optional<GuestAddress> told;
    {
        const std::lock_guard guard{agent_->mutex};
        agent_->wake.lower();
        told = agent_->answer;
    }
    if (told && has(told->mac)) {
        return Address{told->address, 22, told->mac, "agent"};
    }
    if (!quiet_ || quiet_->passed()) {
        agent_->ask(domain_);
    }
    return std::nullopt;
}

bool AddressSearch::agent_is_asked() const
{
    const std::lock_guard guard{agent_->mutex};
    return agent_->asking;
}

std::optional<Address> AddressSearch::by_lease()
{
    const bool on_network = std::ranges::any_of(nics_, [](const LiveNic& nic) { return nic.type == "network"; });
    const auto told = on_network ? addresses_by(domain_, AddressSource::lease)
                                 : Result<std::vector<GuestAddress>>{std::vector<GuestAddress>{}};
    const auto one = told ? best(*told) : std::nullopt;
    return one ? std::optional{Address{one->address, 22, one->mac, "lease"}} : std::nullopt;
}

std::optional<Address> AddressSearch::by_neighbours()
{
    if (!deaf_.empty() && taps_.empty() && !leads_to_this_host(connection_.uri())) {
        return std::nullopt;
    }
    const auto table = text_or_nothing(root_, "proc/net/arp");
    for (const LiveNic& nic : nics_) {
        const bool asking =
            std::ranges::any_of(wires_, [&nic](const Wire& wire) { return wire.mac() == nic.mac && wire.asking(); });
        if (const auto ip = asking ? std::nullopt : neighbour_in(table, nic.mac)) {
            return Address{*ip, 22, nic.mac, "neighbour"};
        }
    }
    return std::nullopt;
}

/// What libvirt's DHCP servers know of other VMs.
void AddressSearch::learn_other_ids()
{
    for (const LiveNic& nic : nics_) {
        const auto leases = nic.type == "network" ? leases_of(connection_, nic.source) : std::vector<Lease>{};
        for (const Lease& lease : leases.value_or(std::vector<Lease>{})) {
            for (Wire& wire : wires_) {
                wire.know(lease.client_id, lease.mac);
            }
        }
    }
}

/// "VM 'web'", or "a card with address ..".
std::string AddressSearch::owner_of(const std::string& mac) const
{
    const auto domains = connection_.domains();
    for (std::size_t i = 0; domains && i < domains->size(); ++i) {
        const auto xml = (*domains)[i].xml();
        const auto cards = xml ? nics_in(*xml) : std::vector<LiveNic>{};
        if (std::ranges::any_of(cards, [&mac](const LiveNic& nic) { return nic.mac == mac; })) {
            return fmt::format("VM '{}'", (*domains)[i].name().value_or(""));
        }
    }
    return "a card with address " + mac;
}

std::vector<std::string> AddressSearch::last_seen()
{
    learn_other_ids();
    std::vector<std::string> sentences = deaf_;
    for (const Wire& wire : wires_) {
        sentences.push_back(fmt::format("card {}: {}", wire.mac(), wire.last_seen()));
        for (const auto& twin : wire.twins()) {
            sentences.push_back(
                fmt::format("card {}: {} calls itself by the same DHCP client id, or uses its address: "
                            "give each VM a machine id of its own",
                            wire.mac(),
                            owner_of(twin)));
        }
    }
    if (watch_ && !watch_->connected()) {
        sentences.emplace_back("no guest agent has opened its port");
    }
    return sentences;
}

Result<Address> find_address(AddressSearch& search, const Deadline& deadline, const std::function<bool()>& interrupted)
{
    constexpr std::chrono::seconds for_an_answer{5};  // of an agent that is there, from a guest that is busy
    const auto last_answer = Deadline::after(deadline.left() + for_an_answer);
    for (;;) {
        const bool answer_to_come = search.agent_is_asked() && !last_answer.passed();
        if (auto found = search.look()) {
            return *found;
        }
        if (interrupted && interrupted()) {
            return Error{ErrorCode::interrupted, "interrupted"};
        }
        if (deadline.passed() && !answer_to_come) {
            std::string why;
            for (const auto& sentence : search.last_seen()) {
                why += (why.empty() ? "" : "; ") + sentence;
            }
            return Error{ErrorCode::timeout, "the VM has no address yet: " + why};
        }
        std::vector<pollfd> waits;
        for (const int fd : search.fds()) {
            waits.push_back({fd, POLLIN, 0});
        }
        const auto most = std::min((deadline.passed() ? last_answer : deadline).left(), AddressSearch::patience());
        (void)::poll(waits.data(), waits.size(), static_cast<int>(most.count()));
    }
}

}  // namespace kvmkit::virt
