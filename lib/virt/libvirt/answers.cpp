// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/answers.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "system/root.hpp"
#include "system/small_files.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/memory.hpp"

#include <libvirt/libvirt.h>

#include <array>
#include <memory>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace kvmkit::virt {
namespace {

/// libvirt packs a version into one number: 9000000 is 9.0.0.
std::string version_text(unsigned long packed)
{
    constexpr unsigned long thousand = 1'000;
    return fmt::format("{}.{}.{}", packed / (thousand * thousand), packed / thousand % thousand, packed % thousand);
}

std::string version_by(int (*ask)(virConnectPtr, unsigned long*), virConnectPtr connection)
{
    unsigned long packed = 0;
    return ask(connection, &packed) == 0 && packed > 0 ? version_text(packed) : std::string{};
}

std::string hypervisor_of(virConnectPtr connection)
{
    const char* kind = virConnectGetType(connection);  // libvirt's own text
    if (kind == nullptr) {
        return {};
    }
    const auto version = version_by(virConnectGetVersion, connection);
    return version.empty() ? std::string{kind} : fmt::format("{} {}", kind, version);
}

LibvirtDomainType ask_type(virConnectPtr connection, const char* type)
{
    const OwnedText xml{virConnectGetDomainCapabilities(connection, nullptr, nullptr, nullptr, type, 0)};
    if (!xml) {
        return {.type = type, .usable = false, .problem = last_libvirt_error("libvirt says").message};
    }
    return parse_domain_capabilities(type, xml.get());
}

/// libvirt's QEMU driver keeps each VM's process there, readable for root.
std::optional<int> pid_of(const Root& host, const std::string& name)
{
    if (name.find('/') != std::string::npos) {
        return std::nullopt;
    }
    const auto text = text_or_nothing(host, fmt::format("run/libvirt/qemu/{}.pid", name));
    return decimal<int>(trim(text));
}

LibvirtDomain describe(const Domain& domain, const Root* host)
{
    LibvirtDomain found;
    std::array<char, VIR_UUID_STRING_BUFLEN> uuid{};
    if (virDomainGetUUIDString(domain.get(), uuid.data()) == 0) {
        found.uuid = uuid.data();
    }
    const auto id = virDomainGetID(domain.get());
    found.id = id == static_cast<unsigned>(-1) ? std::nullopt : std::optional{static_cast<int>(id)};
    found.name = domain.name().value_or("");
    const auto state = domain.state();
    found.state = state ? word(*state) : "other";
    found.pid = found.id && host != nullptr ? pid_of(*host, found.name) : std::nullopt;
    return found;
}

std::vector<LibvirtDomain> describe_all(const Connection& connection)
{
    std::vector<LibvirtDomain> found;
    const auto domains = connection.domains();
    if (!domains) {
        return found;
    }
    const bool of_system = connection.uri() == "qemu:///system";
    const auto host = Root::open("/");
    found.reserve(domains->size());
    for (const Domain& domain : *domains) {
        found.push_back(describe(domain, of_system && host ? &*host : nullptr));
    }
    return found;
}

}  // namespace

LibvirtDomainType parse_domain_capabilities(const std::string& type, const std::string& xml)
{
    pugi::xml_document document;
    const auto read = document.load_string(xml.c_str());
    const auto top = document.child("domainCapabilities");
    if (!read || !top) {
        return {.type = type, .usable = false, .problem = "libvirt told no capabilities that could be read"};
    }
    LibvirtDomainType found{.type = type, .usable = type == top.child("domain").text().as_string()};
    for (const auto& mode : top.child("cpu").children("mode")) {
        if (std::string_view{mode.attribute("supported").as_string()} == "yes") {
            found.cpu_modes.emplace_back(mode.attribute("name").as_string());
        }
    }
    for (const auto& choice : top.child("os").children("enum")) {
        if (std::string_view{choice.attribute("name").as_string()} == "firmware") {
            for (const auto& value : choice.children("value")) {
                found.firmware.emplace_back(value.text().as_string());
            }
        }
    }
    found.problem = found.usable ? "" : fmt::format("libvirt answered for another type than {}", type);
    return found;
}

LibvirtAnswers ask_libvirt(const std::string& uri, Rights rights)
{
    LibvirtAnswers answers{.uri = uri};
    unsigned long packed = 0;
    answers.client = virGetVersion(&packed, nullptr, nullptr) == 0 ? version_text(packed) : std::string{};
    const auto connection = rights == Rights::read_write ? Connection::open(uri) : Connection::open_read_only(uri);
    if (!connection) {
        answers.problem = connection.error().message;
        return answers;
    }
    answers.daemon = version_by(virConnectGetLibVersion, connection->get());
    answers.hypervisor = hypervisor_of(connection->get());
    if (rights == Rights::read_write) {
        answers.types = {ask_type(connection->get(), "kvm"), ask_type(connection->get(), "qemu")};
    }
    answers.domains = describe_all(*connection);
    return answers;
}

}  // namespace kvmkit::virt
