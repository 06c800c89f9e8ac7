// SPDX-License-Identifier: Apache-2.0
// What betrays an underlay: strings, one in a line, of which each may be missing; and the whole as files of many lines.
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
    sources.tree_hypervisor = fact(8);
    const std::string_view whole{reinterpret_cast<const char*>(data), size};
    sources.pci = kvmkit::parse_pci_devices(whole);
    (void)kvmkit::parse_pci_id(piece(0), piece(1));
    (void)kvmkit::cloud_of(**sources.dmi);
    for (const bool hypervisor : {true, false}) {
        (*sources.cpuid)->hypervisor = hypervisor;
        const auto underlay = kvmkit::identify_underlay(sources);
        if (underlay && *underlay) {
            (void)kvmkit::phrase((*underlay)->kind);
        }
        sources.sysinfo = std::optional{std::string{whole}};
        sources.cpu = std::optional{kvmkit::parse_cpuinfo(whole)};
    }
    return 0;
}
