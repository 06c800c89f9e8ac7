// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "setup/apt_progress.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Pure readers of what pacman 6 and 7 print with LC_ALL=C.UTF-8.

/// One package as `pacman -Si` or `pacman -Qi` shows it.
struct PacmanPackage {
    std::string name;
    std::string version;
    std::vector<std::string> provides = {};   ///< "iptables=1.8"
    std::vector<std::string> conflicts = {};  ///< "iptables", "foo<2"
    std::vector<std::string> replaces = {};
    Bytes disk = {};
};

/// Reads `pacman -Si` or `-Qi`; of several of one name the first, as pacman does.
std::vector<PacmanPackage> read_pacman_packages(std::string_view text);

/// One line of `pacman -S --print --print-format "%n %v %s"`.
struct PacmanTarget {
    std::string name;
    std::string version;
    Bytes download = {};
};

std::vector<PacmanTarget> read_pacman_targets(std::string_view text);

/// Who needs what is to be removed: "mine" of ":: removing qemu-base breaks dependency 'qemu-base' required by mine".
std::vector<std::string> read_pacman_dependants(std::string_view text);

/// "/etc/libvirt.conf.pacnew": the new settings that lie beside ones of the administrator.
std::vector<std::string> read_pacnew(std::string_view text);

/// The end of what pacman printed on standard output, where the reasons of its errors stand, without what it was doing:
/// ":: unable to satisfy dependency 'x' required by y".
std::string pacman_reasons(std::string_view out);

/// Whether a script or hook of a package failed, which pacman calls a success.
bool pacman_script_failed(std::string_view text) noexcept;

/// Whether pacman did nothing because its database is locked.
bool pacman_is_locked(std::string_view text) noexcept;

/// The lines that say that a server was not read, also where another one was asked instead. Each once.
std::vector<std::string> read_pacman_problems(std::string_view text);

/// Follows the talk of one `pacman -S --noprogressbar`.
class PacmanProgressReader {
public:
    /// What a line says about the progress; absent for most lines.
    std::optional<PackageProgress> read(std::string_view line);

private:
    [[nodiscard]] double percent_of(unsigned done) const;

    unsigned packages_ = 0;
    unsigned fetched_ = 0;
    unsigned changed_ = 0;
};

}  // namespace kvmkit::setup
