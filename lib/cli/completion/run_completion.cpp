// SPDX-License-Identifier: Apache-2.0
#include "cli/completion/run_completion.hpp"

#include "cli/completion/complete.hpp"
#include "cli/completion/script.hpp"
#include "cli/completion/shell_line.hpp"

#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <set>

#include <fmt/format.h>

namespace kvmkit::cli {
namespace {

constexpr suseconds_t patience_us = 300'000;

/// Who presses the key waits for the answer. A source may hang in a call of the kernel or of libvirt: then this process
/// ends, and nothing was printed yet.
void answer_in_time()
{
    struct sigaction give_up {};
    give_up.sa_handler = [](int) { ::_exit(EXIT_SUCCESS); };
    sigset_t alarm;
    ::sigemptyset(&alarm);
    ::sigaddset(&alarm, SIGALRM);
    (void)::sigaction(SIGALRM, &give_up, nullptr);
    (void)::pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
    const itimerval timer{{0, 0}, {0, patience_us}};
    (void)::setitimer(ITIMER_REAL, &timer, nullptr);
}

std::string_view word(Files files)
{
    switch (files) {
        case Files::none: return "words";
        case Files::directories: return "directories";
        case Files::any: return "files";
    }
    return "words";
}

bool is_one_line(std::string_view text)
{
    return !text.empty() && std::ranges::none_of(text, [](char c) { return c >= 0 && c < ' '; });
}

void answer_words(const Completion& completion, std::ostream& out)
{
    out << fmt::format("{} {}\n", word(completion.files), completion.kept);
    std::set<std::string_view> said;
    for (const Candidate& candidate : completion.words) {
        if (is_one_line(candidate.word) && said.insert(candidate.word).second) {
            out << fmt::format("{}\t{}\n", candidate.word, is_one_line(candidate.help) ? candidate.help : "");
        }
    }
}

/// What stands before the command's name and is no word of its own: NAME=VALUE.
bool is_assignment(std::string_view word)
{
    constexpr std::string_view of_names = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const auto equals = word.find('=');
    return equals != std::string_view::npos && equals > 0 && word.find_first_not_of(of_names) == equals;
}

void answer_line(const Tool& tool, const ShellLine& line, std::ostream& out)
{
    const auto name = std::ranges::find_if_not(line.words, is_assignment);
    if (line.redirected || name == line.words.end() || name + 1 == line.words.end()) {
        out << "files 0\n";
        return;
    }
    const auto completion = complete(tool, {name + 1, line.words.end()});
    const std::string& typed = line.words.back();
    out << fmt::format("{} {}\n", word(completion.files), completion.kept);
    std::set<std::string_view> said;
    for (const Candidate& candidate : completion.words) {
        if (candidate.word.starts_with(typed) && is_one_line(candidate.word) && said.insert(candidate.word).second) {
            out << quoted_for_shell(std::string_view{candidate.word}.substr(line.kept), line.quote) << '\n';
        }
    }
}

}  // namespace

Result<ExitCode> run_completion(const Tool& tool, const std::vector<std::string>& words, const Console& console)
{
    const std::string what = words.empty() ? std::string{} : words.front();
    if (const auto script = completion_script(what, tool.name); script && words.size() == 1) {
        console.out << *script;
        return ExitCode::ok;
    }
    answer_in_time();
    if (what == "words" && words.size() > 1) {
        answer_words(complete(tool, {words.begin() + 1, words.end()}), console.out);
        return ExitCode::ok;
    }
    if (what == "line" && words.size() == 3) {
        answer_line(tool, split_shell_line(words[1], words[2]), console.out);
        return ExitCode::ok;
    }
    return Error{ErrorCode::usage,
                 fmt::format("'{} completion' needs the name of a shell: bash, zsh or fish", tool.name),
                 fmt::format("for bash: source <({} completion bash)", tool.name)};
}

}  // namespace kvmkit::cli
