// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/domain_events.hpp"

#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/wake.hpp"

#include <libvirt/libvirt.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <utility>

namespace kvmkit::virt {
namespace {

std::string lifecycle_word(int event)
{
    switch (event) {
        case VIR_DOMAIN_EVENT_DEFINED: return "defined";
        case VIR_DOMAIN_EVENT_UNDEFINED: return "undefined";
        case VIR_DOMAIN_EVENT_STARTED: return "started";
        case VIR_DOMAIN_EVENT_SUSPENDED: return "paused";
        case VIR_DOMAIN_EVENT_RESUMED: return "resumed";
        case VIR_DOMAIN_EVENT_STOPPED: return "stopped";
        case VIR_DOMAIN_EVENT_SHUTDOWN: return "shutting-down";
        case VIR_DOMAIN_EVENT_PMSUSPENDED: return "asleep";
        case VIR_DOMAIN_EVENT_CRASHED: return "crashed";
        default: return "other";
    }
}

std::string stop_word(int detail)
{
    switch (detail) {
        case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN: return "powered-off";
        case VIR_DOMAIN_EVENT_STOPPED_DESTROYED: return "destroyed";
        case VIR_DOMAIN_EVENT_STOPPED_CRASHED: return "crashed";
        case VIR_DOMAIN_EVENT_STOPPED_MIGRATED: return "migrated";
        case VIR_DOMAIN_EVENT_STOPPED_SAVED: return "saved";
        case VIR_DOMAIN_EVENT_STOPPED_FAILED: return "failed";
        default: return "";
    }
}

std::string pause_word(int detail)
{
    switch (detail) {
        case VIR_DOMAIN_EVENT_SUSPENDED_PAUSED: return "asked";
        case VIR_DOMAIN_EVENT_SUSPENDED_IOERROR: return "io-error";
        case VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG: return "watchdog";
        default: return "";
    }
}

}  // namespace

/// Filled by the event loop's thread.
struct DomainEvents::Box {
    Wake wake;
    std::mutex mutex;
    std::vector<DomainEvent> events;
    std::vector<int> subscriptions;
    bool lost = false;

    static Box& of(void* data) { return **static_cast<std::shared_ptr<Box>*>(data); }

    void put(virDomainPtr domain, std::string kind, std::string what, std::string detail)
    {
        const char* name = virDomainGetName(domain);
        std::array<char, VIR_UUID_STRING_BUFLEN> uuid{};
        (void)virDomainGetUUIDString(domain, uuid.data());
        const std::lock_guard guard{mutex};
        events.push_back(
            {name == nullptr ? "" : name, uuid.data(), std::move(kind), std::move(what), std::move(detail)});
        wake.raise();
    }

    static int on_lifecycle(virConnectPtr /*connection*/, virDomainPtr domain, int event, int detail, void* data)
    {
        const bool stopped = event == VIR_DOMAIN_EVENT_STOPPED;
        const bool paused = event == VIR_DOMAIN_EVENT_SUSPENDED;
        of(data).put(domain,
                     "lifecycle",
                     lifecycle_word(event),
                     stopped  ? stop_word(detail)
                     : paused ? pause_word(detail)
                              : "");
        return 0;
    }
    static void on_agent(virConnectPtr /*connection*/, virDomainPtr domain, int state, int /*reason*/, void* data)
    {
        const bool there = state == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED;
        of(data).put(domain, "agent", there ? "connected" : "disconnected", "");
    }
    static void on_reboot(virConnectPtr /*connection*/, virDomainPtr domain, void* data)
    {
        of(data).put(domain, "reboot", "rebooted", "");
    }
    void lose()
    {
        const std::lock_guard guard{mutex};
        lost = true;
        wake.raise();
    }
    static void drop(void* data) { delete static_cast<std::shared_ptr<Box>*>(data); }
};

Result<void> DomainEvents::subscribe(int event, void (*callback)(_virConnect*, _virDomain*, void*))
{
    auto share = std::make_unique<std::shared_ptr<Box>>(box_);
    const int id =
        virConnectDomainEventRegisterAny(connection_.get(), nullptr, event, callback, share.get(), Box::drop);
    if (id < 0) {
        return last_libvirt_error("cannot hear of events");
    }
    (void)share.release();  // libvirt calls drop()
    box_->subscriptions.push_back(id);
    return {};
}

Result<DomainEvents> DomainEvents::open(const Connection& connection)
{
    auto box = std::make_shared<Box>();
    if (!box->wake.ok()) {
        return errno_error(errno, "cannot hear of events");
    }
    if (virConnectRef(connection.get()) < 0) {
        return last_libvirt_error("cannot hear of events");
    }
    DomainEvents events{connection.get(), box};
    auto heard = events.subscribe(VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(Box::on_lifecycle));
    if (!heard) {
        return heard.error();
    }
    // Drivers without agents or reboots refuse these two: there is nothing to hear.
    (void)events.subscribe(VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(Box::on_agent));
    (void)events.subscribe(VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(Box::on_reboot));
    events.loss_.emplace(connection.loss(), connection.get(), [box] { box->lose(); });
    return events;
}

DomainEvents::~DomainEvents()
{
    loss_.reset();
    if (connection_) {
        for (const int id : box_->subscriptions) {
            (void)virConnectDomainEventDeregisterAny(connection_.get(), id);
        }
    }
}

int DomainEvents::fd() const noexcept
{
    return box_->wake.fd();
}

std::vector<DomainEvent> DomainEvents::take()
{
    const std::lock_guard guard{box_->mutex};
    box_->wake.lower();
    return std::exchange(box_->events, {});
}

bool DomainEvents::lost() const
{
    const std::lock_guard guard{box_->mutex};
    return box_->lost;
}

}  // namespace kvmkit::virt
