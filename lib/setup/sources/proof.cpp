// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/proof.hpp"

#include "base/text.hpp"
#include "setup/sources/mirror.hpp"
#include "setup/sources/update_failure.hpp"
#include "system/files.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

/// Whom a complaint of apt's is about: "The repository 'http://h/debian bookworm Release' does not ...".
struct BlamedSource {
    std::string uri;  ///< With a '/' at the end; empty: no source.
    std::string suite;
};

BlamedSource blamed(std::string_view line)
{
    const auto scheme = line.find("://");
    if (scheme == std::string_view::npos) {
        return {};
    }
    const auto before = line.find_last_of("' ", scheme);
    const auto begin = before == std::string_view::npos ? 0 : before + 1;
    const auto found = words(line.substr(begin, line.find('\'', begin) - begin));
    return {as_folder(found.front()), found.size() > 1 ? std::string{found[1]} : std::string{}};
}

class Proof {
public:
    Proof(Runner& runner, const Workshop& workshop, const ProofOrder& order)
        : runner_(runner), top_(workshop.path()), order_(order)
    {
    }

    Result<void> run()
    {
        if (auto laid = lay_out(top_, {"parts", "lists/partial", "cache/archives/partial"}, order_.sources); !laid) {
            return laid;
        }
        if (auto read = read_lists(); !read) {
            return read;
        }
        return order_.packages.empty() ? Result<void>{} : plan();
    }

private:
    [[nodiscard]] std::vector<std::string> places() const
    {
        return {"-oDir::Etc::sourcelist=/dev/null",
                fmt::format("-oDir::Etc::sourceparts={}/parts", top_.string()),
                fmt::format("-oDir::State::lists={}/lists/", top_.string()),
                fmt::format("-oDir::Cache={}/cache", top_.string()),
                "-oAPT::Get::List-Cleanup=0",
                "-oAcquire::Retries=0",
                "-oAcquire::http::Timeout=10",
                "-oAcquire::https::Timeout=10"};
    }

    Result<void> read_lists()
    {
        Apt apt{runner_, order_.limits};
        const auto ended = apt.update_from(places());
        if (!ended) {
            return ended.error();
        }
        // The exit code is 0 for a component that is missing, and before apt 2.1 for everything that cannot be fetched.
        const auto failure = read_update_failure(ended->out + "\n" + ended->err);
        if (failure) {
            return unread(*failure);
        }
        return ended->status == 0 ? Result<void>{}
                                  : unusable(order_.archive,
                                             fmt::format("apt-get update ended with {}", ended->status),
                                             failure_excerpt(ended->out, ended->err, 3),
                                             "");
    }

    /// The mirror is not to blame for a line of the sources that stays with somebody else.
    [[nodiscard]] Error unread(const UpdateFailure& failure) const
    {
        const auto source = blamed(failure.line);
        const bool elsewhere = !source.uri.empty() && !source.uri.starts_with(as_folder(order_.archive));
        auto error = unusable(order_.archive, failure.cause, failure.line, hint_of(failure, source, elsewhere));
        if (elsewhere) {
            error.message = fmt::format("cannot read '{}' beside mirror '{}': {}\n  {}",
                                        source.uri,
                                        order_.archive,
                                        failure.cause,
                                        failure.line);
        }
        return error;
    }

    [[nodiscard]] std::string hint_of(const UpdateFailure& failure, const BlamedSource& source, bool elsewhere) const
    {
        if (!failure.missing || source.suite.empty()) {
            return failure.hint;
        }
        const bool security = source.suite.ends_with("-security") || source.suite.ends_with("/updates");
        if (authority_of(source.uri) != authority_of(order_.archive) && security) {
            return "where the release has ended, its archive may have that suite, too: the same command with "
                   "--security; or comment out its line in apt's sources";
        }
        return elsewhere || source.suite.find('-') != std::string::npos
                   ? fmt::format(
                         "comment out suite {} in apt's sources: what has ended is kept without it in some "
                         "archives",
                         source.suite)
                   : failure.hint;
    }

    Result<void> plan()
    {
        Apt apt{runner_, order_.limits};
        const auto ended = apt.simulate_from(places(), order_.packages);
        if (!ended) {
            return ended.error();
        }
        if (ended->status == 0) {
            return {};
        }
        auto error = unusable(order_.archive,
                              fmt::format("'{}' cannot be installed from it", fmt::join(order_.packages, " ")),
                              failure_excerpt(ended->out, ended->err, 6),
                              "is it complete? other mirrors: host-setup mirror test");
        error.code = ErrorCode::not_found;
        return error;
    }

    Runner& runner_;
    std::filesystem::path top_;
    const ProofOrder& order_;
};

/// Whether a complaint is about this archive, or about no source at all: a lock, a line that cannot be read.
bool concerns(std::string_view problem, std::string_view archive)
{
    if (problem.find("://") == std::string_view::npos) {
        return problem.starts_with("E:") && problem.find("Some index files failed") == std::string_view::npos;
    }
    return problem.find(archive.substr(0, archive.size() - 1)) != std::string_view::npos;
}

}  // namespace

Result<std::vector<std::string>> refresh_from(Apt apt, const std::string& archive)
{
    const auto ended = apt.update_from({});
    if (!ended) {
        return ended.error();
    }
    const auto all = ended->out + "\n" + ended->err;
    auto problems = read_update_problems(all);
    const auto ours = std::ranges::find_if(problems, [&](const auto& problem) { return concerns(problem, archive); });
    if (ours == problems.end()) {
        return problems;
    }
    const auto failure = read_update_failure(all);
    auto error =
        unusable(archive, failure ? failure->cause : "apt cannot read it", *ours, failure ? failure->hint : "");
    error.code = ErrorCode::rolled_back;
    return error;
}

Error unusable(const std::string& archive, const std::string& cause, const std::string& line, std::string hint)
{
    auto message = fmt::format("cannot use mirror '{}': {}", archive, cause);
    if (!line.empty()) {
        message += "\n  " + line;
    }
    return {ErrorCode::external,
            std::move(message),
            hint.empty() ? "other mirrors, the fastest first: host-setup mirror test" : std::move(hint)};
}

Result<void> lay_out(const std::filesystem::path& top,
                     const std::vector<std::string>& folders,
                     const std::vector<ChangedSource>& sources)
{
    for (const std::string& name : folders) {
        if (auto made = make_directories(top / name, 0755); !made) {
            return made;
        }
    }
    for (const ChangedSource& source : sources) {
        const auto file = top / "parts" / source.path.substr(source.path.rfind('/') + 1);
        if (auto written = write_atomically(file, source.text, 0644); !written) {
            return written;
        }
    }
    return {};
}

Result<void> prove_sources(Runner& runner, const Workshop& workshop, const ProofOrder& order)
{
    return Proof{runner, workshop, order}.run();
}

}  // namespace kvmkit::setup
