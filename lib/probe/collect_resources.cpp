// SPDX-License-Identifier: Apache-2.0
#include "probe/collect_resources.hpp"

#include "probe/kernel_settings.hpp"
#include "system/small_files.hpp"

#include <cerrno>

#include <fmt/format.h>

namespace kvmkit {
namespace {

class ResourceCollector {
public:
    ResourceCollector(const Root& root, Collection& into) : root_(root), into_(into) {}

    void take_all()
    {
        take_acpi_tables();
        for (const auto* folder : {"sys/class/iommu", "sys/kernel/iommu_groups", "sys/devices/system/node"}) {
            take_names(folder);
        }
        if (root_.exists("sys/fs/cgroup/unified")) {
            add_directory(into_.files, "sys/fs/cgroup/unified");
        }
        take_chips();
        for (const auto& name : names("sys/devices/system/cpu/vulnerabilities")) {
            take("sys/devices/system/cpu/vulnerabilities/" + name);
        }
        for (const auto* folder : modprobe_folders) {
            take_modprobe(folder);
        }
        take_module_lists();
    }

private:
    void note_refusal(const std::string& path, const Error& error)
    {
        into_.notes.unreadable[path] = error.code == ErrorCode::permission ? EACCES : EIO;
    }

    /// The names in a folder that is kept, too, where it holds none.
    std::vector<std::string> names(const std::string& folder)
    {
        auto found = root_.names(folder);
        if (!found) {
            note_refusal(folder, found.error());
            return {};
        }
        if (*found) {
            add_directory(into_.files, folder);
        }
        return std::move(*found).value_or(std::vector<std::string>{});
    }

    void take(const std::string& path)
    {
        auto text = root_.read(path);
        if (!text) {
            note_refusal(path, text.error());
        } else if (*text) {
            add_file(into_.files, path, **std::move(text));
        }
    }

    void take_names(const std::string& folder)
    {
        for (const auto& name : names(folder)) {
            add_directory(into_.files, fmt::format("{}/{}", folder, name));
        }
    }

    /// By their names: the tables themselves hold serial numbers, and only root may read them.
    void take_acpi_tables()
    {
        const std::string folder = "sys/firmware/acpi/tables";
        for (const auto& name : names(folder)) {
            add_file(into_.files, fmt::format("{}/{}", folder, name), "");
        }
    }

    void take_chips()
    {
        const auto numbers = root_.names("sys/kernel/irq");
        if (!numbers) {
            note_refusal("sys/kernel/irq", numbers.error());
            return;
        }
        for (const auto& number : numbers->value_or(std::vector<std::string>{})) {
            if (is_first_interrupt(number)) {
                take(fmt::format("sys/kernel/irq/{}/chip_name", number));
            }
        }
    }

    void take_modprobe(const std::string& folder)
    {
        const auto files = root_.names(folder);
        if (!files || !*files) {
            return;
        }
        for (const auto& name : **files) {
            const auto path = fmt::format("{}/{}", folder, name);
            auto kept = name.ends_with(".conf") ? modprobe_lines(text_or_nothing(root_, path), "kvm") : "";
            if (!kept.empty()) {
                add_file(into_.files, path, std::move(kept));
            }
        }
    }

    void take_module_lists()
    {
        const auto release = trimmed(root_, "proc/sys/kernel/osrelease");
        if (!release || !*release) {
            return;
        }
        for (const auto* list : {"modules.builtin", "modules.dep"}) {
            const auto path = fmt::format("lib/modules/{}/{}", **release, list);
            const auto text = root_.read(path);
            if (text && *text) {
                add_file(into_.files, path, module_lines(**text, "vfio"));
            }
        }
    }

    const Root& root_;
    Collection& into_;
};

}  // namespace

void take_resources(const Root& root, Collection& into)
{
    ResourceCollector{root, into}.take_all();
}

}  // namespace kvmkit
