// SPDX-License-Identifier: Apache-2.0
#include "picture.hpp"

#include "net/draw/svg.hpp"
#include "net/draw/tree.hpp"
#include "net/owner/dhcp_clients.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace kvmkit::net_setup {
namespace {

/// Of the terminal; 0 where the answer goes elsewhere.
std::size_t terminal_columns()
{
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/// As the C library decides: the first of these variables that is set and not empty.
bool locale_is_utf8()
{
    for (const auto* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* const value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody changes it
        const std::string_view text = value != nullptr ? value : "";
        if (!text.empty()) {
            return text.find("UTF-8") != std::string_view::npos || text.find("utf8") != std::string_view::npos;
        }
    }
    return false;
}

/// Whose taps are there; nobody's where /proc tells nothing.
std::vector<net::TapUser> users_of(const net::Network& network)
{
    const bool has_taps = std::ranges::any_of(network.links, [](const net::Link& link) { return link.kind == "tun"; });
    const auto root = has_taps ? Root::open("/") : Result<Root>{Error{ErrorCode::not_found, "there are no taps"}};
    return root ? net::tap_users(*root, net::own_network_namespace()) : std::vector<net::TapUser>{};
}

}  // namespace

Result<cli::ExitCode> print_picture(Picture kind,
                                    const net::Network& network,
                                    const std::vector<const net::Link*>& chosen,
                                    const cli::Console& console)
{
    std::vector<int> indexes;
    std::ranges::transform(chosen, std::back_inserter(indexes), [](const net::Link* link) { return link->index; });
    const auto layers = net::layers_of(network, users_of(network), indexes);
    if (kind == Picture::svg) {
        console.out << net::draw_svg(layers);
    } else {
        const net::TreeLook look{terminal_columns(), locale_is_utf8(), console.out_colour};
        console.out << net::draw_tree(layers, look);
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::net_setup
