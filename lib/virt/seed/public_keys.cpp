// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/public_keys.hpp"

#include "base/base64.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} << 10U;

constexpr std::array key_types{"ssh-ed25519",
                               "ssh-rsa",
                               "ecdsa-sha2-nistp256",
                               "ecdsa-sha2-nistp384",
                               "ecdsa-sha2-nistp521",
                               "sk-ssh-ed25519@openssh.com",
                               "sk-ecdsa-sha2-nistp256@openssh.com"};

/// The length of the field at a place of a key, which stands before it in four bytes; absent where the key ends early.
std::optional<std::size_t> field_length(std::string_view key, std::size_t at)
{
    constexpr std::size_t width = 4;
    if (key.size() - at < width) {
        return std::nullopt;
    }
    std::size_t length = 0;
    for (const char byte : key.substr(at, width)) {
        length = length << 8U | static_cast<unsigned char>(byte);
    }
    return length <= key.size() - at - width ? std::optional{length} : std::nullopt;
}

/// A key is a row of fields that ends where the last one ends, and the first repeats its type: a line that was cut or
/// glued together shows here.
bool is_key(std::string_view type, std::string_view blob)
{
    const auto key = decode_base64(blob);
    std::size_t at = 0;
    std::size_t fields = 0;
    while (key && at < key->size()) {
        const auto length = field_length(*key, at);
        if (!length || (fields == 0 && key->substr(at + 4, *length) != type)) {
            return false;
        }
        at += 4 + *length;
        ++fields;
    }
    return fields >= 2;
}

Error invalid_line(std::string_view name, std::size_t number, std::string_view cause)
{
    return {ErrorCode::invalid,
            fmt::format("cannot use ssh key '{}': line {} {}", name, number, cause),
            "make a key: ssh-keygen -t ed25519; then name its public half, the file that ends in .pub"};
}

Result<std::string> read_key_file(const std::filesystem::path& file)
{
    const auto doing = fmt::format("cannot open ssh key '{}'", file.string());
    const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return errno_error(errno, doing);
    }
    if (!S_ISREG(status.st_mode)) {
        return Error{ErrorCode::invalid, doing + ": it is not a plain file"};
    }
    return read_all(fd.get(), file.string(), most_bytes);
}

bool is_private_key(std::string_view text)
{
    return text.starts_with("-----BEGIN ") && text.find("PRIVATE KEY-----") != std::string_view::npos;
}

}  // namespace

Result<std::vector<std::string>> parse_public_keys(std::string_view text, std::string_view name)
{
    std::vector<std::string> keys;
    const auto all = lines(text);
    keys.reserve(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto line = trim(all[i]);
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        const auto parts = words(line);
        if (std::ranges::find(key_types, parts.front()) == key_types.end()) {
            return invalid_line(name, i + 1, "is no public key of a type that OpenSSH takes, or has options before it");
        }
        if (parts.size() < 2 || !is_key(parts[0], parts[1])) {
            return invalid_line(name, i + 1, "holds a key that is cut short or damaged");
        }
        if (first_broken_byte(line)) {
            return invalid_line(name, i + 1, "is no UTF-8 text");
        }
        keys.emplace_back(line);
    }
    if (keys.empty()) {
        return Error{ErrorCode::invalid, fmt::format("cannot use ssh key '{}': there is no key in it", name)};
    }
    return keys;
}

Result<LoginKeys> keys_of_file(const std::filesystem::path& file)
{
    auto text = read_key_file(file);
    if (!text) {
        return text.error();
    }
    auto identity = file;
    if (is_private_key(*text)) {
        const auto public_half = std::filesystem::path{file.string() + ".pub"};
        text = read_key_file(public_half);
        if (!text) {
            Error error = text.error();
            error.hint =
                fmt::format("make the public half: ssh-keygen -y -f {} > {}", file.string(), public_half.string());
            return error;
        }
    } else if (file.extension() == ".pub") {
        identity.replace_extension();
    }
    auto keys = parse_public_keys(*text, file.string());
    if (!keys) {
        return keys.error();
    }
    LoginKeys found{std::move(*keys)};
    std::error_code problem;
    if (identity != file || is_private_key(read_key_file(file).value_or(""))) {
        if (std::filesystem::is_regular_file(identity, problem)) {
            found.identities.push_back(std::filesystem::absolute(identity));
        }
    }
    return found;
}

Result<LoginKeys> keys_of_agent(Runner& runner)
{
    const Error none{
        ErrorCode::not_found,
        "cannot use the keys of the ssh agent: no agent answers",
        "start one: eval $(ssh-agent) && ssh-add; under sudo: sudo --preserve-env=SSH_AUTH_SOCK; or name a "
        "file: --ssh-key FILE"};
    const char* socket = std::getenv("SSH_AUTH_SOCK");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    if (socket == nullptr || *socket == '\0') {
        return none;
    }
    const auto listed = runner.run({.argv = {"ssh-add", "-L"}, .timeout = std::chrono::seconds{5}});
    if (!listed) {
        return listed.error();
    }
    if (listed->status == 1) {
        return Error{ErrorCode::not_found, "cannot use the keys of the ssh agent: it holds none", "add one: ssh-add"};
    }
    if (listed->status != 0) {
        return none;
    }
    auto keys = parse_public_keys(listed->out, "ssh-add -L");
    return keys ? Result<LoginKeys>{LoginKeys{std::move(*keys)}} : keys.error();
}

Result<LoginKeys> keys_in_folder(const std::filesystem::path& folder)
{
    std::error_code problem;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{folder, problem}) {
        const auto name = entry.path().filename().string();
        if (name.starts_with("id_") && name.ends_with(".pub")) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    LoginKeys all{{}};
    for (const auto& file : files) {
        const auto keys = keys_of_file(file);
        if (!keys) {
            return keys.error();
        }
        all.lines.insert(all.lines.end(), keys->lines.begin(), keys->lines.end());
        all.identities.insert(all.identities.end(), keys->identities.begin(), keys->identities.end());
    }
    return all;
}

}  // namespace kvmkit::virt
