// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::setup {

/// How far an installation is.
struct PackageProgress {
    bool downloading = false;  ///< Otherwise dpkg is at work.
    double percent = 0;
    std::string text;
    std::string remark = {};  ///< What the user has to look at afterwards, instead of the rest; empty: nothing.
};

/// Follows the talk of one `apt-get install`. apt's own status stream (APT::Status-Fd) is no use on standard output:
/// apt marks that descriptor close-on-exec, and each script that prints a word under `set -e` then fails (seen
/// with 2.6.1).
class AptProgressReader {
public:
    /// What a line says about the progress; absent for most lines.
    std::optional<PackageProgress> read(std::string_view line);

private:
    [[nodiscard]] double percent_of(unsigned done, unsigned whole) const;

    unsigned packages_ = 0;
    unsigned fetched_ = 0;
    unsigned steps_ = 0;  ///< Of dpkg: each package is unpacked and set up.
};

}  // namespace kvmkit::setup
