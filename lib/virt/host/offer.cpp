// SPDX-License-Identifier: Apache-2.0
#include "virt/host/offer.hpp"

#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/memory.hpp"

#include <libvirt/libvirt.h>

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace kvmkit::virt {
namespace {

std::vector<std::string> values_of(const pugi::xml_node& parent, std::string_view name)
{
    std::vector<std::string> values;
    for (const auto& choice : parent.children("enum")) {
        if (std::string_view{choice.attribute("name").value()} == name) {
            for (const auto& value : choice.children("value")) {
                values.emplace_back(value.text().as_string());
            }
        }
    }
    return values;
}

bool has(const std::vector<std::string>& values, std::string_view value)
{
    return std::ranges::find(values, value) != values.end();
}

std::vector<std::string> models_in(const pugi::xml_node& cpu)
{
    std::vector<std::string> models;
    for (const auto& mode : cpu.children("mode")) {
        for (const auto& model : mode.children("model")) {
            const bool custom = std::string_view{mode.attribute("name").value()} == "custom";
            if (custom && std::string_view{model.attribute("usable").value()} != "no") {
                models.emplace_back(model.text().as_string());
            }
        }
    }
    return models;
}

Error missing(std::string_view what, std::string hint)
{
    return {ErrorCode::unsupported, fmt::format("cannot give the VM {}", what), std::move(hint)};
}

}  // namespace

Result<Offer> parse_offer(const std::string& xml)
{
    pugi::xml_document document;
    const auto read = document.load_string(xml.c_str());
    const auto top = document.child("domainCapabilities");
    if (!read || !top) {
        return Error{ErrorCode::invalid, "libvirt told no capabilities that could be read"};
    }
    const auto devices = top.child("devices");
    return Offer{.uefi = has(values_of(top.child("os"), "firmware"), "efi"),
                 .secure_boot = has(values_of(top.child("os").child("loader"), "secure"), "yes"),
                 .tpm_backends = values_of(devices.child("tpm"), "backendModel"),
                 .virtiofs = has(values_of(devices.child("filesystem"), "driverType"), "virtiofs"),
                 .memfd = has(values_of(top.child("memoryBacking"), "sourceType"), "memfd"),
                 .vnc = has(values_of(devices.child("graphics"), "type"), "vnc") &&
                        has(values_of(devices.child("video"), "modelType"), "virtio"),
                 .cpu_models = models_in(top.child("cpu"))};
}

Result<Offer> ask_offer(const Connection& connection, DomainType type)
{
    const char* kind = type == DomainType::kvm ? "kvm" : "qemu";
    const OwnedText text{virConnectGetDomainCapabilities(connection.get(), nullptr, "x86_64", "q35", kind, 0)};
    if (!text) {
        return last_libvirt_error("cannot ask libvirt what hardware it offers");
    }
    return parse_offer(text.get());
}

Result<void> check_hardware(const Hardware& hardware, const Offer& offer)
{
    if (hardware.firmware != Firmware::bios && !offer.uefi) {
        return missing("UEFI: no firmware for it is installed", "install it: apt-get install ovmf");
    }
    if (hardware.firmware == Firmware::secure && !offer.secure_boot) {
        return missing("secure boot: no firmware that has it is installed", "install it: apt-get install ovmf");
    }
    if (hardware.tpm && !has(offer.tpm_backends, "emulator")) {
        return missing("a TPM: the emulator of one is not installed",
                       "install it: apt-get install swtpm swtpm-tools; then restart libvirtd");
    }
    if (!hardware.shares.empty() && !offer.virtiofs) {
        return missing("a shared folder: this libvirt or QEMU has no virtiofs", "it needs libvirt 6.2 and virtiofsd");
    }
    if (!hardware.shares.empty() && !hardware.huge_pages && !offer.memfd) {
        return missing("a shared folder: no memory that another process may map", "add --hugepages 2M");
    }
    if (hardware.vnc && !offer.vnc) {
        return missing("a screen: this QEMU has no VNC server or no virtio display",
                       "install Debian's qemu-system-common or Fedora's qemu-device-display-virtio-vga");
    }
    const bool of_model = hardware.cpu != "auto" && hardware.cpu != "host";
    if (of_model && !has(offer.cpu_models, hardware.cpu)) {
        return missing(fmt::format("CPU model '{}': it does not run here", hardware.cpu),
                       "virsh domcapabilities lists the models; --cpu host is what this host has");
    }
    return {};
}

}  // namespace kvmkit::virt
