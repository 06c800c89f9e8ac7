// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/console/console.hpp"

#include <memory>

namespace kvmkit::virt {

/// A console by libvirt's stream: what the guest prints is collected by the event loop's thread, at most a megabyte
/// ahead.
class StreamConsole final : public Console {
public:
    /// unsupported: the driver has no consoles. `doing` begins each error.
    static Result<std::unique_ptr<StreamConsole>> open(const Connection& connection,
                                                       const Domain& domain,
                                                       std::string_view doing);
    ~StreamConsole() override;

    [[nodiscard]] int fd() const noexcept override;
    [[nodiscard]] std::string take() override;
    [[nodiscard]] bool ended() const override;
    void send(std::string_view bytes) override;

    StreamConsole(const StreamConsole&) = delete;
    StreamConsole& operator=(const StreamConsole&) = delete;

private:
    struct Pipe;
    StreamConsole(StreamHandle stream, std::shared_ptr<Pipe> pipe, bool driver_is_inside);
    StreamHandle stream_;
    std::shared_ptr<Pipe> pipe_;
    bool driver_is_inside_;  ///< The embedded driver: its threads are ours.
};

}  // namespace kvmkit::virt
