// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/by_hand.hpp"

#include "base/shell.hpp"
#include "virt/launch/make_disk.hpp"
#include "virt/seed/ssh_files.hpp"

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

using Lines = std::vector<std::string>;

std::string line_of(const std::vector<std::string>& words)
{
    std::string line;
    for (const auto& word : words) {
        line += (line.empty() ? "" : " ") + shell_word(word);
    }
    return line;
}

std::string virsh(const std::string& uri, const std::vector<std::string>& words)
{
    return fmt::format("virsh -c {} {}", shell_word(uri), line_of(words));
}

std::string description_of(const VmId& vm)
{
    return vm.name + ".xml";
}

/// A variable with the name of a card's tap, which libvirt gives when the VM starts.
std::string find_tap(const NicId& nic)
{
    return fmt::format(
        "tap=$({} | awk -v mac={} '$5 == mac {{ print $1 }}')", virsh(nic.vm.uri, {"domiflist", nic.vm.name}), nic.mac);
}

/// The file belongs to who runs QEMU, alone.
void add_owner(Lines& lines, const std::filesystem::path& path, const std::optional<QemuUser>& owner)
{
    lines.push_back(line_of({"chmod", "0600", path.string()}));
    if (owner) {
        lines.push_back(line_of({"chown", fmt::format("{}:{}", owner->uid, owner->gid), path.string()}));
    }
}

struct ByHand {
    Lines operator()(const MakeFolder& step) const
    {
        return {line_of({"install", "-d", "-m", fmt::format("{:04o}", step.mode), step.path.string()})};
    }
    Lines operator()(const MakeOverlay& step) const
    {
        Lines lines{line_of(command_of(step))};
        add_owner(lines, step.path, step.owner);
        return lines;
    }
    Lines operator()(const MakeDisk& step) const
    {
        Lines lines{line_of(command_of(step))};
        add_owner(lines, step.path, step.owner);
        return lines;
    }
    Lines operator()(const MakeSeed& step) const
    {
        const auto image = SeedPaths{step.order.folder}.image();
        Lines lines{
            line_of({"cloud-localds", "--network-config", "network-config", image.string(), "user-data", "meta-data"})};
        add_owner(lines, image, step.order.reader);
        return lines;
    }
    Lines operator()(const DefineVm& step) const { return {virsh(step.vm.uri, {"define", description_of(step.vm)})}; }
    Lines operator()(const StartVm& step) const { return {virsh(step.vm.uri, {"start", "--paused", step.vm.name})}; }
    Lines operator()(const StartAgain& step) const { return {virsh(step.vm.uri, {"start", "--paused", step.vm.name})}; }
    Lines operator()(const CreateVm& step) const
    {
        return {virsh(step.vm.uri, {"create", "--paused", "--autodestroy", description_of(step.vm)})};
    }
    Lines operator()(const AttachVm& step) const
    {
        return {"# in another terminal: " + virsh(step.vm.uri, {"console", step.vm.name})};
    }
    Lines operator()(const ResumeVm& step) const { return {virsh(step.vm.uri, {"resume", step.vm.name})}; }
    Lines operator()(const StartNetwork& step) const { return {virsh(step.uri, {"net-start", step.name})}; }
    Lines operator()(const TagPort& step) const
    {
        return {find_tap(step.nic),
                "bridge vlan del dev $tap vid 1-4094",
                fmt::format("bridge vlan add dev $tap vid {} pvid untagged", step.vlan)};
    }
    Lines operator()(const AwaitPort& step) const
    {
        return {find_tap(step.nic), "until bridge link show dev $tap | grep -q forwarding; do sleep 1; done"};
    }
    /// What undoes a launch is in no plan of one; an embedded driver's folder is of use to this process alone.
    template <class Other>
    Lines operator()(const Other& /*step*/) const
    {
        return {};
    }
};

}  // namespace

std::vector<std::string> by_hand(const Step& step)
{
    return std::visit(ByHand{}, step);
}

}  // namespace kvmkit::virt
