// SPDX-License-Identifier: Apache-2.0
#include "virt/ready/signs.hpp"

#include "base/printable.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace kvmkit::virt {

bool AddressSign::reached()
{
    if (!address_) {
        address_ = search_->look();
        found_at_ = address_ ? std::optional{Deadline::Clock::now()} : std::nullopt;
    }
    return address_.has_value();
}

std::vector<std::string> AddressSign::evidence()
{
    return address_ ? std::vector{fmt::format("it has address {}, told by {}", address_->ip, address_->source)}
                    : search_->last_seen();
}

std::vector<std::string> AgentSign::evidence()
{
    return {watch_.connected() ? "the guest agent is there"
                               : "no guest agent has opened its port: install qemu-guest-agent in the guest"};
}

std::vector<int> SshSign::fds() const
{
    auto all = address_.fds();
    std::ranges::copy(probe_.fds(), std::back_inserter(all));  // calls that nobody took yet are left to patience()
    return all;
}

std::chrono::milliseconds SshSign::patience() const
{
    constexpr std::chrono::milliseconds for_an_answer{50};
    return address_.address() ? for_an_answer : address_.patience();
}

bool SshSign::reached()
{
    if (!address_.reached()) {
        return false;
    }
    probe_.look(*address_.address());
    if (probe_.banner() && !known_) {
        known_ = shows_known_key(check_, *address_.address());
    }
    return known_.value_or(false);
}

std::vector<std::string> SshSign::evidence()
{
    auto sentences = address_.evidence();
    if (known_ && !*known_) {
        sentences.push_back(
            fmt::format("the SSH server at {} shows another host key than this VM was given: the "
                        "address may belong to another machine",
                        address_.address()->ip));
    } else if (probe_.banner()) {
        sentences.push_back("SSH server: " + *probe_.banner());
    } else if (address_.address()) {
        sentences.push_back(fmt::format("no SSH server greeted at {} port {}{}",
                                        address_.address()->ip,
                                        address_.address()->ssh_port,
                                        probe_.problem().empty() ? "" : ": " + probe_.problem()));
    }
    return sentences;
}

void CloudInitSign::hear(std::string_view console)
{
    constexpr std::size_t longest_line = 1024;
    for (const char c : console) {
        if (c != '\n' && line_.size() < longest_line) {
            line_ += c;
            continue;
        }
        if (line_.find("Cloud-init v. ") != std::string::npos) {
            last_ = printable(trim(line_), 200);
            finished_ = finished_ || line_.find(" finished at ") != std::string::npos;
        }
        line_.clear();
    }
}

std::vector<std::string> CloudInitSign::evidence()
{
    return {last_.empty() ? "cloud-init printed nothing on the console: is it in the image, and has it a seed?"
                          : "the last word of cloud-init: " + last_};
}

}  // namespace kvmkit::virt
