// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/fetch.hpp"

#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "setup/package_size.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds since(Clock::time_point begin)
{
    return std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - begin);
}

/// Follows the answers of a fetching program: "200 URI Start", "201 URI Done", "400 URI Failure", with fields.
class Answers {
public:
    /// The order's pipe is closed once the answer is complete: the program then ends.
    Answers(Clock::time_point began, UniqueFd order) : began_(began), order_(std::move(order)) {}

    void hear(std::string_view line)
    {
        if (line.starts_with("200 ")) {
            fetched_.first_byte = since(began_);
        } else if (line.starts_with("201 ")) {
            done_ = true;
            fetched_.whole = since(began_);
        } else if (line.starts_with("400 ") || line.starts_with("401 ") || line.starts_with("103 ")) {
            failed_ = !line.starts_with("103 ");
        } else if (line.starts_with("Message: ") && failed_) {
            message_ = trim(line.substr(9));
        } else if (line.starts_with("FailReason: ") && failed_) {
            reason_ = trim(line.substr(12));
        } else if (line.empty() && (done_ || failed_)) {
            order_ = UniqueFd{};
        }
    }

    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] const Fetched& fetched() const { return fetched_; }

    [[nodiscard]] Error failure(const std::string& uri) const
    {
        const bool absent = reason_ == "HttpError404" || message_.starts_with("404");
        const bool late = reason_ == "Timeout" || reason_ == "TimeOut";
        return {absent ? ErrorCode::not_found : (late ? ErrorCode::timeout : ErrorCode::external),
                fmt::format("cannot fetch '{}': {}", uri, message_.empty() ? "no answer" : message_)};
    }

private:
    Clock::time_point began_;
    UniqueFd order_;
    Fetched fetched_;
    bool done_ = false;
    bool failed_ = false;
    std::string message_;
    std::string reason_;
};

/// What curl writes out at the end: seconds to the first byte, seconds in all, bytes.
Fetched read_curl_times(std::string_view text)
{
    constexpr std::size_t fields = 3;
    const auto parts = words(text);
    const auto number = [&](std::size_t index) {
        return parts.size() == fields ? std::strtod(std::string{parts[index]}.c_str(), nullptr) : 0;
    };
    const auto time = [](double seconds) {
        return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
    };
    return {time(number(0)), time(number(1)), whole_bytes(number(2))};
}

}  // namespace

double Fetched::bytes_per_second() const
{
    const auto seconds = std::chrono::duration<double>(whole).count();
    return seconds > 0 ? static_cast<double>(size.count()) / seconds : 0;
}

std::string fetch_order(const std::string& settings, const std::string& uri, const std::filesystem::path& file)
{
    return fmt::format(
        "601 Configuration\n{}\n600 URI Acquire\nURI: {}\nFilename: {}\n\n", settings, uri, file.string());
}

Result<std::string> apt_settings(Runner& runner)
{
    const auto ended = runner.run({.argv = {"apt-config", "dump"}});
    if (!ended) {
        return ended.error();
    }
    std::string settings;
    for (const auto line : lines(ended->out)) {
        // NAME "VALUE";
        const auto quote = line.find(" \"");
        if (quote == std::string_view::npos || !line.ends_with("\";")) {
            continue;
        }
        const auto name = line.substr(0, quote);
        if (name.starts_with("Acquire::") || name == "APT::Sandbox::User" || name.starts_with("Dir")) {
            settings += fmt::format("Config-Item: {}={}\n", name, line.substr(quote + 2, line.size() - quote - 4));
        }
    }
    return settings;
}

Result<Fetched> AptFetcher::fetch(const std::string& uri,
                                  const std::filesystem::path& file,
                                  std::chrono::milliseconds timeout) const
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return errno_error(errno, "cannot open a pipe");
    }
    const UniqueFd read_end{ends[0]};
    UniqueFd write_end{ends[1]};
    (void)::fcntl(write_end.get(), F_SETFL, O_NONBLOCK);  // an order that does not fit fails, and waits for nobody
    if (auto written = write_all(write_end.get(), fetch_order(settings_, uri, file), "a pipe"); !written) {
        return written.error();
    }
    const auto scheme = uri.substr(0, uri.find("://"));
    Answers answers{Clock::now(), std::move(write_end)};
    const auto ended = runner_.run({.argv = {"/usr/lib/apt/methods/" + scheme},
                                    .timeout = timeout,
                                    .on_line = [&answers](std::string_view line) { answers.hear(line); },
                                    .input_fd = read_end.get()});
    if (!ended) {
        return ended.error().code == ErrorCode::not_found
                   ? Error{ErrorCode::unsupported, fmt::format("cannot fetch '{}': apt has no method for it", uri)}
                   : ended.error();
    }
    if (!answers.done()) {
        return answers.failure(uri);
    }
    Fetched fetched = answers.fetched();
    std::error_code problem;
    fetched.size = Bytes::of(std::filesystem::file_size(file, problem));
    return fetched;
}

Result<Fetched> CurlFetcher::fetch(const std::string& uri,
                                   const std::filesystem::path& file,
                                   std::chrono::milliseconds timeout) const
{
    constexpr int http_error = 22;
    constexpr int too_late = 28;
    const auto seconds = std::chrono::duration<double>(timeout).count();
    const auto ended = runner_.run({.argv = {"curl",
                                             "--disable",  // no settings of the user's own
                                             "--silent",
                                             "--show-error",
                                             "--fail",
                                             "--location",
                                             "--max-time",
                                             fmt::format("{:.3f}", seconds),
                                             "--output",
                                             file.string(),
                                             "--write-out",
                                             "%{time_starttransfer} %{time_total} %{size_download}",
                                             "--",
                                             uri},
                                    .environment = {{"LC_ALL", "C.UTF-8"}},
                                    .timeout = timeout + std::chrono::seconds{5}});
    if (!ended) {
        return ended.error().code == ErrorCode::not_found
                   ? Error{ErrorCode::unsupported,
                           fmt::format("cannot fetch '{}': there is no curl", uri),
                           "install curl"}
                   : ended.error();
    }
    if (ended->status != 0) {
        const bool absent = ended->status == http_error && ended->err.find(" 404") != std::string::npos;
        return Error{
            absent ? ErrorCode::not_found : (ended->status == too_late ? ErrorCode::timeout : ErrorCode::external),
            fmt::format("cannot fetch '{}': {}", uri, trim(ended->err))};
    }
    return read_curl_times(ended->out);
}

Result<std::unique_ptr<Fetcher>> open_fetcher(Installer installer, Runner& runner)
{
    if (installer != Installer::apt) {
        return std::unique_ptr<Fetcher>{std::make_unique<CurlFetcher>(runner)};
    }
    auto settings = apt_settings(runner);
    return settings ? Result<std::unique_ptr<Fetcher>>{std::make_unique<AptFetcher>(runner, std::move(*settings))}
                    : std::move(settings).error();
}

}  // namespace kvmkit::setup
