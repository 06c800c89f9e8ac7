// SPDX-License-Identifier: Apache-2.0
#include "setup/container.hpp"

#include "system/small_files.hpp"

namespace kvmkit::setup {

std::optional<ContainerFacts> container_of(const Root& root)
{
    return identify_container({.manager = text_or_nothing(root, "run/host/container-manager") +
                                          text_or_nothing(root, "run/systemd/container"),
                               .dockerenv = root.exists(".dockerenv"),
                               .containerenv = root.exists("run/.containerenv"),
                               .kernel_threads = sees_kernel_threads(text_or_nothing(root, "proc/2/comm"))});
}

}  // namespace kvmkit::setup
