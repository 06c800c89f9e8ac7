// SPDX-License-Identifier: Apache-2.0
#include "system/file_tree.hpp"

#include "base/text.hpp"
#include "system/files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

constexpr int most_links = 40;  // the kernel's own limit

/// The path of an entry, found step by step. Keeps what was walked as a stack, so that ".." at the top stays there.
class Walk {
public:
    Walk(const FileTree& tree, std::string_view path) : tree_(tree) { push_front(path); }

    const TreeEntry* go()
    {
        const TreeEntry* here = &top();
        while (!rest_.empty()) {
            const std::string step = std::move(rest_.front());
            rest_.pop_front();
            here = take(step, here);
            if (here == nullptr) {
                return nullptr;
            }
        }
        return here;
    }

private:
    /// What the map does not hold: the directory that all is in.
    static const TreeEntry& top()
    {
        static const TreeEntry directory{TreeEntry::Kind::directory};
        return directory;
    }

    void push_front(std::string_view path)
    {
        const auto steps = split(path, '/');
        rest_.insert(rest_.begin(), steps.begin(), steps.end());
    }

    const TreeEntry* entry_here()
    {
        if (stack_.empty()) {
            return &top();
        }
        const auto found = tree_.find(fmt::format("{}", fmt::join(stack_, "/")));
        return found == tree_.end() ? nullptr : &found->second;
    }

    const TreeEntry* take(const std::string& step, const TreeEntry* here)
    {
        if (here->kind != TreeEntry::Kind::directory) {
            return nullptr;
        }
        if (step.empty() || step == ".") {
            return here;
        }
        if (step == "..") {
            if (!stack_.empty()) {
                stack_.pop_back();
            }
            return entry_here();
        }
        stack_.push_back(step);
        const TreeEntry* next = entry_here();
        return next != nullptr && next->kind == TreeEntry::Kind::link ? follow(*next) : next;
    }

    const TreeEntry* follow(const TreeEntry& link)
    {
        if (++links_ > most_links) {
            return nullptr;
        }
        stack_.pop_back();
        if (link.bytes.starts_with('/')) {
            stack_.clear();
        }
        push_front(link.bytes);
        return entry_here();
    }

    const FileTree& tree_;
    std::deque<std::string> rest_;
    std::vector<std::string> stack_;
    int links_ = 0;
};

/// A new directory beside the place where it is to be, removed with all in it unless renamed there.
class TemporaryDirectory {
public:
    explicit TemporaryDirectory(const std::filesystem::path& beside) : name_(beside.string() + ".kvmkit-XXXXXX")
    {
        made_ = ::mkdtemp(name_.data()) != nullptr;
        errnum_ = made_ ? 0 : errno;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory()
    {
        if (made_) {
            std::error_code ignored;
            std::filesystem::remove_all(name_, ignored);
        }
    }

    [[nodiscard]] int errnum() const { return errnum_; }
    [[nodiscard]] std::filesystem::path path() const { return name_; }

    /// Renames it to a place where nothing is.
    [[nodiscard]] bool rename_to(const std::filesystem::path& place)
    {
        // rename(2) would replace an empty directory, which does no harm.
        made_ = std::rename(name_.c_str(), place.c_str()) != 0;
        return !made_;
    }

private:
    std::string name_;
    bool made_ = false;
    int errnum_ = 0;
};

Result<void> write_entry(const std::filesystem::path& place, const TreeEntry& entry)
{
    switch (entry.kind) {
        case TreeEntry::Kind::directory: return make_directories(place, 0700);
        case TreeEntry::Kind::file: return write_atomically(place, entry.bytes, 0600);
        case TreeEntry::Kind::link: break;
    }
    if (::symlink(entry.bytes.c_str(), place.c_str()) != 0) {
        return errno_error(errno, fmt::format("cannot create link '{}'", place.string()));
    }
    return {};
}

}  // namespace

void add_directory(FileTree& tree, std::string_view path)
{
    for (auto end = path.find('/'); end != std::string_view::npos; end = path.find('/', end + 1)) {
        tree.try_emplace(std::string{path.substr(0, end)}, TreeEntry{TreeEntry::Kind::directory});
    }
    tree.try_emplace(std::string{path}, TreeEntry{TreeEntry::Kind::directory});
}

void add_file(FileTree& tree, std::string_view path, std::string bytes)
{
    if (const auto end = path.rfind('/'); end != std::string_view::npos) {
        add_directory(tree, path.substr(0, end));
    }
    tree.insert_or_assign(std::string{path}, TreeEntry{TreeEntry::Kind::file, std::move(bytes)});
}

const TreeEntry* find_entry(const FileTree& tree, std::string_view path)
{
    return Walk{tree, path}.go();
}

Result<void> write_directory(const FileTree& tree, const std::string& path)
{
    const auto place = std::filesystem::absolute(path).lexically_normal();
    const auto wanted = place.has_filename() ? place : place.parent_path();
    std::error_code problem;
    if (std::filesystem::symlink_status(wanted, problem).type() != std::filesystem::file_type::not_found) {
        return errno_error(problem && problem.value() != ENOENT ? problem.value() : EEXIST,
                           fmt::format("cannot create directory '{}'", path));
    }
    TemporaryDirectory made{wanted};
    if (made.errnum() != 0) {
        return errno_error(made.errnum(), fmt::format("cannot create directory '{}'", path));
    }
    for (const auto& [name, entry] : tree) {
        if (auto written = write_entry(made.path() / name, entry); !written) {
            return written;
        }
    }
    if (!made.rename_to(wanted)) {
        return errno_error(errno, fmt::format("cannot create directory '{}'", path));
    }
    return sync_directory(wanted.parent_path());
}

}  // namespace kvmkit
