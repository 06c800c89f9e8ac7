// SPDX-License-Identifier: Apache-2.0
// The one file that knows libcurl.
#include "virt/image/internal/transfer.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "virt/image/catalogue.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>

#include <curl/curl.h>
#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr long most_redirects = 10;
constexpr long connect_seconds = 30;
constexpr long stall_seconds = 60;

struct FreeHandle {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;
using List = std::unique_ptr<curl_slist, FreeList>;

/// What libcurl's callbacks work on.
struct Work {
    const Request& request;
    const DownloadWatch& watch;
    Transfer result = {};
    bool stopped_by_user = false;
};

std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* data)
{
    take_header(static_cast<Work*>(data)->result.head, {bytes, size * count});
    return size * count;
}

std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* data)
{
    Work& work = *static_cast<Work*>(data);
    if (!work.request.body) {
        return size * count;
    }
    auto taken = work.request.body(work.result.head, {bytes, size * count});
    if (taken) {
        return size * count;
    }
    work.result.failure = std::move(taken).error();
    return 0;
}

int on_tick(void* data, curl_off_t /*total*/, curl_off_t /*now*/, curl_off_t /*up*/, curl_off_t /*up_now*/)
{
    Work& work = *static_cast<Work*>(data);
    work.stopped_by_user = work.watch.interrupted && work.watch.interrupted();
    return work.stopped_by_user ? 1 : 0;
}

/// What OpenSSL and curl's own program understand, libcurl does not: certificates of one's own.
void use_own_certificates(CURL* handle)
{
    for (const char* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
        const char* file = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
        if (file != nullptr && *file != '\0') {
            (void)curl_easy_setopt(handle, CURLOPT_CAINFO, file);
            return;
        }
    }
}

void set_limits(CURL* handle, bool secure)
{
    (void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    // What began with TLS does not go on without it.
    (void)curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    (void)curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_MAXREDIRS, most_redirects);
    (void)curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, connect_seconds);
    (void)curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, stall_seconds);
    (void)curl_easy_setopt(handle, CURLOPT_USERAGENT, "kvmkit");
}

void set_callbacks(CURL* handle, Work& work)
{
    (void)curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(handle, CURLOPT_HEADERDATA, &work);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, &work);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_tick);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &work);
    (void)curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
}

ErrorCode code_of(CURLcode code)
{
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT: return ErrorCode::timeout;
        case CURLE_URL_MALFORMAT: return ErrorCode::usage;
        default: return ErrorCode::external;
    }
}

std::string hint_of(CURLcode code)
{
    switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
            return "if its certificate is of an authority of yours: SSL_CERT_FILE=FILE.pem vm-run ...; checks cannot "
                   "be "
                   "switched off";
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return "look at the network and, if there is a proxy, at https_proxy and http_proxy";
        case CURLE_UNSUPPORTED_PROTOCOL: return "it was sent on to an address that is not followed";
        default: return {};
    }
}

bool breaks_off(CURLcode code)
{
    constexpr std::array broken{CURLE_PARTIAL_FILE,
                                CURLE_RECV_ERROR,
                                CURLE_GOT_NOTHING,
                                CURLE_OPERATION_TIMEDOUT,
                                CURLE_HTTP2_STREAM,
                                CURLE_SEND_ERROR};
    return std::ranges::find(broken, code) != broken.end();
}

void conclude(Work& work, CURLcode code, std::string_view text)
{
    if (code == CURLE_OK || work.result.failure) {
        return;
    }
    if (work.stopped_by_user) {
        work.result.failure = Error{ErrorCode::interrupted, "interrupted"};
        return;
    }
    const std::string cause{text.empty() ? std::string_view{curl_easy_strerror(code)} : text};
    work.result.failure = Error{code_of(code),
                                fmt::format("cannot download '{}': {}", without_secrets(work.request.url), cause),
                                hint_of(code)};
    work.result.may_go_on = breaks_off(code);
}

}  // namespace

void take_header(AnswerHead& head, std::string_view line)
{
    if (line.starts_with("HTTP/")) {
        head = {};
        const auto words = split(trim(line), ' ');
        head.status = words.size() > 1 ? decimal<long>(words[1]).value_or(0) : 0;
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
        return;
    }
    std::string name{line.substr(0, colon)};
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string value{trim(line.substr(colon + 1))};
    if (name == "etag" && !value.starts_with("W/")) {
        head.validators.etag = value;
    } else if (name == "last-modified") {
        head.validators.last_modified = value;
    } else if (name == "content-length") {
        head.length = decimal<std::uint64_t>(value);
    } else if (name == "content-range") {
        head.content_range = value;
    }
}

Transfer transfer(const Request& request, const DownloadWatch& watch)
{
    static std::once_flag once;
    std::call_once(once, [] { (void)curl_global_init(CURL_GLOBAL_DEFAULT); });
    const Handle handle{curl_easy_init()};
    if (!handle) {
        throw std::bad_alloc{};
    }
    Work work{request, watch};
    std::array<char, CURL_ERROR_SIZE> text{};
    List headers;
    for (const auto& header : request.headers) {
        curl_slist* longer = curl_slist_append(headers.get(), header.c_str());
        (void)headers.release();
        headers.reset(longer);
    }
    (void)curl_easy_setopt(handle.get(), CURLOPT_URL, request.url.c_str());
    (void)curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
    (void)curl_easy_setopt(handle.get(), CURLOPT_NOBODY, request.head_only ? 1L : 0L);
    (void)curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, text.data());
    set_limits(handle.get(), request.url.starts_with("https://"));
    use_own_certificates(handle.get());
    set_callbacks(handle.get(), work);
    const CURLcode code = curl_easy_perform(handle.get());
    conclude(work, code, text.data());
    return std::move(work.result);
}

Error status_error(const std::string& url, long status)
{
    constexpr long gone = 410;
    constexpr long none = 404;
    constexpr long forbidden = 403;
    constexpr long unauthorized = 401;
    const bool missing = status == none || status == gone;
    const bool shut = status == forbidden || status == unauthorized;
    return {missing ? ErrorCode::not_found
            : shut  ? ErrorCode::permission
                    : ErrorCode::external,
            fmt::format("cannot download '{}': the server answers {}", without_secrets(url), status),
            missing ? "check the address; a catalogue entry may be out of date: 'vm-run image add NAME FILE' takes a "
                      "file, /etc/kvmkit/images.json another address"
                    : ""};
}

}  // namespace kvmkit::virt
