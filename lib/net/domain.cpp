// SPDX-License-Identifier: Apache-2.0
#include "net/domain.hpp"

#include "net/handover/handover.hpp"
#include "net/model/overloaded.hpp"
#include "net/nm/network_manager.hpp"
#include "net/planner/codec.hpp"
#include "net/planner/inverse.hpp"
#include "net/resolver/resolver.hpp"
#include "net/state/blame.hpp"
#include "txn/execute.hpp"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::json;

static_assert(txn::BatchingDomain<LinkDomain>);

/// Makes one action on the links as they are. An address may have been kept by the kernel after all.
Result<void> make_alone(RouteSocket& route, const Network& network, const Action& action)
{
    if (const auto* add = std::get_if<AddAddress>(&action)) {
        const Link* link = find(network, add->name);
        if (link != nullptr && has_address(*link, add->address)) {
            return {};
        }
    }
    if (const auto* handover = std::get_if<Handover>(&action)) {
        return hand_over(*handover, network);
    }
    if (const auto* resolver = std::get_if<SetResolver>(&action)) {
        return write_resolver(*resolver);
    }
    if (const auto* managed = std::get_if<SetManaged>(&action)) {
        const auto manager = NetworkManager::reach();
        return manager ? manager->set_managed(managed->name, managed->managed) : Result<void>{};
    }
    return route.make(action, network);
}

}  // namespace

LinkDomain::LinkDomain(RouteSocket& route, NetNamespace here)
    : route_(route),
      here_(std::move(here)),
      encoded_here_(Json{{"name", here_.name}, {"device", here_.device}, {"inode", here_.inode}}.dump(
          -1, ' ', true, Json::error_handler_t::replace))
{
}

Result<std::vector<std::optional<Step>>> LinkDomain::prepare(std::span<const Step> steps)
{
    last_origin_ = steps.front().origin;
    alone_.reset();
    if (goes_alone(steps.front())) {
        auto back = inverse(steps.front());
        if (!back) {
            return std::move(back).error();
        }
        alone_ = steps.front();
        return std::vector{std::move(*back)};
    }
    auto network = route_.observe();
    return network ? row_.pack_changes(steps, std::move(*network))
                   : Result<std::vector<std::optional<Step>>>{std::move(network).error()};
}

std::size_t LinkDomain::next(std::size_t most) const
{
    return alone_ ? 1 : row_.next(route_, most);
}

Result<void> LinkDomain::make(std::size_t steps)
{
    if (alone_) {
        return apply(*std::exchange(alone_, std::nullopt));
    }
    auto failure = row_.make(route_, steps);
    if (!failure) {
        return {};
    }
    const Step& step = row_.step(failure->step);
    last_origin_ = blamed_path(step, failure->attribute, failure->words);
    return std::move(failure->error);
}

std::size_t LinkDomain::undo(std::span<const Step> steps)
{
    std::size_t undone = 0;
    while (undone < steps.size()) {
        const auto left = steps.subspan(undone);
        if (goes_alone(left.front())) {
            if (!apply(left.front())) {
                return undone;
            }
            ++undone;
            continue;
        }
        auto network = route_.observe();
        if (!network || row_.pack_undoing(left, std::move(*network)) == 0) {
            return undone;
        }
        while (const std::size_t together = row_.next(route_, steps.size())) {
            if (row_.make(route_, together)) {
                return undone + row_.made();
            }
        }
        undone += row_.made();
    }
    return undone;
}

Result<std::optional<Step>> LinkDomain::inverse(const Step& step)
{
    const auto network = route_.observe();
    if (!network) {
        return network.error();
    }
    if (const auto* handover = std::get_if<Handover>(&step.action)) {
        auto back = inverse_of(*handover, *network);
        const Link* port = find(*network, handover->port);
        if (!back || port == nullptr) {
            return back ? Error{ErrorCode::not_found,
                                fmt::format("cannot {}: '{}' is gone", describe(step), handover->port.str())}
                        : std::move(back).error();
        }
        return std::optional{Step{std::move(*back), Guard{.index = port->index}}};
    }
    return inverse_of(step.action, *network);
}

Result<void> LinkDomain::apply(const Step& step)
{
    const auto network = route_.observe();
    if (!network) {
        return network.error();
    }
    if (step.guard && !finds_its_change(step, *network)) {
        return {};
    }
    return make_alone(route_, *network, step.action);
}

std::string LinkDomain::encode(const Step& step) const
{
    return fmt::format(R"({{"netns":{},"step":{}}})", encoded_here_, net::encode(step));
}

Result<Step> LinkDomain::decode(std::string_view text)
{
    const Json line = Json::parse(text, nullptr, false);
    return net::decode(line.is_object() && line.contains("step") ? line["step"].dump() : std::string{});
}

std::optional<NetNamespace> namespace_of(std::string_view encoded)
{
    const Json line = Json::parse(encoded, nullptr, false);
    if (!line.is_object() || !line.contains("netns") || !line["netns"].is_object()) {
        return std::nullopt;
    }
    const Json& space = line["netns"];
    return NetNamespace{space.value("name", std::string{}),
                        space.value("device", std::uint64_t{0}),
                        space.value("inode", std::uint64_t{0})};
}

}  // namespace kvmkit::net
