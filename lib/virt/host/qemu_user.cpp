// SPDX-License-Identifier: Apache-2.0
#include "virt/host/qemu_user.hpp"

#include "base/unique_fd.hpp"
#include "virt/host/internal/qemu_user.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <thread>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace kvmkit::virt {
namespace {

/// "+64055:+107": the plus signs say that these are numbers.
std::optional<QemuUser> parse_label(std::string_view label)
{
    const auto colon = label.find(':');
    if (!label.starts_with('+') || colon == std::string_view::npos || label.substr(colon + 1, 1) != "+") {
        return std::nullopt;
    }
    QemuUser user;
    const auto uid = std::from_chars(label.data() + 1, label.data() + colon, user.uid);
    const auto gid = std::from_chars(label.data() + colon + 2, label.data() + label.size(), user.gid);
    return uid.ec == std::errc{} && gid.ec == std::errc{} ? std::optional{user} : std::nullopt;
}

struct Entry {
    passwd data{};
    std::array<char, 4096> text{};
    bool found = false;
};

void look_up(uid_t uid, Entry& entry)
{
    passwd* answer = nullptr;
    entry.found =
        ::getpwuid_r(uid, &entry.data, entry.text.data(), entry.text.size(), &answer) == 0 && answer != nullptr;
}

/// A home is private: nobody is told to open it.
bool is_a_home(const std::filesystem::path& folder)
{
    struct stat status {};
    Entry entry;
    if (::stat(folder.c_str(), &status) == 0) {
        look_up(status.st_uid, entry);
    }
    return entry.found && folder == entry.data.pw_dir;
}

std::string way_around(const std::filesystem::path& file, const std::filesystem::path& closed)
{
    return is_a_home(closed) ? fmt::format(
                                   "take an image into the cache: vm-run image add NAME {}; copy any other file to "
                                   "/var/lib/libvirt/images",
                                   file.string())
                             : fmt::format("copy it to /var/lib/libvirt/images, or run: chmod o+x {}", closed.string());
}

/// Runs a question with the file rights of another user: fs ids and raw setgroups(2) belong to one thread alone, and
/// end with it.
template <class Question>
void ask_as(const QemuUser& user, const std::vector<gid_t>& groups, Question question)
{
    std::thread{[&] {
        (void)::syscall(SYS_setgroups, groups.size(), groups.data());
        (void)::setfsgid(user.gid);
        (void)::setfsuid(user.uid);
        question();
    }}.join();
}

struct Finding {
    int error = 0;                 ///< errno of the last question
    std::filesystem::path closed;  ///< The directory that keeps the user out; empty: none does.
};

/// Opening "DIR/." asks for the right to pass through DIR, and for nothing else.
Finding walk(const std::filesystem::path& file, Need need)
{
    std::filesystem::path passed = "/";
    for (const auto& part : file.parent_path().relative_path()) {
        passed /= part;
        const UniqueFd here{::open((passed / ".").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
        if (!here) {
            return {errno, passed};
        }
    }
    const int mode = need == Need::write ? O_RDWR : O_RDONLY;
    const UniqueFd opened{::open(file.c_str(), mode | O_NONBLOCK | O_CLOEXEC)};
    return {opened ? 0 : errno, {}};
}

}  // namespace

std::optional<QemuUser> qemu_user_in(std::string_view capabilities_xml)
{
    pugi::xml_document document;
    if (!document.load_buffer(capabilities_xml.data(), capabilities_xml.size())) {
        return std::nullopt;
    }
    for (const auto model : document.child("capabilities").child("host").children("secmodel")) {
        if (std::string_view{model.child_value("model")} == "dac") {
            return parse_label(model.child_value("baselabel"));
        }
    }
    return std::nullopt;
}

bool is_confined(std::string_view capabilities_xml)
{
    pugi::xml_document document;
    if (!document.load_buffer(capabilities_xml.data(), capabilities_xml.size())) {
        return false;
    }
    const auto models = document.child("capabilities").child("host").children("secmodel");
    return std::any_of(models.begin(), models.end(), [](const pugi::xml_node& model) {
        const std::string_view name = model.child_value("model");
        return name == "apparmor" || name == "selinux";
    });
}

std::vector<gid_t> groups_of(const QemuUser& user)
{
    Entry entry;
    look_up(user.uid, entry);
    std::vector<gid_t> groups(64);
    int count = static_cast<int>(groups.size());
    if (!entry.found || ::getgrouplist(entry.data.pw_name, user.gid, groups.data(), &count) < 0) {
        return {user.gid};
    }
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

Error kept_out(const QemuUser& user, const std::filesystem::path& file, const std::filesystem::path& closed, int error)
{
    return {ErrorCode::permission,
            fmt::format("cannot use '{}': QEMU runs as user {} and cannot pass directory '{}': {}",
                        file.string(),
                        name_of(user),
                        closed.string(),
                        std::strerror(error))};  // NOLINT(concurrency-mt-unsafe): no other thread of ours asks
}

std::string name_of(const QemuUser& user)
{
    Entry entry;
    look_up(user.uid, entry);
    return entry.found ? std::string{entry.data.pw_name} : fmt::format("{}", user.uid);
}

Result<Reach> reach_of(const QemuUser& user, const std::filesystem::path& file, Need need)
{
    Finding finding;
    ask_as(user, groups_of(user), [&finding, &file, need] { finding = walk(file, need); });
    if (!finding.closed.empty()) {
        Error error = kept_out(user, file, finding.closed, finding.error);
        error.hint = way_around(file, finding.closed);
        return error;
    }
    if (finding.error == 0) {
        return Reach::usable;
    }
    if (finding.error == EACCES || finding.error == EPERM) {
        return Reach::hidden_file;
    }
    return errno_error(finding.error, fmt::format("cannot open '{}'", file.string()));
}

}  // namespace kvmkit::virt
