// SPDX-License-Identifier: Apache-2.0
// Any log: the Explainer takes it in one piece or in two, says the same of it, and lets nothing through to a terminal.
#include "check/explain/explainer.hpp"
#include "report/log_report.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

void demand(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

bool obeyed_by_a_terminal(char c)
{
    return (c >= 0 && c < ' ' && c != '\n') || c == '\x7f';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view log{reinterpret_cast<const char*>(data), size};
    kvmkit::Explainer whole;
    whole.feed(log);
    const auto report = whole.finish();

    kvmkit::Explainer halves;
    halves.feed(log.substr(0, size / 2));
    halves.feed(log.substr(size / 2));
    const auto again = halves.finish();

    const auto text = to_text(report, kvmkit::Paint::plain);
    demand(text == to_text(again, kvmkit::Paint::plain));
    demand(std::ranges::none_of(text, obeyed_by_a_terminal));
    (void)to_json(report).dump();  // throws where a text is not UTF-8
    return 0;
}
