// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/guest_exec.hpp"

#include "base/base64.hpp"
#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/memory.hpp"

#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>

#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::virt {
namespace {

using Json = nlohmann::json;

constexpr const char* doing = "cannot run a program by the guest agent";
constexpr int answer_seconds = 10;

/// libvirt tells by a code of its own that no answer came, and by the agent's words alone why it refused.
Error agent_error(const Domain& domain)
{
    const Error told = last_libvirt_error("");
    const auto name = domain.name().value_or("");
    if (told.code == ErrorCode::timeout) {
        return {ErrorCode::timeout,
                fmt::format("the guest agent in VM '{}' does not answer", name),
                "it may hang, or the guest may be busy: restart it in the guest (systemctl restart qemu-guest-agent), "
                "or use --via ssh"};
    }
    if (told.message.find("has been disabled") != std::string::npos ||
        told.message.find("has not been found") != std::string::npos) {
        return {
            ErrorCode::unsupported,
            fmt::format("the guest agent in VM '{}' may not run programs", name),
            "allow guest-exec in the guest (qemu-ga --help tells how; RHEL: /etc/sysconfig/qemu-ga), or use --via ssh"};
    }
    return {told.code, fmt::format("{} of VM '{}'{}", doing, name, told.message)};
}

Result<std::string> ask_agent(const Domain& domain, const Json& command)
{
    const auto text = command.dump(-1, ' ', false, Json::error_handler_t::replace);
    const OwnedText answer{virDomainQemuAgentCommand(domain.get(), text.c_str(), answer_seconds, 0)};
    return answer ? Result<std::string>{answer.get()} : agent_error(domain);
}

/// What stands below "return"; null for an answer that is none.
Json returned(std::string_view answer)
{
    const auto json = Json::parse(answer, nullptr, false);
    const auto found = json.is_object() ? json.find("return") : json.end();
    return json.is_object() && found != json.end() ? *found : Json{};
}

Error no_answer()
{
    return {ErrorCode::external, fmt::format("{}: its answer makes no sense", doing)};
}

std::string decoded(const Json& end, const char* key)
{
    const auto text = end.find(key);
    return text != end.end() && text->is_string() ? decode_base64(text->get<std::string>()).value_or("") : "";
}

int number_of(const Json& end, const char* key)
{
    const auto number = end.find(key);
    return number != end.end() && number->is_number_integer() ? number->get<int>() : 0;
}

bool is_true(const Json& end, const char* key)
{
    const auto flag = end.find(key);
    return flag != end.end() && flag->is_boolean() && flag->get<bool>();
}

}  // namespace

Result<GuestProgram> GuestProgram::start(const Domain& domain, const std::vector<std::string>& words)
{
    const Json arguments{{"path", words.front()},
                         {"arg", std::vector<std::string>{words.begin() + 1, words.end()}},
                         {"capture-output", true}};
    const auto answer = ask_agent(domain, {{"execute", "guest-exec"}, {"arguments", arguments}});
    if (!answer) {
        const bool no_program = answer.error().message.find("No such file or directory") != std::string::npos;
        return no_program ? Error{ErrorCode::not_found,
                                  fmt::format("cannot run '{}' in VM '{}': the guest has no such program",
                                              words.front(),
                                              domain.name().value_or(""))}
                          : answer.error();
    }
    const auto started = returned(*answer);
    const auto pid = started.is_object() ? started.find("pid") : started.end();
    if (!started.is_object() || pid == started.end() || !pid->is_number_integer()) {
        return no_answer();
    }
    return GuestProgram{domain.share(), pid->get<long long>()};
}

Result<std::optional<GuestExit>> GuestProgram::ended() const
{
    const auto answer = ask_agent(domain_, {{"execute", "guest-exec-status"}, {"arguments", {{"pid", pid_}}}});
    return answer ? parse_guest_exit(*answer) : answer.error();
}

Result<std::optional<GuestExit>> parse_guest_exit(std::string_view answer)
{
    const auto end = returned(answer);
    if (!end.is_object() || !end.contains("exited")) {
        return no_answer();
    }
    if (!is_true(end, "exited")) {
        return std::optional<GuestExit>{};
    }
    constexpr int by_signal = 128;
    const int signal = number_of(end, "signal");
    return std::optional{GuestExit{.status = signal != 0 ? by_signal + signal : number_of(end, "exitcode"),
                                   .out = decoded(end, "out-data"),
                                   .err = decoded(end, "err-data"),
                                   .cut = is_true(end, "out-truncated") || is_true(end, "err-truncated")}};
}

}  // namespace kvmkit::virt
