// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"

#include <string>
#include <string_view>

namespace kvmkit {

/// What AppArmor and SELinux make of libvirt's VMs, as far as files tell.
struct SecurityFacts {
    bool looked = false;                      ///< False: a recording without sys/module.
    bool apparmor = false;                    ///< AppArmor is on.
    bool template_installed = false;          ///< The text from which libvirt makes a VM's profile.
    bool parser_installed = false;            ///< The program that loads it.
    Fact<bool> enforcing{std::nullopt};       ///< SELinux forbids what its policy does not allow; absent: it is not on.
    std::string images_on = {};               ///< "nfs4", "cifs": a network's file system that holds VMs' images.
    Fact<bool> protected_host{std::nullopt};  ///< IBM Z: this host may have protected guests; absent: no such switch.
    Fact<bool> images_allowed{std::nullopt};  ///< SELinux's boolean that lets VMs use such; absent: there is none.
};

/// The file system that a path lies on, by the text of proc/mounts; empty where it does not tell.
std::string filesystem_of(std::string_view mounts, std::string_view path);

/// SELinux's boolean that lets VMs use images on such a file system; empty where it takes none.
std::string_view boolean_for(std::string_view filesystem);

}  // namespace kvmkit
