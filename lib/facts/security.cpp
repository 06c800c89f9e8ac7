// SPDX-License-Identifier: Apache-2.0
#include "facts/security.hpp"

#include "base/text.hpp"

namespace kvmkit {

std::string filesystem_of(std::string_view mounts, std::string_view path)
{
    std::string_view best;
    std::string_view longest;
    for (const auto line : lines(mounts)) {
        const auto fields = words(line);
        if (fields.size() < 3 || fields[1].empty()) {
            continue;
        }
        const auto point = fields[1];
        const bool below = point == "/" || path == point || (path.starts_with(point) && path[point.size()] == '/');
        if (below && point.size() >= longest.size()) {  // of those on the same place the last one shows
            longest = point;
            best = fields[2];
        }
    }
    return std::string{best};
}

std::string_view boolean_for(std::string_view filesystem)
{
    if (filesystem == "nfs" || filesystem == "nfs4") {
        return "virt_use_nfs";
    }
    if (filesystem == "cifs" || filesystem == "smb3") {
        return "virt_use_samba";
    }
    return filesystem.starts_with("fuse.") ? "virt_use_fusefs" : "";
}

}  // namespace kvmkit
