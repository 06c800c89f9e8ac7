// SPDX-License-Identifier: Apache-2.0
#include "virt/console/stream_console.hpp"

#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/wake.hpp"

#include <libvirt/libvirt.h>

#include <array>
#include <mutex>
#include <utility>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::size_t most_ahead = std::size_t{1} << 20U;
constexpr int ends = VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP;

}  // namespace

/// What both threads share. The mutex is never held across a call into libvirt, which has locks of its own.
struct StreamConsole::Pipe {
    Wake wake;
    std::mutex mutex;
    std::string from_guest;
    std::string to_guest;
    bool ended = false;

    /// Which events the stream is to report now.
    int interest()
    {
        const std::lock_guard guard{mutex};
        return ends | (from_guest.size() < most_ahead ? VIR_STREAM_EVENT_READABLE : 0) |
               (to_guest.empty() ? 0 : VIR_STREAM_EVENT_WRITABLE);
    }

    void receive(virStreamPtr stream)
    {
        std::array<char, 16384> chunk{};
        const int got = virStreamRecv(stream, chunk.data(), chunk.size());
        if (got == -2) {  // nothing there
            return;
        }
        const std::lock_guard guard{mutex};
        if (got > 0) {
            from_guest.append(chunk.data(), static_cast<std::size_t>(got));
        } else {
            ended = true;
        }
        wake.raise();
    }

    void transmit(virStreamPtr stream)
    {
        std::string bytes;
        {
            const std::lock_guard guard{mutex};
            bytes.swap(to_guest);
        }
        const int sent = bytes.empty() ? 0 : virStreamSend(stream, bytes.data(), bytes.size());
        const std::lock_guard guard{mutex};
        if (sent == -2) {  // no room
            to_guest.insert(0, bytes);
        } else if (sent >= 0) {
            to_guest.insert(0, bytes.substr(static_cast<std::size_t>(sent)));
        }
    }

    void finish()
    {
        const std::lock_guard guard{mutex};
        ended = true;
        wake.raise();
    }

    static void on_event(virStreamPtr stream, int events, void* data)
    {
        Pipe& pipe = **static_cast<std::shared_ptr<Pipe>*>(data);
        if ((events & VIR_STREAM_EVENT_READABLE) != 0) {
            pipe.receive(stream);
        }
        if ((events & VIR_STREAM_EVENT_WRITABLE) != 0) {
            pipe.transmit(stream);
        }
        if ((events & ends) != 0 && (events & VIR_STREAM_EVENT_READABLE) == 0) {
            pipe.finish();
        }
        (void)virStreamEventUpdateCallback(stream, pipe.has_ended() ? 0 : pipe.interest());
    }

    bool has_ended()
    {
        const std::lock_guard guard{mutex};
        return ended;
    }

    static void drop(void* data) { delete static_cast<std::shared_ptr<Pipe>*>(data); }
};

StreamConsole::StreamConsole(StreamHandle stream, std::shared_ptr<Pipe> pipe, bool driver_is_inside)
    : stream_(std::move(stream)), pipe_(std::move(pipe)), driver_is_inside_(driver_is_inside)
{
}

/// Aborting takes the stream's lock and then that of the driver's list of consoles; the driver's own thread takes them
/// the other way round when it frees an ended VM (libvirt 9.0). With the driver inside this process that is a deadlock,
/// so there the stream is left as it is: driver and process end together.
StreamConsole::~StreamConsole()
{
    if (driver_is_inside_) {
        (void)stream_.release();
        return;
    }
    (void)virStreamEventRemoveCallback(stream_.get());
    (void)virStreamAbort(stream_.get());
}

Result<std::unique_ptr<StreamConsole>> StreamConsole::open(const Connection& connection,
                                                           const Domain& domain,
                                                           std::string_view doing)
{
    StreamHandle stream{virStreamNew(connection.get(), VIR_STREAM_NONBLOCK)};
    if (!stream || virDomainOpenConsole(domain.get(), nullptr, stream.get(), 0) < 0) {
        return last_libvirt_error(doing);
    }
    auto pipe = std::make_shared<Pipe>();
    if (!pipe->wake.ok()) {
        return errno_error(errno, doing);
    }
    auto share = std::make_unique<std::shared_ptr<Pipe>>(pipe);
    if (virStreamEventAddCallback(stream.get(), pipe->interest(), Pipe::on_event, share.get(), Pipe::drop) < 0) {
        return last_libvirt_error(doing);
    }
    (void)share.release();  // libvirt calls drop() once it is done with the callback
    return std::unique_ptr<StreamConsole>{new StreamConsole{std::move(stream), std::move(pipe), connection.embedded()}};
}

int StreamConsole::fd() const noexcept
{
    return pipe_->wake.fd();
}

std::string StreamConsole::take()
{
    std::string bytes;
    bool was_full = false;
    {
        const std::lock_guard guard{pipe_->mutex};
        was_full = pipe_->from_guest.size() >= most_ahead;
        bytes.swap(pipe_->from_guest);
        pipe_->wake.lower();
    }
    if (was_full) {
        (void)virStreamEventUpdateCallback(stream_.get(), pipe_->interest());
    }
    return bytes;
}

bool StreamConsole::ended() const
{
    const std::lock_guard guard{pipe_->mutex};
    return pipe_->ended && pipe_->from_guest.empty();
}

void StreamConsole::send(std::string_view bytes)
{
    {
        const std::lock_guard guard{pipe_->mutex};
        pipe_->to_guest += bytes;
    }
    (void)virStreamEventUpdateCallback(stream_.get(), pipe_->interest());
}

}  // namespace kvmkit::virt
