// SPDX-License-Identifier: Apache-2.0
#include "named.hpp"

#include "session.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

/// The kernel finds links by names of their own length only; absent: none goes by that name.
std::optional<std::string> name_by_kernel(const std::string& text)
{
    std::array<char, IF_NAMESIZE> name{};
    const unsigned index = ::if_nametoindex(text.c_str());
    return index != 0 && ::if_indextoname(index, name.data()) != nullptr ? std::optional<std::string>{name.data()}
                                                                         : std::nullopt;
}

std::optional<std::string> name_of(const std::string& text, net::RouteSocket& route)
{
    if (text.size() <= net::max_link_name) {
        return name_by_kernel(text);
    }
    const auto network = route.observe();
    const net::Link* link = network ? link_called(*network, text) : nullptr;
    return link != nullptr ? std::optional{link->name.str()} : std::nullopt;
}

}  // namespace

const net::Link* link_called(const net::Network& network, const std::string& text)
{
    if (const net::Link* link = find(network, net::LinkName::from_kernel(text))) {
        return link;
    }
    const auto found = std::ranges::find_if(network.links, [&text](const net::Link& link) {
        return std::ranges::find(link.other_names, text) != link.other_names.end();
    });
    return found != network.links.end() ? &*found : nullptr;
}

Result<net::LinkName> read_link(const cli::Arguments& arguments, const std::string& text, const cli::Console& console)
{
    auto session = open_session(arguments);
    if (!session) {
        return std::move(session).error();
    }
    const auto name = name_of(text, session->route);
    if (!name || *name == text) {
        return net::LinkName::parse(text);
    }
    console.note(fmt::format("'{}' is another name of '{}'", text, *name));
    return net::LinkName::from_kernel(*name);
}

Result<std::vector<net::LinkName>> read_links(const cli::Arguments& arguments,
                                              const std::vector<std::string>& texts,
                                              const cli::Console& console)
{
    std::vector<net::LinkName> names;
    names.reserve(texts.size());
    for (const std::string& text : texts) {
        auto name = read_link(arguments, text, console);
        if (!name) {
            return std::move(name).error();
        }
        names.push_back(*std::move(name));
    }
    return names;
}

}  // namespace kvmkit::net_setup
