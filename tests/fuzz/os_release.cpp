// SPDX-License-Identifier: Apache-2.0
// Any os-release: it is refused with a reason, or a distribution comes out whose id is in the text; the same text gives
// the same answer.
#include "setup/distribution.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace kvmkit::setup;

void demand(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto found = read_distribution(text);
    const auto again = read_distribution(text);
    demand(found.has_value() == again.has_value());
    if (!found) {
        demand(!found.error().message.empty() && found.error().message == again.error().message);
        return 0;
    }
    demand(found->id == again->id && found->version == again->version && found->name == again->name);
    // What cannot be shown, or is long, is told in other letters.
    constexpr std::size_t shown = 256;
    const bool as_it_stands =
        std::ranges::all_of(text, [](char byte) { return (byte >= ' ' && byte <= '~') || byte == '\n'; });
    demand(text.find(found->id) != std::string_view::npos || text.find('\\') != std::string_view::npos ||
           !as_it_stands || found->id.size() >= shown);
    return 0;
}
