// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

#include <string>
#include <string_view>

namespace kvmkit {

/// A parameter of one of KVM's modules, and what gives it another value.
struct ModuleParameter {
    std::string_view module;   ///< "kvm_intel"
    std::string_view setting;  ///< "nested=1"
    std::string_view file;     ///< The file in /etc/modprobe.d.
    std::string reload;        ///< The command that loads it anew while no VM runs.
};

/// Whether the module is part of the kernel's image: then its parameters are given on the kernel's command line, and
/// modprobe changes nothing.
bool is_built_in(const HostFacts& host, std::string_view module);

/// `summary` is what the loadable module's user is told; where it is built in, how this distribution puts the parameter
/// on the kernel's command line is told instead.
Remedy set_parameter(const HostFacts& host, const ModuleParameter& parameter, std::string summary);

}  // namespace kvmkit
