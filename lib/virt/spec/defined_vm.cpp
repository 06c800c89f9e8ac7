// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/defined_vm.hpp"

#include "base/number.hpp"
#include "virt/spec/domain_xml.hpp"
#include "virt/spec/internal/xml.hpp"

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

DomainType type_of(std::string_view name)
{
    return name == "kvm" ? DomainType::kvm : name == "test" ? DomainType::test : DomainType::qemu;
}

std::optional<DirectKernel> kernel_in(Node os)
{
    const Node kernel = os.child("kernel");
    return kernel ? std::optional{DirectKernel{kernel.child_value(), std::nullopt, os.child_value("cmdline")}}
                  : std::nullopt;
}

/// What counts where the host's promises are added up.
Hardware placement_in(Node domain, Bytes memory)
{
    Hardware hardware;
    for (const Node pin : domain.child("cputune").children("vcpupin")) {
        const auto cpu = decimal<unsigned>(pin.attribute("cpuset").value());
        if (cpu) {
            hardware.pinned.push_back(*cpu);
        }
    }
    if (domain.child("memoryBacking").child("hugepages")) {
        hardware.huge_pages = memory;  // of which size does not matter
    }
    return hardware;
}

}  // namespace

Result<DefinedVm> read_defined_vm(std::string_view domain_xml)
{
    const auto summary = summarize(domain_xml);
    if (!summary) {
        return summary.error();
    }
    const auto name = VmName::parse(summary->name);
    if (!summary->ours() || !name) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to start VM '{}': vm-run did not make it", summary->name),
                     "start it by libvirt itself: virsh start " + summary->name};
    }
    pugi::xml_document document;
    (void)document.load_buffer(domain_xml.data(), domain_xml.size());
    const Node domain = document.child("domain");
    return DefinedVm{{.name = *name,
                      .memory = summary->memory,
                      .vcpus = summary->vcpus,
                      .type = type_of(summary->type),
                      .kernel = kernel_in(domain.child("os")),
                      .nics = wished_nics_in(domain_xml),
                      .hardware = placement_in(domain, summary->memory)},
                     summary->uuid};
}

}  // namespace kvmkit::virt
