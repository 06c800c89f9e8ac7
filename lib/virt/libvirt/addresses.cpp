// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/addresses.hpp"

#include "virt/libvirt/libvirt_error.hpp"

#include <libvirt/libvirt.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace kvmkit::virt {
namespace {

struct FreeInterface {
    void operator()(virDomainInterfacePtr interface) const noexcept { virDomainInterfaceFree(interface); }
};

bool is_local(std::string_view address)
{
    return address.starts_with("127.") || address == "::1" || address.starts_with("fe80:") ||
           address.starts_with("169.254.");
}

void add_addresses(const virDomainInterface& interface, std::vector<GuestAddress>& found)
{
    for (unsigned i = 0; i < interface.naddrs; ++i) {
        const char* text = interface.addrs[i].addr;
        if (text != nullptr && !is_local(text)) {
            found.push_back({interface.hwaddr == nullptr ? "" : interface.hwaddr, text});
        }
    }
}

}  // namespace

Result<std::vector<GuestAddress>> addresses_by(const Domain& domain, AddressSource source)
{
    const unsigned from = source == AddressSource::lease ? VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE
                                                         : VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT;
    virDomainInterfacePtr* all = nullptr;
    const int count = virDomainInterfaceAddresses(domain.get(), &all, from, 0);
    if (count < 0) {
        return last_libvirt_error("cannot ask for the addresses of the VM");
    }
    std::vector<GuestAddress> found;
    for (int i = 0; i < count; ++i) {
        const std::unique_ptr<virDomainInterface, FreeInterface> interface {
            all[i]
        };
        add_addresses(*interface, found);
    }
    std::free(all);  // NOLINT: libvirt allocates with malloc
    return found;
}

}  // namespace kvmkit::virt
