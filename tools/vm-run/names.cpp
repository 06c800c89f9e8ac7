// SPDX-License-Identifier: Apache-2.0
#include "names.hpp"

#include "virt/spec/name_range.hpp"

namespace kvmkit::vm_run {

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
    return all;
}

}  // namespace kvmkit::vm_run
