// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "setup/service.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

/// libvirt's wire format: seven big-endian words; length, program, version, procedure, type, serial, status.
constexpr std::size_t header_words = 7;
constexpr std::uint32_t remote_program = 0x20008086;
constexpr std::uint32_t auth_list_procedure = 66;
using Header = std::array<unsigned char, header_words * 4>;

Header auth_list_call()
{
    constexpr std::array<std::uint32_t, header_words> fields{
        header_words * 4, remote_program, 1, auth_list_procedure, 0, 1, 0};
    Header bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes.at(i) = static_cast<unsigned char>(fields.at(i / 4) >> (8 * (3 - i % 4)));
    }
    return bytes;
}

Error no_answer(const std::filesystem::path& path, std::string_view cause)
{
    return {ErrorCode::external,
            fmt::format("cannot reach libvirt at '{}': {}", path.string(), cause),
            "look at: systemctl status libvirtd; journalctl -u libvirtd"};
}

Result<UniqueFd> connect_to(const std::filesystem::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = path.string();
    if (name.size() >= sizeof address.sun_path) {
        return no_answer(path, "the path is too long");
    }
    std::memcpy(&address.sun_path[0], name.c_str(), name.size() + 1);
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) {
        return errno_error(errno, "cannot open a socket");
    }
    // A non-blocking connect to a local socket is made or refused at once.
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return no_answer(path, std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): one thread
    }
    return fd;
}

}  // namespace

Result<void> ask_libvirt(const std::filesystem::path& socket, const Deadline& deadline)
{
    const auto fd = connect_to(socket);
    if (!fd) {
        return fd.error();
    }
    const Header call = auth_list_call();
    if (::send(fd->get(), call.data(), call.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(call.size())) {
        return no_answer(socket, "it takes no question");
    }
    Header reply{};
    std::size_t have = 0;
    while (have < reply.size()) {
        pollfd wait{fd->get(), POLLIN, 0};
        if (deadline.passed() || ::poll(&wait, 1, static_cast<int>(deadline.left().count())) == 0) {
            return no_answer(socket, "no answer in time");
        }
        const auto got = ::recv(fd->get(), reply.data() + have, reply.size() - have, 0);
        if (got == 0) {
            return no_answer(socket, "the connection was closed");
        }
        if (got < 0 && errno != EAGAIN && errno != EINTR) {
            return no_answer(socket, std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): one thread
        }
        have += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    const bool same_program = std::memcmp(reply.data() + 4, call.data() + 4, 4) == 0;
    return same_program ? Result<void>{} : no_answer(socket, "what answers there is not libvirt");
}

Result<void> await_libvirt(const std::filesystem::path& socket, const Deadline& deadline)
{
    constexpr std::chrono::milliseconds between_looks{100};
    for (;;) {
        auto answered = ask_libvirt(socket, deadline);
        if (answered || deadline.passed()) {
            return answered;
        }
        std::this_thread::sleep_for(between_looks);
    }
}

Result<void> prove_qemu_driver(Runner& runner)
{
    constexpr std::chrono::seconds patience{30};
    const auto told = runner.run({.argv = {"virsh", "--quiet", "--connect", "qemu:///system", "capabilities"},
                                  .environment = {{"LC_ALL", "C"}},
                                  .timeout = patience});
    if (!told) {
        return told.error().code == ErrorCode::not_found ? Result<void>{} : told.error();
    }
    if (told->status == 0 && told->out.find("<capabilities>") != std::string::npos) {
        return {};
    }
    const auto said = lines(trim(told->err));
    return Error{
        ErrorCode::external,
        fmt::format(
            "libvirt answers, but not for qemu:///system: {}",
            said.empty() ? std::string{"virsh describes no capabilities"} : fmt::format("{}", fmt::join(said, "; "))),
        "is libvirt's driver of QEMU installed (libvirt-daemon-driver-qemu)? look at: journalctl -u libvirtd -u "
        "virtqemud"};
}

}  // namespace kvmkit::setup
