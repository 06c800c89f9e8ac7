// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cli/tool.hpp"
#include "virt/spec/hardware.hpp"

namespace kvmkit::vm_run {

/// --uefi, --tpm, --vnc, --share, --hostdev, --hugepages, --pin, --numa, --nested, --cpu and --cdrom.
void declare_hardware(cli::po::options_description_easy_init& add);

/// ErrorCode::usage for what can never be; not_found for a folder, device, CPU or node that this host has not.
Result<virt::Hardware> read_hardware(const cli::Arguments& arguments);

/// Reads "DIR:TAG" or "DIR:TAG:ro".
Result<virt::Share> parse_share(const std::string& text);

}  // namespace kvmkit::vm_run
