// SPDX-License-Identifier: Apache-2.0
#include "find_address.hpp"

#include "base/deadline.hpp"

namespace kvmkit::vm_run {

Result<virt::Address> address_of(const Host& host,
                                 virt::Domain domain,
                                 std::chrono::milliseconds patience,
                                 const std::function<bool()>& interrupted)
{
    auto search = virt::AddressSearch::start(host.connection(), std::move(domain), host.root());
    return search ? virt::find_address(**search, Deadline::after(patience), interrupted)
                  : Result<virt::Address>{std::move(search).error()};
}

}  // namespace kvmkit::vm_run
