// SPDX-License-Identifier: Apache-2.0
#include "setup/nested.hpp"

#include "base/text.hpp"
#include "setup/container.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr std::string_view option_name = "kvmkit-nested.conf";

bool means_on(std::string_view value)
{
    return value == "1" || value == "Y" || value == "y" || value == "on";
}

/// "kvm-amd" is "kvm_amd" to modprobe and to the kernel.
std::string underscored(std::string_view name)
{
    std::string text{name};
    std::ranges::replace(text, '-', '_');
    return text;
}

/// The value that the last word "nested=..." of a line's words has.
std::optional<std::string> nested_value(const std::vector<std::string_view>& words, std::string_view prefix)
{
    std::optional<std::string> value;
    for (const auto word : words) {
        const auto equals = word.find('=');
        if (equals != std::string_view::npos && underscored(word.substr(0, equals)) == std::string{prefix} + "nested") {
            value = std::string{word.substr(equals + 1)};
        }
    }
    return value;
}

/// What a file of modprobe.d says of a module; absent: nothing.
std::optional<bool> setting_in(std::string_view text, std::string_view module)
{
    std::optional<bool> on;
    for (const auto line : lines(text)) {
        const auto parts = words(line);
        if (parts.size() > 2 && parts[0] == "options" && underscored(parts[1]) == module) {
            if (const auto value = nested_value(parts, "")) {
                on = means_on(*value);
            }
        }
    }
    return on;
}

/// The files of modprobe.d in the order in which they are read: by name, and one in etc hides its namesakes.
std::map<std::string, std::string> option_files(const Root& root)
{
    std::map<std::string, std::string> paths;
    for (const auto* folder :
         {"etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d"}) {
        const auto names = root.names(folder);
        if (!names || !*names) {
            continue;
        }
        for (const std::string& name : **names) {
            if (name.ends_with(".conf")) {
                paths.emplace(name, fmt::format("{}/{}", folder, name));
            }
        }
    }
    return paths;
}

/// The setting that counts when the module is loaded: modprobe gives all options in the order of the files, then those
/// of the kernel's command line, and the last one wins.
std::optional<NestedSetting> winner(const Root& root, const std::string& module)
{
    auto found = nested_setting_in_files(root, module);
    const auto command_line = text_or_nothing(root, "proc/cmdline");
    if (const auto value = nested_value(words(command_line), module + ".")) {
        found = NestedSetting{"the kernel's command line", means_on(*value), true};
    }
    return found;
}

std::string boot_loader_of(const Root& root)
{
    for (const auto* program : {"usr/sbin/update-grub", "usr/sbin/grubby", "sbin/grubby"}) {
        if (root.exists(program)) {
            return std::string{program}.substr(std::string{program}.rfind('/') + 1);
        }
    }
    return root.exists("etc/kernel/cmdline") ? "kernel-install" : "";
}

/// The command that puts the option on the kernel's command line.
std::string boot_command(const std::string& module, const NestedState& nested)
{
    const auto option = module + ".nested=1";
    if (nested.boot_loader == "update-grub") {
        return fmt::format(R"(sed -i 's/^GRUB_CMDLINE_LINUX="/&{} /' /etc/default/grub && update-grub)", option);
    }
    if (nested.boot_loader == "grubby") {
        return fmt::format("grubby --update-kernel=ALL --args={}", option);
    }
    if (nested.boot_loader == "kernel-install") {
        return fmt::format("sed -i '1s/$/ {}/' /etc/kernel/cmdline && kernel-install add-all", option);
    }
    return fmt::format("add {} to the kernel's command line in the boot loader's settings", option);
}

NestedPlan reload(const std::string& module, const KvmDevice& device)
{
    NestedPlan plan{{UnloadModule{module}, nested_option(module), LoadModule{module}}};
    if (!device.udev_runs && device.kvm_group == device.owner_group) {
        plan.steps.emplace_back(GrantDevice{});  // the kernel makes the node anew, for root only
    }
    return plan;
}

/// Where no file of modprobe.d decides.
NestedPlan plan_built_in(const std::string& module, const NestedState& nested)
{
    NestedPlan plan;
    if (!nested.on) {
        plan.reboot = fmt::format("{} is a part of the kernel, which takes the option nested at boot alone", module);
        plan.notes.push_back(fmt::format("by hand: {}", boot_command(module, nested)));
    }
    return plan;
}

std::string how_to_reload(const std::string& module, const NestedState& nested)
{
    return fmt::format(
        "{1}guests may run guests after a reboot, or once {0} is loaded anew, while no VM runs: "
        "modprobe -r {0} && modprobe {0}",
        module,
        nested.busy ? "VMs run: " : "");
}

}  // namespace

std::optional<NestedSetting> nested_setting_in_files(const Root& root, const std::string& module)
{
    std::optional<NestedSetting> found;
    for (const auto& [name, path] : option_files(root)) {
        if (const auto on = setting_in(text_or_nothing(root, path), module)) {
            found = NestedSetting{"/" + path, *on, name > option_name};
        }
    }
    return found;
}

Error nested_is_off(const std::string& module, const NestedSetting& winner)
{
    return {ErrorCode::refused,
            fmt::format(
                "refused to switch on option nested of module {}: {} switches it off, and wins", module, winner.where),
            fmt::format("take the option out of {}", winner.where)};
}

SetFile nested_option(const std::string& module)
{
    return {fmt::format("etc/modprobe.d/{}", option_name), fmt::format("options {} nested=1\n", module), 0644};
}

NestedState observe_nested(const Root& root, const KvmModule& module)
{
    NestedState state{.boot_loader = boot_loader_of(root)};
    state.container = container_of(root).has_value();
    if (!module.name) {
        return state;
    }
    state.at_next_load = winner(root, *module.name);
    if (!module.loaded) {
        return state;
    }
    const auto folder = "sys/module/" + *module.name;
    const auto users = text_or_nothing(root, folder + "/refcnt");
    state.built_in = !root.exists(folder + "/initstate");
    state.busy = !trim(users).empty() && trim(users) != "0";
    state.on = means_on(trim(text_or_nothing(root, folder + "/parameters/nested")));
    return state;
}

Result<NestedPlan> plan_nested(const KvmModule& module, const NestedState& nested, const KvmDevice& device)
{
    if (!module.name) {
        return NestedPlan{{}, {}, {"the CPU shows neither vmx nor svm: no guest can have guests"}};
    }
    const std::string& name = *module.name;
    if (nested.container) {
        auto text =
            fmt::format("option nested of module {} is left alone: the kernel is this container's host's", name);
        return nested.on ? NestedPlan{} : NestedPlan{{}, {}, {std::move(text)}};
    }
    if (nested.built_in) {
        return plan_built_in(name, nested);
    }
    const auto& winner = nested.at_next_load;
    if (winner && !winner->on && winner->beats_ours) {
        return nested_is_off(name, *winner);
    }
    const bool takes_effect = nested.on || !module.loaded;
    if (!takes_effect && !nested.busy && module.loader) {
        return reload(name, device);
    }
    NestedPlan plan;
    if (!winner || !winner->on) {
        plan.steps.emplace_back(nested_option(name));
    }
    if (!takes_effect) {
        plan.reboot = nested.busy
                          ? fmt::format("module {} is in use, and takes the option nested only when it is loaded", name)
                          : fmt::format("there is no modprobe here to load module {} anew", name);
        plan.notes.push_back(how_to_reload(name, nested));
    }
    return plan;
}

}  // namespace kvmkit::setup
