// SPDX-License-Identifier: Apache-2.0
#include "setup/modular.hpp"

namespace kvmkit::setup {

bool modular_libvirt_listens(const Root& root)
{
    return root.exists(modular_socket) && !root.exists("run/libvirt/libvirt-admin-sock");
}

}  // namespace kvmkit::setup
