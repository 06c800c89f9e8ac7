// SPDX-License-Identifier: Apache-2.0
#include "named.hpp"

#include "net/netlink/link_name.hpp"
#include "session.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net_setup {

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
    const auto session = open_session(arguments);  // enters the network namespace
    if (!session) {
        return session.error();
    }
    const auto name = net::name_of_link(text);
    if (!name) {
        return name.error();
    }
    if (!*name || (*name)->str() == text) {
        return net::LinkName::parse(text);
    }
    console.note(fmt::format("'{}' is another name of '{}'", text, (*name)->str()));
    return **name;
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
