// SPDX-License-Identifier: Apache-2.0
#include "vm_file.hpp"

#include "cleanup.hpp"
#include "cli/parse.hpp"
#include "commands.hpp"
#include "net/state/load.hpp"
#include "net/state/yaml.hpp"
#include "virt/spec/clashes.hpp"
#include "vm_entry.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

using net::Spot;
using Words = std::vector<std::string>;

constexpr std::string_view file_kind = "file of VMs";
/// Options of a VM that may be given beside a file, and then hold for all.
constexpr std::array for_all{"wait", "timeout", "on-fail"};

bool holds_for_all(std::string_view option)
{
    return std::ranges::find(for_all, option) != for_all.end();
}

Result<void> check_beside(const cli::Arguments& arguments)
{
    if (!arguments.operands().empty()) {
        return Error{ErrorCode::usage,
                     fmt::format("unexpected word '{}'", arguments.operands().front()),
                     "a file names its VMs itself"};
    }
    for (const VmKey& key : vm_keys()) {
        const std::string option{key.option};
        if (!holds_for_all(option) && arguments.given(option.c_str())) {
            return Error{ErrorCode::usage,
                         fmt::format("--{} does not go with --file", option),
                         fmt::format("write '{}:' into the file, for one VM or below 'defaults:'", option)};
        }
    }
    return {};
}

/// Reads a file's entries as launch reads its command line.
class FileReader {
public:
    FileReader(const cli::Arguments& arguments, net::Findings& findings) : arguments_(arguments), findings_(findings) {}

    std::vector<LaunchOptions> read(const net::Node& root)
    {
        const Spot top{root, findings_};
        const auto defaults = top.entry("defaults");
        if (defaults) {
            defaults_.emplace(read_entry_keys(*defaults, false));
        }
        std::vector<LaunchOptions> all;
        for (const Spot& value : top.entries()) {
            if (value.key() == "vms") {
                read_vms(value, all);
            } else if (value.key() != "defaults") {
                net::complain_of_unknown(value, std::array{std::string{"defaults"}, std::string{"vms"}});
            }
        }
        if (all.empty() && findings_.mistakes.empty()) {
            top.complain("the file names no VM", "list them below 'vms:', each with a name: '- name: web'");
        }
        return all;
    }

private:
    void read_vms(const Spot& list, std::vector<LaunchOptions>& all)
    {
        for (const Spot& item : list.items()) {
            const auto mistakes_before = findings_.mistakes.count();
            VmEntry entry = read_entry_keys(item, true);
            if (!entry.name) {
                item.complain("this VM has no name", "give it one: 'name: web', or 'name: web{1..3}' for several");
                continue;
            }
            if (defaults_) {
                complete(entry, *defaults_);
            }
            const auto names = entry.name->read(virt::parse_names);
            if (names && findings_.mistakes.count() == mistakes_before) {
                read_vm(entry, all);
            } else {
                (void)blame_one(entry);
            }
        }
    }

    void read_vm(const VmEntry& entry, std::vector<LaunchOptions>& all)
    {
        auto options = options_of(words_of(entry.settings), entry.name->node().text);
        auto read = options ? read_common_options(arguments_, *options) : options.error();
        if (read) {
            read = check_options(*options);
        }
        if (read) {
            judge_clashes(entry, *options);
            all.push_back(std::move(*options));
        } else if (!blame_one(entry)) {
            entry.name->complain(read.error().message, read.error().hint);
        }
    }

    /// Which of the settings is refused on its own; the rest is a matter between several of them.
    bool blame_one(const VmEntry& entry)
    {
        bool found = false;
        for (const Setting& setting : entry.settings) {
            Words beside;
            if (const Setting* partner = entry.find(setting.key->partner)) {
                beside = words_of(std::vector{*partner});
                if (!options_of(beside, "x")) {
                    continue;  // told where it stands itself
                }
            }
            for (const Saying& saying : setting.sayings) {
                found = blame(saying, beside) || found;
            }
        }
        return found;
    }

    bool blame(const Saying& saying, Words words)
    {
        words.push_back(saying.word);
        const auto alone = options_of(std::move(words), "x");
        if (!alone && blamed_.insert(saying.spot.path()).second) {  // of a default, once
            saying.spot.complain(alone.error().message, alone.error().hint);
        }
        return !alone;
    }

    void judge_clashes(const VmEntry& entry, const LaunchOptions& options)
    {
        const auto before = static_cast<std::ptrdiff_t>(specs_.size());
        for (const LaunchOptions& one : each_alone({options})) {
            specs_.push_back(one.spec);
        }
        const auto clash = virt::find_clash(specs_);
        if (clash) {
            entry.name->complain(clash->message, clash->hint);
            specs_.erase(specs_.begin() + before, specs_.end());
        }
    }

    /// Without those that the command line says for all.
    [[nodiscard]] Words words_of(const std::vector<Setting>& settings) const
    {
        Words words;
        for (const Setting& setting : settings) {
            const std::string option{setting.key->option};
            if (holds_for_all(option) && arguments_.given(option.c_str())) {
                continue;
            }
            for (const Saying& saying : setting.sayings) {
                words.push_back(saying.word);
            }
        }
        return words;
    }

    [[nodiscard]] Result<LaunchOptions> options_of(Words words, const std::string& names) const
    {
        words.insert(words.begin(), {"launch", names});
        for (const char* option : for_all) {
            if (arguments_.given(option)) {
                words.push_back(fmt::format("--{}={}", option, arguments_.text(option)));
            }
        }
        const auto parsed = cli::parse({tool_name, "", "launch", commands}, words);
        return parsed ? read_vm_options(parsed->arguments) : parsed.error();
    }

    const cli::Arguments& arguments_;
    net::Findings& findings_;
    std::optional<VmEntry> defaults_;
    std::vector<virt::VmSpec> specs_;
    std::set<net::KeyPath> blamed_;
};

}  // namespace

Result<std::vector<LaunchOptions>> read_vm_file(const std::string& path, const cli::Arguments& arguments)
{
    if (auto checked = check_beside(arguments); !checked) {
        return checked.error();
    }
    auto file = net::load_text(path, file_kind);
    if (!file) {
        return file.error();
    }
    file->text = net::without_byte_order_mark(file->text);
    net::Findings findings;
    std::vector<LaunchOptions> all;
    const auto root = net::read_yaml(file->text, findings.mistakes, "vms");
    if (root) {
        all = FileReader{arguments, findings}.read(*root);
    }
    return findings.mistakes.empty() ? Result<std::vector<LaunchOptions>>{std::move(all)}
                                     : net::error_of(file_kind, *file, findings.mistakes);
}

}  // namespace kvmkit::vm_run
