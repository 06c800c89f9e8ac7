// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/image/download.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// The head of one HTTP answer, the last one where redirects were followed.
struct AnswerHead {
    long status = 0;
    Validators validators;
    std::optional<std::uint64_t> length;  ///< Of the body that follows.
    std::string content_range;
};

/// Takes one line of a head; a status line begins a new head.
void take_header(AnswerHead& head, std::string_view line);

/// One request. The body is handed to `body` piece by piece, with the head that came before it; what it returns as an
/// Error ends the transfer and is its outcome.
struct Request {
    std::string url;
    std::vector<std::string> headers = {};
    std::function<Result<void>(const AnswerHead& head, std::string_view bytes)> body = {};
    bool head_only = false;
};

/// How a transfer went: the head as far as it came, and why it broke off.
struct Transfer {
    AnswerHead head;
    std::optional<Error> failure;
    bool may_go_on = false;  ///< The connection broke: another try may get the rest.
};

/// Makes one request and follows redirects. An HTTP status that says no is no failure here.
Transfer transfer(const Request& request, const DownloadWatch& watch);

/// The Error of an HTTP status other than success.
Error status_error(const std::string& url, long status);

}  // namespace kvmkit::virt
