// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/completion/word_source.hpp"

#include <array>

namespace kvmkit::vm_run {

/// The VMs of the libvirt that --connect names, with their state. A daemon that does not run is not started: its VMs
/// are all off, and those that its files name.
cli::Candidates vms(const cli::Given& given);
cli::Candidates cached_images(const cli::Given& given);
cli::Candidates known_image_names(const cli::Given& given);
cli::Candidates all_images(const cli::Given& given);
/// What --net takes, piece by piece.
cli::Candidates network_words(const cli::Given& given);
/// What --add-disk takes behind a size.
cli::Candidates disk_words(const cli::Given& given);
cli::Candidates launch_waits(const cli::Given& given);
cli::Candidates later_waits(const cli::Given& given);
cli::Candidates addresses_of_libvirt(const cli::Given& given);
cli::Candidates pci_devices(const cli::Given& given);

inline constexpr std::array sources{
    cli::WordSource{"launch", "NAME", nullptr},
    cli::WordSource{"plan", "NAME", nullptr},
    cli::WordSource{"image add", "NAME", nullptr},
    cli::WordSource{"image pull", "NAME", known_image_names},
    cli::WordSource{"image", "NAME", cached_images},
    cli::WordSource{"", "NAME", vms},
    cli::WordSource{"", "IMAGE", all_images, cli::Files::any},
    cli::WordSource{"", "NET", network_words},
    cli::WordSource{"", "DISK", disk_words, cli::Files::any},
    cli::WordSource{"wait", "WHAT", later_waits},
    cli::WordSource{"", "WHAT", launch_waits},
    cli::WordSource{"", "URI", addresses_of_libvirt},
    cli::WordSource{"", "ADDRESS", pci_devices},
};

}  // namespace kvmkit::vm_run
