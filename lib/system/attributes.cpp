// SPDX-License-Identifier: Apache-2.0
#include "system/internal/attributes.hpp"

#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace kvmkit {
namespace {

constexpr int tries = 8;  // an attribute may grow between the question for its size and that for its bytes

bool none_there(int error)
{
    return error == ENOENT || error == ENODATA || error == ENOTSUP;
}

/// Fills a text by `get(buffer, size)`, which tells the size where it is given none. false, with errno.
template <class Get>
bool read_whole(std::string& text, const Get& get)
{
    for (int attempt = 0; attempt < tries; ++attempt) {
        const ssize_t size = get(nullptr, 0);
        if (size < 0) {
            return false;
        }
        text.resize(static_cast<std::size_t>(size));
        const ssize_t got = size == 0 ? 0 : get(text.data(), text.size());
        if (got >= 0) {
            text.resize(static_cast<std::size_t>(got));
            return true;
        }
        if (errno != ERANGE) {
            return false;
        }
    }
    return false;
}

bool vouches_for_bytes(std::string_view name)
{
    return name == "security.ima" || name == "security.evm";
}

/// One that the new file was born with, such as its label, is not set again: that may need a right which nobody has.
bool copy_one(const std::filesystem::path& from, const char* name, int to)
{
    std::string wanted;
    if (!read_whole(wanted,
                    [&](char* bytes, std::size_t size) { return ::lgetxattr(from.c_str(), name, bytes, size); })) {
        return none_there(errno);
    }
    std::string present;
    const bool there =
        read_whole(present, [&](char* bytes, std::size_t size) { return ::fgetxattr(to, name, bytes, size); });
    return (there && present == wanted) || ::fsetxattr(to, name, wanted.data(), wanted.size(), 0) == 0;
}

}  // namespace

bool copy_attributes(const std::filesystem::path& from, int to)
{
    struct stat status {};
    if (::lstat(from.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return true;
    }
    std::string names;
    if (!read_whole(names, [&](char* bytes, std::size_t size) { return ::llistxattr(from.c_str(), bytes, size); })) {
        return none_there(errno);
    }
    for (std::size_t begin = 0; begin < names.size(); begin = names.find('\0', begin) + 1) {
        const char* name = names.c_str() + begin;
        if (!vouches_for_bytes(name) && !copy_one(from, name, to)) {
            return false;
        }
    }
    return true;
}

}  // namespace kvmkit
