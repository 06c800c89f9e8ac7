// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include "cli/json.hpp"

#include <ostream>

#include <fmt/format.h>

namespace kvmkit::host_setup {

using cli::Json;

void declare_progress(cli::po::options_description_easy_init& add)
{
    add("progress",
        cli::po::value<std::string>()->value_name("text|json")->default_value("text"),
        "how progress is told on standard error: text, or a JSON record a line");
}

Result<void> check_progress(const cli::Arguments& arguments)
{
    const auto form = arguments.text("progress");
    return form == "text" || form == "json"
               ? Result<void>{}
               : Error{
                     ErrorCode::usage, fmt::format("'{}' is no form of progress", form), "use --progress text or json"};
}

void ProgressTeller::note(std::string_view text) const
{
    json_ ? put("note", text, nullptr) : console_.note(text);
}

void ProgressTeller::warn(std::string_view text) const
{
    json_ ? put("warning", text, nullptr) : console_.warn(text);
}

/// A line for every tenth part where no terminal rewrites it.
void ProgressTeller::packages(const setup::PackageProgress& now)
{
    if (!now.remark.empty()) {
        warn(now.remark);
        return;
    }
    const int tenth = static_cast<int>(now.percent) / 10;
    const bool news = tenth != tenth_ || now.downloading != downloading_;
    tenth_ = tenth;
    downloading_ = now.downloading;
    if (json_) {
        put("packages", now.text, &now);
    } else if (console_.err_is_terminal || news) {
        console_.progress(fmt::format("{} {:3.0f}%  {}", now.downloading ? "fetch" : "install", now.percent, now.text));
    }
}

void ProgressTeller::put(std::string_view kind, std::string_view text, const setup::PackageProgress* packages) const
{
    using std::chrono::milliseconds;
    const auto since = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start_);
    Json phase;
    Json percent;
    if (packages != nullptr) {
        phase = packages->downloading ? "fetch" : "install";
        percent = static_cast<int>(packages->percent);
    }
    const Json line{{"schema", cli::schema_name("host-setup", "progress")},
                    {"t_ms", since.count()},
                    {"kind", kind},
                    {"text", text},
                    {"phase", std::move(phase)},
                    {"percent", std::move(percent)}};
    console_.err << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
}

}  // namespace kvmkit::host_setup
