// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/dpkg.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// What dpkg-query says of one package, asked with query_format.
struct QueriedPackage {
    struct Setting {
        std::string path;
        std::string md5;  ///< As the package brought it.
    };
    std::string name;
    std::string architecture;
    std::string state;
    std::vector<Setting> settings = {};  ///< Its conffiles.

    /// Whether apt means it by this name.
    [[nodiscard]] bool is(std::string_view name_of_apt) const;
    [[nodiscard]] bool there() const { return is_present(state); }
};

inline constexpr const char* query_format =
    "--showformat=${Package} ${Architecture} ${db:Status-Status}\\n${Conffiles}\\n";

std::vector<QueriedPackage> read_query(std::string_view text);

/// The settings that md5sum finds to be others than the package brought. One that is not there is none.
std::vector<std::string> edited_settings(const QueriedPackage& package, std::string_view md5sums);

}  // namespace kvmkit::setup
