// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/agent.hpp"

#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/wake.hpp"
#include "virt/spec/nic.hpp"

#include <libvirt/libvirt.h>

#include <atomic>
#include <cerrno>

namespace kvmkit::virt {

/// Filled by the event loop's thread.
struct AgentWatch::Box {
    Wake wake;
    std::atomic<bool> connected = false;
    int subscription = -1;

    void set(bool there)
    {
        connected = there;
        if (there) {
            wake.raise();
        } else {
            wake.lower();
        }
    }

    static void on_event(virConnectPtr /*connection*/, virDomainPtr /*domain*/, int state, int /*reason*/, void* data)
    {
        (**static_cast<std::shared_ptr<Box>*>(data))
            .set(state == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED);
    }
    static void drop(void* data) { delete static_cast<std::shared_ptr<Box>*>(data); }
};

Result<AgentWatch> AgentWatch::open(const Connection& connection, const Domain& domain)
{
    auto box = std::make_shared<Box>();
    if (!box->wake.ok()) {
        return errno_error(errno, "cannot watch the guest agent");
    }
    if (virConnectRef(connection.get()) < 0) {
        return last_libvirt_error("cannot watch the guest agent");
    }
    AgentWatch watch{connection.get(), box};
    auto share = std::make_unique<std::shared_ptr<Box>>(box);
    box->subscription = virConnectDomainEventRegisterAny(connection.get(),
                                                         domain.get(),
                                                         VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE,
                                                         VIR_DOMAIN_EVENT_CALLBACK(Box::on_event),
                                                         share.get(),
                                                         Box::drop);
    if (box->subscription < 0) {
        return last_libvirt_error("cannot watch the guest agent");
    }
    (void)share.release();  // libvirt calls drop()
    const auto xml = domain.xml();
    const auto there = xml ? agent_connected_in(*xml) : std::nullopt;
    if (!there) {
        return xml ? Error{ErrorCode::unsupported, "this VM has no port for a guest agent"} : xml.error();
    }
    if (*there) {
        box->set(true);
    }
    return watch;
}

AgentWatch::~AgentWatch()
{
    if (connection_ && box_->subscription >= 0) {
        (void)virConnectDomainEventDeregisterAny(connection_.get(), box_->subscription);
    }
}

int AgentWatch::fd() const noexcept
{
    return box_->wake.fd();
}

bool AgentWatch::connected() const
{
    return box_->connected;
}

}  // namespace kvmkit::virt
