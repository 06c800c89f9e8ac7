// SPDX-License-Identifier: Apache-2.0
#include "virt/image/signature.hpp"

#include <unistd.h>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// gpgv's last line that says something, without its own name.
std::string cause_in(const std::string& talk)
{
    std::string cause;
    for (std::size_t at = 0; at < talk.size();) {
        const auto end = std::min(talk.find('\n', at), talk.size());
        if (end > at) {
            cause = talk.substr(at, end - at);
        }
        at = end + 1;
    }
    return cause.starts_with("gpgv: ") ? cause.substr(6) : cause;
}

Result<std::string> run_gpgv(Runner& runner, std::vector<std::string> argv, const std::filesystem::path& file)
{
    const auto done = runner.run({.argv = std::move(argv)});
    if (!done) {
        Error error = done.error();
        error.hint = "install it: apt-get install gpgv";
        return error;
    }
    if (done->status != 0) {
        return Error{
            ErrorCode::invalid,
            fmt::format(
                "cannot trust '{}': its signature does not hold: {}", file.filename().string(), cause_in(done->err)),
            "download it again later; if it stays so, the publisher's keys changed or somebody is in between"};
    }
    return done->out;
}

}  // namespace

std::optional<std::string> obstacle(const SignatureSource& source)
{
    if (::access(source.keyring.c_str(), R_OK) == 0) {
        return std::nullopt;
    }
    auto text = fmt::format("no keyring '{}'", source.keyring.string());
    return source.package.empty() ? text : text + fmt::format(" (package {})", source.package);
}

Result<void> check_signature(Runner& runner,
                             const std::filesystem::path& keyring,
                             const std::filesystem::path& signature,
                             const std::filesystem::path& file)
{
    const auto done =
        run_gpgv(runner, {"gpgv", "--keyring", keyring.string(), signature.string(), file.string()}, file);
    return done ? Result<void>{} : done.error();
}

Result<std::string> signed_text(Runner& runner, const std::filesystem::path& keyring, const std::filesystem::path& file)
{
    return run_gpgv(runner, {"gpgv", "--keyring", keyring.string(), "--output", "-", file.string()}, file);
}

}  // namespace kvmkit::virt
