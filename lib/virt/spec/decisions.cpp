// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/decisions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::virt {
namespace {

using Decisions = std::vector<Decision>;

bool native(const DomainPlan& plan)
{
    return plan.spec.type == DomainType::kvm;
}

void decide_machine(Decisions& all, const DomainPlan& plan, const DecisionFacts& facts)
{
    all.push_back(
        {"accelerator",
         native(plan) ? "kvm" : "tcg",
         native(plan) ? "KVM runs guests at native speed here" : "KVM does not serve here, or TCG was asked for",
         facts.accelerator});
    all.push_back({"machine", "q35", "PCI Express: the newer of QEMU's two PCs, which UEFI and passthrough need"});
    const auto firmware = plan.spec.hardware.firmware;
    all.push_back({"firmware",
                   std::string{word(firmware)},
                   firmware == Firmware::bios ? "boots every image; UEFI by --uefi" : "asked for"});
}

void decide_cpu(Decisions& all, const DomainPlan& plan, const DecisionFacts& facts)
{
    const auto& wish = plan.spec.hardware.cpu;
    if (wish != "auto" && wish != "host") {
        all.push_back({"cpu", wish, "asked for; the same on every host that has it"});
    } else if (native(plan)) {
        all.push_back(
            {"cpu", "host-passthrough", "all that this host's CPU has; VMs do not move from host to host", facts.cpu});
    } else {
        all.push_back({"cpu", "maximum", "all that QEMU's emulator has", facts.cpu});
    }
    if (!plan.cpu.without.empty()) {
        all.push_back({"cpu features",
                       fmt::format("without {}", fmt::join(plan.cpu.without, ", ")),
                       "with them QEMU could not start a guest here",
                       facts.cpu});
    }
    if (plan.cpu.nesting) {
        all.push_back(
            {"nesting", *plan.cpu.nesting, "guests of guests are asked for: without it the VM is not started"});
    }
    const auto& pinned = plan.spec.hardware.pinned;
    all.push_back({"pinning",
                   pinned.empty() ? "none" : fmt::format("{}", fmt::join(pinned, ",")),
                   pinned.empty() ? "the kernel moves vCPUs to where there is time; --pin keeps them" : "asked for"});
}

void decide_memory(Decisions& all, const DomainPlan& plan)
{
    const Hardware& hardware = plan.spec.hardware;
    all.push_back({"memory",
                   hardware.huge_pages        ? fmt::format("huge pages of {}", human(*hardware.huge_pages))
                   : !hardware.shares.empty() ? "memfd, shared"
                                              : "ordinary",
                   hardware.huge_pages        ? "asked for: fewer misses of the TLB, never swapped"
                   : !hardware.shares.empty() ? "virtiofsd maps the guest's memory"
                                              : "given as it is touched, and given back by the balloon"});
    if (hardware.numa) {
        all.push_back({"memory node", fmt::format("{}", *hardware.numa), "near the CPUs that use it"});
    }
    all.push_back({"balloon", "virtio, free page reporting", "what a guest frees comes back to the host by itself"});
}

void decide_disks(Decisions& all, const DomainPlan& plan)
{
    if (!plan.overlay) {
        return;
    }
    all.push_back({"disk", "virtio, overlay on the image", "the image stays as it is, and serves many VMs"});
    all.push_back({"discard", "unmap", "what a guest deletes becomes free on the host"});
}

struct DescribeCard {
    const DecisionFacts& facts;
    Decision operator()(const UserNic& nic) const
    {
        return {"",
                describe(Nic{nic}),
                nic.forwards.empty()
                    ? "needs no privilege; nobody can call the guest"
                    : "the named ports of this host lead in; libvirt 9 has no words for it, so QEMU is told"};
    }
    Decision operator()(const NetworkNic& nic) const
    {
        return {"", describe(Nic{nic}), "libvirt's own network: DHCP, and NAT if it is set so"};
    }
    Decision operator()(const BridgeNic& nic) const
    {
        return {"",
                describe(Nic{nic}),
                nic.vlan ? "in the LAN behind the bridge, in that VLAN alone: set on the port before the guest runs"
                         : "in the LAN behind the bridge"};
    }
    Decision operator()(const MacvtapNic& nic) const
    {
        return {
            "", describe(Nic{nic}), "in the LAN behind the link, without a bridge; the host itself cannot talk to it"};
    }
};

void decide_network(Decisions& all, const DomainPlan& plan, const DecisionFacts& facts)
{
    const auto& nics = plan.spec.nics;
    for (std::size_t i = 0; i < nics.size(); ++i) {
        Decision card = std::visit(DescribeCard{facts}, nics[i].source);
        card.what = fmt::format("network card {}", i + 1);
        card.evidence = facts.network;
        all.push_back(std::move(card));
    }
    if (nics.empty()) {
        all.push_back({"network", "none", "asked for"});
        return;
    }
    all.push_back({"card model", "virtio", "the fastest that guests have a driver for"});
    all.push_back({"card queues",
                   fmt::format("{}", plan.nic_queues),
                   "one for each vCPU, up to 8: each serves its own",
                   facts.vhost ? "/dev/vhost-net is there: the kernel moves the packets"
                               : "no /dev/vhost-net: QEMU moves the packets"});
}

void decide_rest(Decisions& all, const DomainPlan& plan)
{
    all.push_back({"random numbers", "virtio, /dev/urandom", "a guest's first keys need not wait"});
    all.push_back({"clock", "utc, no hpet", "as KVM guests keep time best"});
    all.push_back({"panic device", "isa", "a guest that panics is seen at once"});
    all.push_back({"graphics",
                   plan.spec.hardware.vnc ? "vnc on a UNIX socket" : "none",
                   plan.spec.hardware.vnc
                       ? "asked for; only who may use libvirt gets to the socket, VNC asks for no password"
                       : "the serial console is shown from the first byte on"});
    if (plan.spec.hardware.tpm) {
        all.push_back({"tpm", "2.0, emulated", "asked for"});
    }
    all.push_back({"life",
                   plan.spec.lifetime == Lifetime::ephemeral ? "as long as this command" : "until it is removed",
                   plan.spec.lifetime == Lifetime::ephemeral ? "asked for by --rm" : "no --rm was given"});
}

}  // namespace

std::vector<Decision> decisions_of(const DomainPlan& plan, const DecisionFacts& facts)
{
    Decisions all;
    decide_machine(all, plan, facts);
    decide_cpu(all, plan, facts);
    decide_memory(all, plan);
    decide_disks(all, plan);
    decide_network(all, plan, facts);
    decide_rest(all, plan);
    return all;
}

}  // namespace kvmkit::virt
