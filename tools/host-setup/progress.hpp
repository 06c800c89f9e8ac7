// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "setup/apply.hpp"

#include <chrono>
#include <string_view>

namespace kvmkit::host_setup {

/// --progress, of every command that runs a package manager.
void declare_progress(cli::po::options_description_easy_init& add);

/// ErrorCode::usage: no such form.
Result<void> check_progress(const cli::Arguments& arguments);

/// Tells on standard error what happens, while it happens: text, or a JSON record a line (schema
/// kvmkit.host-setup.progress/1).
class ProgressTeller {
public:
    ProgressTeller(const cli::Console& console, const cli::Arguments& arguments)
        : console_(console), json_(arguments.text("progress") == "json")
    {
    }

    void note(std::string_view text) const;
    void warn(std::string_view text) const;
    void packages(const setup::PackageProgress& now);

private:
    void put(std::string_view kind, std::string_view text, const setup::PackageProgress* packages) const;

    const cli::Console& console_;
    bool json_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    int tenth_ = -1;
    bool downloading_ = false;
};

}  // namespace kvmkit::host_setup
