// SPDX-License-Identifier: Apache-2.0
#include "virt/image/checksum.hpp"

#include "base/text.hpp"
#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <memory>
#include <new>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace kvmkit::virt {
namespace {

constexpr std::size_t sha256_digits = 64;
constexpr std::size_t sha512_digits = 128;
constexpr std::string_view hexadecimal = "0123456789abcdefABCDEF";

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

/// One running digest.
class Hash {
public:
    explicit Hash(Algorithm algorithm) : context_(EVP_MD_CTX_new())
    {
        if (!context_ ||
            EVP_DigestInit_ex(context_.get(), algorithm == Algorithm::sha256 ? EVP_sha256() : EVP_sha512(), nullptr) !=
                1) {
            throw std::bad_alloc{};
        }
    }
    void feed(std::string_view bytes) { (void)EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
    std::string digits()
    {
        std::vector<unsigned char> bytes(EVP_MAX_MD_SIZE);
        unsigned length = 0;
        (void)EVP_DigestFinal_ex(context_.get(), bytes.data(), &length);
        std::string text;
        for (unsigned i = 0; i < length; ++i) {
            text += fmt::format("{:02x}", bytes[i]);
        }
        return text;
    }

private:
    std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

bool is_digest(std::string_view text)
{
    return (text.size() == sha256_digits || text.size() == sha512_digits) &&
           text.find_first_not_of(hexadecimal) == std::string_view::npos;
}

Checksum checksum_of(std::string_view digits)
{
    std::string lower{digits};
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return {digits.size() == sha256_digits ? Algorithm::sha256 : Algorithm::sha512, lower};
}

struct Line {
    Checksum checksum;
    std::string_view name;  ///< Empty: a bare line of digits.
};

std::string_view last_part(std::string_view path)
{
    return path.substr(path.rfind('/') + 1);
}

/// "SHA256 (NAME) = DIGITS"
std::optional<Line> parse_bsd(std::string_view line)
{
    const auto open = line.find(" (");
    const auto close = line.rfind(") = ");
    if (!line.starts_with("SHA") || open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return std::nullopt;
    }
    const auto digits = line.substr(close + 4);
    return is_digest(digits) ? std::optional{Line{checksum_of(digits), line.substr(open + 2, close - open - 2)}}
                             : std::nullopt;
}

std::optional<Line> parse_line(std::string_view line)
{
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
        line.remove_suffix(1);
    }
    if (auto bsd = parse_bsd(line)) {
        return bsd;
    }
    const auto blank = line.find(' ');
    const auto digits = line.substr(0, blank);
    if (!is_digest(digits)) {
        return std::nullopt;
    }
    std::string_view name = blank == std::string_view::npos ? std::string_view{} : line.substr(blank);
    name.remove_prefix(std::min(name.find_first_not_of(" *"), name.size()));
    return Line{checksum_of(digits), name};
}

}  // namespace

std::string_view word(Algorithm algorithm) noexcept
{
    return algorithm == Algorithm::sha256 ? "SHA-256" : "SHA-512";
}

Result<Checksum> parse_digits(std::string_view text)
{
    if (!is_digest(text)) {
        return Error{ErrorCode::usage,
                     fmt::format("'{}' is no checksum", text),
                     "give the 64 hexadecimal digits of SHA-256 or the 128 of SHA-512"};
    }
    return checksum_of(text);
}

Result<Checksum> find_checksum(std::string_view text, std::string_view file_name)
{
    std::vector<Line> parsed;
    for (const auto& line : lines(text)) {
        if (auto one = parse_line(line)) {
            parsed.push_back(*one);
        }
    }
    std::optional<Checksum> found;
    for (const Line& line : parsed) {
        const bool meant = last_part(line.name) == file_name || parsed.size() == 1;
        if (meant && (!found || line.checksum.algorithm == Algorithm::sha512)) {
            found = line.checksum;
        }
    }
    if (!found) {
        return Error{ErrorCode::not_found, fmt::format("cannot find '{}' among the checksums", file_name)};
    }
    return *found;
}

Result<Digests> digests_of_file(const std::filesystem::path& path, const std::function<bool()>& interrupted)
{
    const auto doing = fmt::format("cannot read image '{}'", path.string());
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) {
        return errno_error(errno, doing);
    }
    (void)::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    Hash first{Algorithm::sha256};
    Hash second{Algorithm::sha512};
    constexpr std::size_t piece = 1U << 20U;
    std::vector<char> bytes(piece);
    for (;;) {
        const ssize_t got = ::read(fd.get(), bytes.data(), bytes.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno_error(errno, doing);
        }
        if (got == 0) {
            return Digests{first.digits(), second.digits()};
        }
        first.feed({bytes.data(), static_cast<std::size_t>(got)});
        second.feed({bytes.data(), static_cast<std::size_t>(got)});
        if (interrupted && interrupted()) {
            return Error{ErrorCode::interrupted, "interrupted"};
        }
    }
}

std::string digest_of(std::string_view text, Algorithm algorithm)
{
    Hash hash{algorithm};
    hash.feed(text);
    return hash.digits();
}

}  // namespace kvmkit::virt
