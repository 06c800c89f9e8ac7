// SPDX-License-Identifier: Apache-2.0
#include "names.hpp"

#include "virt/spec/name_range.hpp"

#include <set>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

Result<std::vector<std::string>> named_once(std::vector<std::string> names)
{
    std::set<std::string_view> known;
    for (const std::string& name : names) {
        if (!known.insert(name).second) {
            return Error{ErrorCode::usage, fmt::format("VM '{}' is named twice", name), "name each VM once"};
        }
    }
    return names;
}

}  // namespace

Result<std::vector<std::string>> expand_names(const std::vector<std::string>& operands)
{
    std::vector<std::string> all;
    all.reserve(operands.size());
    for (const std::string& operand : operands) {
        if (operand.find_first_of("{},") == std::string::npos) {
            all.push_back(operand);
            continue;
        }
        const auto names = virt::parse_names(operand);
        if (!names) {
            return names.error();
        }
        for (const auto& name : *names) {
            all.push_back(name.str());
        }
    }
    return named_once(all);
}

}  // namespace kvmkit::vm_run
