// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/domain_xml.hpp"

#include "virt/spec/internal/disk_xml.hpp"
#include "virt/spec/internal/hardware_xml.hpp"
#include "virt/spec/internal/nic_xml.hpp"
#include "virt/spec/internal/xml.hpp"

#include <sstream>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace kvmkit::virt {
namespace {

constexpr const char* our_namespace = "urn:kvmkit:vm-run:1";

void add_text(Node parent, const char* name, const std::string& text)
{
    parent.append_child(name).text().set(text.c_str());
}

const char* type_name(DomainType type)
{
    switch (type) {
        case DomainType::kvm: return "kvm";
        case DomainType::qemu: return "qemu";
        case DomainType::test: return "test";
    }
    return "qemu";
}

void add_heading(Node domain, const DomainPlan& plan)
{
    add_text(domain, "name", plan.spec.name.str());
    add_text(domain, "uuid", plan.uuid);
    Node mark = add(add(domain, "metadata"), "kvmkit:vm", {{"xmlns:kvmkit", our_namespace}});
    mark.append_attribute("transaction").set_value(plan.transaction.c_str());
    add_port_marks(mark, plan);
    add(domain, "memory", {{"unit", "b"}}).text().set(fmt::format("{}", plan.spec.memory.count()).c_str());
    add_text(domain, "vcpu", fmt::format("{}", plan.spec.vcpus));
    if (has_disks(plan) && plan.spec.type != DomainType::test) {
        add_text(domain, "iothreads", "1");
    }
}

void add_boot(Node domain, const VmSpec& spec)
{
    Node os = add(domain, "os");
    add(os, "type", {{"arch", "x86_64"}, {"machine", "q35"}}).text().set("hvm");
    add_firmware(os, spec);
    if (!spec.kernel) {
        add(os, "boot", {{"dev", "hd"}});
        if (spec.hardware.cdrom) {  // after the disk: what is installed from the CD boots without further ado
            add(os, "boot", {{"dev", "cdrom"}});
        }
        return;
    }
    add_text(os, "kernel", spec.kernel->kernel.string());
    if (spec.kernel->initrd) {
        add_text(os, "initrd", spec.kernel->initrd->string());
    }
    add_text(os, "cmdline", spec.kernel->command_line);
}

void add_behaviour(Node domain, const DomainPlan& plan)
{
    Node features = add(domain, "features");
    add(features, "acpi");
    add(features, "apic");
    if (plan.spec.hardware.firmware == Firmware::secure) {
        add(features, "smm", {{"state", "on"}});
    }
    add_cpu(domain, plan);
    Node clock = add(domain, "clock", {{"offset", "utc"}});
    add(clock, "timer", {{"name", "rtc"}, {"tickpolicy", "catchup"}});
    add(clock, "timer", {{"name", "pit"}, {"tickpolicy", "delay"}});
    add(clock, "timer", {{"name", "hpet"}, {"present", "no"}});
    add_text(domain, "on_poweroff", "destroy");
    add_text(domain, "on_reboot", "restart");
    add_text(domain, "on_crash", "destroy");
}

void add_devices(Node domain, const DomainPlan& plan)
{
    Node devices = add(domain, "devices");
    add_disks(devices, plan);
    add(devices, "controller", {{"type", "usb"}, {"model", "none"}});
    add_hardware(devices, plan.spec);
    add_nics(devices, plan);
    add_agent_port(devices);
    add(add(devices, "serial", {{"type", "pty"}}), "target", {{"port", "0"}});
    add(add(devices, "console", {{"type", "pty"}}), "target", {{"type", "serial"}, {"port", "0"}});
    Node random = add(devices, "rng", {{"model", "virtio"}});
    add(random, "backend", {{"model", "random"}}).text().set("/dev/urandom");
    Node balloon = add(devices, "memballoon", {{"model", "virtio"}, {"freePageReporting", "on"}});
    add(balloon, "stats", {{"period", "5"}});
    add(devices, "panic", {{"model", "isa"}});
}

/// A static label without relabelling: libvirt starts QEMU as its usual user and leaves the owner of every file alone.
void add_label(Node domain, const QemuUser& user)
{
    Node label = add(domain, "seclabel", {{"type", "static"}, {"model", "dac"}, {"relabel", "no"}});
    add_text(label, "label", fmt::format("+{}:+{}", user.uid, user.gid));
}

/// The mark under <metadata>, whatever prefix libvirt gave our namespace.
std::optional<std::string> transaction_in(Node metadata)
{
    for (const Node child : metadata.children()) {
        for (const auto attribute : child.attributes()) {
            if (std::string_view{attribute.value()} == our_namespace) {
                return child.attribute("transaction").value();
            }
        }
    }
    return std::nullopt;
}

/// libvirt gives sizes back in KiB.
Bytes memory_in(Node memory)
{
    const std::string_view unit = memory.attribute("unit").as_string("KiB");
    const auto size = Bytes::parse(fmt::format("{}{}", memory.text().as_ullong(), unit == "KiB" ? "K" : ""));
    return size.value_or(Bytes{});
}

}  // namespace

std::string to_domain_xml(const DomainPlan& plan)
{
    pugi::xml_document document;
    Node domain = add(document.root(), "domain", {{"type", type_name(plan.spec.type)}});
    add_heading(domain, plan);
    if (plan.spec.type == DomainType::test) {  // the test driver knows no machine and no device of QEMU
        add(add(domain, "os"), "type").text().set("hvm");
    } else {
        add_placement(domain, plan.spec);
        add_boot(domain, plan.spec);
        add_seed_sign(domain, plan);
        add_behaviour(domain, plan);
        add_devices(domain, plan);
        if (plan.runs_as) {
            add_label(domain, *plan.runs_as);
        }
        add_forwarding_nics(domain, plan);
    }
    std::ostringstream text;
    document.save(text, "  ", pugi::format_default | pugi::format_no_declaration);
    return text.str();
}

Result<DomainSummary> summarize(std::string_view domain_xml)
{
    pugi::xml_document document;
    const auto parsed = document.load_buffer(domain_xml.data(), domain_xml.size());
    const Node domain = document.child("domain");
    if (!parsed || !domain) {
        return Error{ErrorCode::invalid, "cannot read domain description: it is no domain XML"};
    }
    std::vector<std::string> disks;
    for (const Node disk : domain.child("devices").children("disk")) {
        disks.emplace_back(disk.child("source").attribute("file").value());
    }
    return DomainSummary{.name = domain.child_value("name"),
                         .uuid = domain.child_value("uuid"),
                         .type = domain.attribute("type").value(),
                         .memory = memory_in(domain.child("memory")),
                         .vcpus = domain.child("vcpu").text().as_uint(),
                         .runs = !domain.attribute("id").empty(),
                         .disks = std::move(disks),
                         .transaction = transaction_in(domain.child("metadata"))};
}

}  // namespace kvmkit::virt
