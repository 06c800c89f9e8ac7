// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/loss.hpp"

#include <libvirt/libvirt.h>

#include <utility>

namespace kvmkit::virt {

Loss::Ear::Ear(std::shared_ptr<Loss> loss, _virConnect* connection, Listener listener)
    : loss_(std::move(loss)), connection_(connection), number_(loss_->add(connection, std::move(listener)))
{
}

Loss::Ear::~Ear()
{
    if (loss_) {
        loss_->remove(connection_, number_);
    }
}

int Loss::add(_virConnect* connection, Listener listener)
{
    const std::lock_guard asking{asking_};
    int number = 0;
    {
        const std::lock_guard guard{mutex_};
        number = next_++;
        listeners_.emplace(number, std::move(listener));
    }
    if (!registered_) {
        registered_ = virConnectRegisterCloseCallback(connection, on_close, this, nullptr) == 0;
    }
    return number;
}

void Loss::remove(_virConnect* connection, int number)
{
    const std::lock_guard asking{asking_};
    bool last = false;
    {
        const std::lock_guard guard{mutex_};
        listeners_.erase(number);
        last = listeners_.empty();
    }
    if (last && registered_) {
        (void)virConnectUnregisterCloseCallback(connection, on_close);
        registered_ = false;
    }
}

void Loss::on_close(_virConnect* /*connection*/, int /*reason*/, void* data)
{
    Loss& loss = *static_cast<Loss*>(data);
    const std::lock_guard guard{loss.mutex_};
    for (const auto& [number, listener] : loss.listeners_) {
        listener();
    }
}

}  // namespace kvmkit::virt
