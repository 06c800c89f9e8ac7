// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/domain.hpp"

#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/memory.hpp"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <array>
#include <memory>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr unsigned undefine_flags = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                                    VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM;

constexpr const char* starter_namespace = "urn:kvmkit:vm-run:start:1";

/// The name is a copy inside the handle: asking for it cannot lose libvirt's error.
std::string doing(_virDomain* domain, std::string_view verb)
{
    const char* name = virDomainGetName(domain);
    return fmt::format("cannot {} VM '{}'", verb, name == nullptr ? "" : name);
}

}  // namespace

std::string_view word(DomainState state) noexcept
{
    switch (state) {
        case DomainState::running: return "running";
        case DomainState::paused: return "paused";
        case DomainState::shutting_down: return "shutting down";
        case DomainState::shut_off: return "shut off";
        case DomainState::crashed: return "crashed";
        case DomainState::other: return "other";
    }
    return "other";
}

Result<std::string> Domain::name() const
{
    const char* name = virDomainGetName(get());
    if (name == nullptr) {
        return last_libvirt_error("cannot read the name of a VM");
    }
    return std::string{name};
}

std::string Domain::uuid() const
{
    std::array<char, VIR_UUID_STRING_BUFLEN> text{};
    (void)virDomainGetUUIDString(get(), text.data());
    return text.data();
}

Domain Domain::share() const
{
    (void)virDomainRef(get());  // fails for what is no handle alone
    return Domain{DomainHandle{get()}};
}

Result<std::string> Domain::xml() const
{
    const OwnedText text{virDomainGetXMLDesc(get(), 0)};
    if (!text) {
        return outcome(-1, "describe").error();
    }
    return std::string{text.get()};
}

Result<DomainState> Domain::state() const
{
    int state = 0;
    if (auto asked = outcome(virDomainGetState(get(), &state, nullptr, 0), "ask"); !asked) {
        return asked.error();
    }
    switch (state) {
        case VIR_DOMAIN_RUNNING:
        case VIR_DOMAIN_BLOCKED: return DomainState::running;
        case VIR_DOMAIN_PAUSED: return DomainState::paused;
        case VIR_DOMAIN_SHUTDOWN: return DomainState::shutting_down;
        case VIR_DOMAIN_SHUTOFF: return DomainState::shut_off;
        case VIR_DOMAIN_CRASHED: return DomainState::crashed;
        default: return DomainState::other;
    }
}

Result<bool> Domain::active() const
{
    const int answer = virDomainIsActive(get());
    if (answer < 0) {
        return outcome(answer, "ask").error();
    }
    return answer == 1;
}

Result<bool> Domain::persistent() const
{
    const int answer = virDomainIsPersistent(get());
    if (answer < 0) {
        return outcome(answer, "ask").error();
    }
    return answer == 1;
}

Result<void> Domain::start_paused() const
{
    return outcome(virDomainCreateWithFlags(get(), VIR_DOMAIN_START_PAUSED), "start");
}

Result<void> Domain::resume() const
{
    return outcome(virDomainResume(get()), "resume");
}

Result<void> Domain::note_starter(const std::string& transaction) const
{
    const auto note = fmt::format("<start transaction='{}'/>", transaction);
    return outcome(virDomainSetMetadata(get(),
                                        VIR_DOMAIN_METADATA_ELEMENT,
                                        note.c_str(),
                                        "kvmkit-start",
                                        starter_namespace,
                                        VIR_DOMAIN_AFFECT_LIVE),
                   "start");
}

Result<bool> Domain::started_by(const std::string& transaction) const
{
    const OwnedText note{
        virDomainGetMetadata(get(), VIR_DOMAIN_METADATA_ELEMENT, starter_namespace, VIR_DOMAIN_AFFECT_LIVE)};
    if (note) {
        return std::string_view{note.get()}.find(transaction) != std::string_view::npos;
    }
    const virErrorPtr error = virGetLastError();
    const bool no_note = error != nullptr && error->code == VIR_ERR_NO_DOMAIN_METADATA;
    return no_note ? Result<bool>{false} : outcome(-1, "ask").error();
}

Result<bool> Domain::has_read(const std::string& disk) const
{
    virDomainBlockStatsStruct stats{};
    if (virDomainBlockStats(get(), disk.c_str(), &stats, sizeof stats) != 0) {
        return outcome(-1, "read the statistics of").error();
    }
    return stats.rd_req > 0;
}

Result<void> Domain::press_power_button() const
{
    return outcome(virDomainShutdownFlags(get(), VIR_DOMAIN_SHUTDOWN_DEFAULT), "stop");
}

Result<void> Domain::destroy() const
{
    return outcome(virDomainDestroy(get()), "end");
}

Result<void> Domain::undefine() const
{
    if (virDomainUndefineFlags(get(), undefine_flags) == 0) {
        return {};
    }
    return outcome(virDomainUndefine(get()), "remove");  // drivers that know fewer flags
}

Result<void> Domain::outcome(int answer, std::string_view verb) const
{
    if (answer < 0) {
        Error error = last_libvirt_error("");
        error.message = doing(get(), verb) + error.message;
        return error;
    }
    return {};
}

}  // namespace kvmkit::virt
