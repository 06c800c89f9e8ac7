// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/container.hpp"
#include "system/root.hpp"

#include <optional>

namespace kvmkit::setup {

/// The container that this host is, by the marks in its files; absent: none.
std::optional<ContainerFacts> container_of(const Root& root);

}  // namespace kvmkit::setup
