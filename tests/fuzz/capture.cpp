// SPDX-License-Identifier: Apache-2.0
// A recorded host as somebody sent it: read, judged and rendered.
#include "facts/capture.hpp"
#include "report/json.hpp"
#include "report/report.hpp"
#include "report/text.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    kvmkit::HostFacts host;
    if (kvmkit::read_capture({reinterpret_cast<const char*>(data), size}, host)) {
        const auto report = kvmkit::make_report(host);
        (void)to_text(report, kvmkit::Detail::all, kvmkit::Paint::plain);
        (void)to_json(report);
    }
    return 0;
}
