// SPDX-License-Identifier: Apache-2.0
#include "base/unique_fd.hpp"
#include "check/explain/explainer.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "report/log_report.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::kvm_check {
namespace {

constexpr std::size_t chunk_bytes = 1U << 16U;

/// Feeds what a descriptor holds to the explainer, a chunk at a time.
Result<void> read_log(int fd, std::string_view name, Explainer& explainer)
{
    std::array<char, chunk_bytes> chunk{};
    for (;;) {
        const ssize_t got = ::read(fd, chunk.data(), chunk.size());
        const int errnum = errno;
        if (got < 0 && (errnum == EINTR || errnum == EPIPE)) {  // EPIPE: the kernel's ring overtook us
            continue;
        }
        if (got < 0 && errnum == EAGAIN) {  // the end of /dev/kmsg, which would wait for the next line
            return {};
        }
        if (got < 0) {
            return errno_error(errnum, fmt::format("cannot read {}", name));
        }
        if (got == 0) {
            return {};
        }
        explainer.feed({chunk.data(), static_cast<std::size_t>(got)});
    }
}

/// What helps who could not read it. A line of a log is no name of a file.
std::string hint_for(int errnum, const std::string& path)
{
    if (errnum == EACCES || errnum == EPERM) {
        return "read it as root: sudo cat FILE | kvm-check explain";
    }
    return errnum == ENOENT && path.find(' ') != std::string::npos
               ? "a line itself is passed on: echo 'LINE' | kvm-check "
                 "explain"
               : "";
}

Result<void> read_file(const std::string& path, Explainer& explainer)
{
    struct stat found {};
    const bool device = ::stat(path.c_str(), &found) == 0 && S_ISCHR(found.st_mode);
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (device ? O_NONBLOCK : 0))};
    if (!fd) {
        const int errnum = errno;
        return errno_error(errnum, fmt::format("cannot read '{}'", path), hint_for(errnum, path));
    }
    return read_log(fd.get(), fmt::format("'{}'", path), explainer);
}

}  // namespace

void declare_explain(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record instead of text");
}

Result<cli::ExitCode> explain(const cli::Arguments& arguments, cli::Console& console)
{
    const auto& operands = arguments.operands();
    const bool from_stdin = operands.empty() || operands.front() == "-";
    if (from_stdin && ::isatty(STDIN_FILENO) == 1) {
        console.note("paste the lines, then press Ctrl-D");
    }
    Explainer explainer;
    auto done =
        from_stdin ? read_log(STDIN_FILENO, "standard input", explainer) : read_file(operands.front(), explainer);
    if (!done) {
        return done.error();
    }
    const LogReport report = explainer.finish();
    if (arguments.has("json")) {
        cli::Json record{{"schema", cli::schema_name("kvm-check", "explain")}};
        record.update(to_json(report));
        cli::print_json(console, record);
    } else {
        console.out << to_text(report, console.out_colour ? Paint::ansi : Paint::plain);
    }
    return report.explanations.empty() ? cli::ExitCode::no : cli::ExitCode::ok;
}

}  // namespace kvmkit::kvm_check
