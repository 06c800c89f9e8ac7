// SPDX-License-Identifier: Apache-2.0
// What betrays an underlay: eight strings, one in a line, of which each may be missing.
#include "facts/underlay.hpp"
#include "base/text.hpp"

#include <array>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto pieces = kvmkit::lines({reinterpret_cast<const char*>(data), size});
    const auto piece = [&pieces](std::size_t at) { return std::string{at < pieces.size() ? pieces[at] : ""}; };
    const auto fact = [&pieces, &piece](std::size_t at) -> kvmkit::Fact<std::string> {
        return at < pieces.size() ? std::optional{piece(at)} : std::nullopt;
    };
    kvmkit::UnderlaySources sources;
    sources.dmi = std::optional{kvmkit::DmiFacts{piece(0), piece(1), piece(2), piece(3)}};
    sources.xen_capabilities = fact(4);
    sources.hypervisor_type = fact(5);
    sources.kernel_release = fact(6);
    sources.cpuid = std::optional{kvmkit::CpuidFacts{.hypervisor = true, .signature = piece(7)}};
    const auto underlay = kvmkit::identify_underlay(sources);
    if (underlay && *underlay) {
        (void)kvmkit::phrase((*underlay)->kind);
    }
    return 0;
}
