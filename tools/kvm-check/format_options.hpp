// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/json.hpp"
#include "cli/tool.hpp"
#include "report/report.hpp"
#include "system/machine.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::kvm_check {

/// A form of the answer. The renderers are in report/, one each.
enum class Format { text, json, nagios, prometheus, markdown, kvm_ok };

/// What --format and --compat take.
std::vector<std::string> format_words();
std::vector<std::string> imitation_words();

/// Adds --json, --format, --compat and --all.
void declare_format(cli::po::options_description_easy_init add);

/// Reads them. ErrorCode::usage: no such format, or two of them.
Result<Format> read_format(const cli::Arguments& arguments);

/// Prints the report and gives the exit code that goes with the format.
cli::ExitCode print_report(const Report& report,
                           Format format,
                           const cli::Arguments& arguments,
                           const cli::Console& console);

/// Prints the JSON record of this host, or of a recorded one, which has no mark; `fix` is what --fix did, or null.
cli::ExitCode print_record(const Report& report, const MachineMark& host, cli::Json fix, const cli::Console& console);

/// Prints what a program that reads this format must know of an error. Absent: such an error is for people and for the
/// table of exit codes.
std::optional<cli::ExitCode> print_error(const Error& error, Format format, const cli::Console& console);

}  // namespace kvmkit::kvm_check
