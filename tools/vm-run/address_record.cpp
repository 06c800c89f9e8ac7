// SPDX-License-Identifier: Apache-2.0
#include "address_record.hpp"

namespace kvmkit::vm_run {

cli::Json address_record(const std::optional<virt::Address>& address)
{
    if (!address) {
        return nullptr;
    }
    return {{"ip", address->ip}, {"ssh_port", address->ssh_port}, {"mac", address->mac}, {"source", address->source}};
}

}  // namespace kvmkit::vm_run
