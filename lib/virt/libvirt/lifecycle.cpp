// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/lifecycle.hpp"

#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/wake.hpp"

#include <libvirt/libvirt.h>

#include <cerrno>
#include <mutex>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

Ending ending_of(int detail)
{
    switch (detail) {
        case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN: return Ending::powered_off;
        case VIR_DOMAIN_EVENT_STOPPED_CRASHED: return Ending::crashed;
        case VIR_DOMAIN_EVENT_STOPPED_FAILED: return Ending::failed;
        default: return Ending::destroyed;
    }
}

}  // namespace

std::string_view describe(Ending ending) noexcept
{
    switch (ending) {
        case Ending::powered_off: return "the guest powered off";
        case Ending::destroyed: return "somebody ended the VM";
        case Ending::crashed: return "the guest crashed";
        case Ending::failed: return "QEMU failed";
        case Ending::lost: return "the connection to libvirt was lost";
    }
    return "";
}

/// Filled by the event loop's thread.
struct LifecycleWatch::Box {
    Wake wake;
    std::mutex mutex;
    std::optional<Ending> ending;
    bool crashed = false;
    int subscription = -1;

    void set(Ending how)
    {
        const std::lock_guard guard{mutex};
        if (!ending) {
            ending = crashed && how != Ending::lost ? Ending::crashed : how;
        }
        wake.raise();
    }

    static int on_event(virConnectPtr /*connection*/, virDomainPtr /*domain*/, int event, int detail, void* data)
    {
        Box& box = **static_cast<std::shared_ptr<Box>*>(data);
        if (event == VIR_DOMAIN_EVENT_CRASHED) {  // a panic; the end follows as an event of its own
            const std::lock_guard guard{box.mutex};
            box.crashed = true;
        }
        if (event == VIR_DOMAIN_EVENT_STOPPED) {
            box.set(ending_of(detail));
        }
        return 0;
    }

    static void drop(void* data) { delete static_cast<std::shared_ptr<Box>*>(data); }
};

Result<void> LifecycleWatch::subscribe(const Connection& connection, const Domain& domain)
{
    auto share = std::make_unique<std::shared_ptr<Box>>(box_);
    box_->subscription = virConnectDomainEventRegisterAny(connection.get(),
                                                          domain.get(),
                                                          VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                                          VIR_DOMAIN_EVENT_CALLBACK(Box::on_event),
                                                          share.get(),
                                                          Box::drop);
    if (box_->subscription < 0) {
        return last_libvirt_error("cannot watch the VM");
    }
    (void)share.release();  // libvirt calls drop()
    loss_.emplace(connection.loss(), connection.get(), [box = box_] { box->set(Ending::lost); });
    return {};
}

Result<LifecycleWatch> LifecycleWatch::of_paused(const Connection& connection, const Domain& domain)
{
    auto box = std::make_shared<Box>();
    if (!box->wake.ok()) {
        return errno_error(errno, "cannot watch the VM");
    }
    if (virConnectRef(connection.get()) < 0) {
        return last_libvirt_error("cannot watch the VM");
    }
    LifecycleWatch watch{connection.get(), box};
    if (auto subscribed = watch.subscribe(connection, domain); !subscribed) {
        return subscribed.error();
    }
    return watch;
}

Result<LifecycleWatch> LifecycleWatch::open(const Connection& connection, const Domain& domain)
{
    auto watch = of_paused(connection, domain);
    if (!watch) {
        return watch;
    }
    const auto active = domain.active();
    if (!active && active.error().code != ErrorCode::not_found) {
        return active.error();
    }
    if (!active || !*active) {
        watch->box_->set(Ending::failed);
    }
    return watch;
}

LifecycleWatch::~LifecycleWatch()
{
    loss_.reset();
    if (connection_ && box_->subscription >= 0) {
        (void)virConnectDomainEventDeregisterAny(connection_.get(), box_->subscription);
    }
}

int LifecycleWatch::fd() const noexcept
{
    return box_->wake.fd();
}

std::optional<Ending> LifecycleWatch::ending() const
{
    const std::lock_guard guard{box_->mutex};
    return box_->ending;
}

}  // namespace kvmkit::virt
