// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/spec/seed.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// An ssh key pair as ssh-keygen writes it.
struct KeyPair {
    std::string private_key;
    std::string public_key;  ///< One line.
};

/// Whose seed it is.
struct SeedOwner {
    std::string uuid;
    std::string vm_name;
    std::vector<SeedNic> nics = {};
};

/// A file of a seed.
struct SeedFile {
    std::string name;
    std::string content;
};

/// "web_1" -> "web-1": a host name may hold letters, digits, hyphens and dots only.
std::string hostname_for(std::string_view vm_name);

/// What cloud-init's NoCloud reads: meta-data, user-data, vendor-data and, where there is a network card,
/// network-config. `host_key` becomes the guest's only ssh host key. Pure.
std::vector<SeedFile> seed_files(const Seed& seed, const SeedOwner& owner, const KeyPair& host_key);

}  // namespace kvmkit::virt
