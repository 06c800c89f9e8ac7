// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace kvmkit::net {

/// A JSON value as block YAML, with the keys in their order.
std::string to_yaml(const nlohmann::ordered_json& value);

}  // namespace kvmkit::net
