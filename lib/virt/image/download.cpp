// SPDX-License-Identifier: Apache-2.0
#include "virt/image/download.hpp"

#include "base/unique_fd.hpp"
#include "system/files.hpp"
#include "virt/image/catalogue.hpp"
#include "virt/image/internal/transfer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::virt {
namespace {

using Json = nlohmann::json;

constexpr long ok = 200;
constexpr long partial = 206;
constexpr long not_modified = 304;
constexpr long bad_range = 416;
constexpr int most_tries = 5;  // without getting any further

/// The file that grows, with what is known about the bytes that it holds.
class Part {
public:
    static Result<Part> open(const DownloadOrder& order)
    {
        UniqueFd fd{::open(order.part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
        if (!fd) {
            return errno_error(errno, fmt::format("cannot write '{}'", order.part.string()));
        }
        Part part{order, std::move(fd)};
        part.validators_ = part.known_validators();
        if (!part.validators_.any()) {
            if (auto emptied = part.restart({}); !emptied) {
                return emptied.error();
            }
        }
        return part;
    }

    [[nodiscard]] std::uint64_t size() const
    {
        struct stat status {};
        return ::fstat(fd_.get(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
    }
    [[nodiscard]] const Validators& validators() const { return validators_; }

    /// Forgets the bytes: those of another version, or of a server that sends all of them anyway.
    Result<void> restart(const Validators& validators)
    {
        if (::ftruncate(fd_.get(), 0) != 0) {
            return errno_error(errno, fmt::format("cannot write '{}'", order_.part.string()));
        }
        validators_ = validators;
        if (!validators.any()) {
            return remove_if_there(notes());
        }
        const Json json{
            {"url", without_secrets(order_.url)}, {"etag", validators.etag}, {"modified", validators.last_modified}};
        return write_atomically(notes(), json.dump(), 0644);
    }

    Result<void> append(std::string_view bytes)
    {
        if (::lseek(fd_.get(), 0, SEEK_END) < 0) {
            return errno_error(errno, fmt::format("cannot write '{}'", order_.part.string()));
        }
        auto written = write_all(fd_.get(), bytes, order_.part.string());
        return written ? written : Result<void>{with_hint(std::move(written).error())};
    }

    /// Whether so many more bytes fit; the file system keeps a little for itself and others.
    [[nodiscard]] Result<void> check_room(std::uint64_t more) const
    {
        struct statvfs status {};
        constexpr std::uint64_t spare = 16U << 20U;
        if (::fstatvfs(fd_.get(), &status) != 0) {
            return {};
        }
        const auto room = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
        if (room >= more + (more > spare ? spare : 0)) {
            return {};
        }
        return Error{ErrorCode::refused,
                     fmt::format("refused to download '{}': it needs {}, '{}' has room for {}",
                                 without_secrets(order_.url),
                                 human(Bytes::of(more)),
                                 order_.part.parent_path().string(),
                                 human(Bytes::of(room))),
                     "make room; 'vm-run image ls' shows what is cached, 'vm-run image rm NAME' removes it"};
    }

    Result<void> finish()
    {
        if (::fsync(fd_.get()) != 0) {
            return errno_error(errno, fmt::format("cannot write '{}'", order_.part.string()));
        }
        return remove_if_there(notes());
    }

private:
    Part(DownloadOrder order, UniqueFd fd) : order_(std::move(order)), fd_(std::move(fd)) {}

    [[nodiscard]] std::filesystem::path notes() const { return order_.part.string() + ".json"; }

    [[nodiscard]] Validators known_validators() const
    {
        const UniqueFd fd{::open(notes().c_str(), O_RDONLY | O_CLOEXEC)};
        constexpr std::size_t most = 65536;
        const auto text = fd ? read_all(fd.get(), "", most) : Result<std::string>{std::string{}};
        const Json json = Json::parse(text.value_or(""), nullptr, false);
        const bool same = json.is_object() && json.value("url", "") == without_secrets(order_.url);
        return same ? Validators{json.value("etag", ""), json.value("modified", "")} : Validators{};
    }
    static Error with_hint(Error error)
    {
        if (error.hint.empty()) {
            error.hint = "the part is kept: the next run goes on where this one stopped";
        }
        return error;
    }

    DownloadOrder order_;
    UniqueFd fd_;
    Validators validators_;
};

/// Puts the bodies of one or more requests into the part.
class Receiver {
public:
    Receiver(Part& part, const DownloadWatch& watch) : part_(part), watch_(watch) {}

    /// Headers that ask for the rest, if there are bytes of a known version. If-Range: or else for everything.
    [[nodiscard]] std::vector<std::string> headers() const
    {
        if (part_.size() == 0 || !part_.validators().any()) {
            return {};
        }
        const auto& known = part_.validators();
        return {fmt::format("Range: bytes={}-", part_.size()),
                fmt::format("If-Range: {}", known.etag.empty() ? known.last_modified : known.etag)};
    }

    void begin() { started_ = false; }

    /// An answer without a body is a file without bytes.
    Result<void> end(const AnswerHead& head)
    {
        return head.status == ok && !started_ ? part_.restart({}) : Result<void>{};
    }

    Result<void> take(const AnswerHead& head, std::string_view bytes)
    {
        if (head.status != ok && head.status != partial) {
            return {};  // the text of an error page
        }
        if (!started_) {
            if (auto begun = start(head); !begun) {
                return begun;
            }
        }
        if (auto written = part_.append(bytes); !written) {
            return written;
        }
        done_ += bytes.size();
        result.fetched += bytes.size();
        if (watch_.progress) {
            watch_.progress({Bytes::of(done_), total_});
        }
        return {};
    }

    Downloaded result;

private:
    Result<void> start(const AnswerHead& head)
    {
        started_ = true;
        const auto expected = fmt::format("bytes {}-", part_.size());
        if (head.status == partial && head.content_range.starts_with(expected)) {
            result.resumed = true;
        } else if (head.status == partial) {
            (void)part_.restart({});
            return Error{ErrorCode::external,
                         "cannot go on with the download: the server sends other bytes than asked for"};
        } else if (auto restarted = part_.restart(head.validators); !restarted) {
            return restarted;
        }
        done_ = part_.size();
        total_ = head.length ? std::optional{Bytes::of(done_ + *head.length)} : std::nullopt;
        return head.length ? part_.check_room(*head.length) : Result<void>{};
    }

    Part& part_;
    const DownloadWatch& watch_;
    bool started_ = false;
    std::uint64_t done_ = 0;
    std::optional<Bytes> total_;
};

/// Whether "bytes */N" says that the part is whole.
bool is_whole(const AnswerHead& head, const Part& part)
{
    return head.content_range == fmt::format("bytes */{}", part.size());
}

enum class Next { done, again };

/// Judges one answer; an Error ends the download.
Result<Next> judge(const Transfer& answer, Part& part, const std::string& url)
{
    const long status = answer.head.status;
    if (answer.failure) {
        return answer.may_go_on ? Result<Next>{Next::again} : *answer.failure;
    }
    if (status == bad_range) {
        if (is_whole(answer.head, part)) {
            return Next::done;
        }
        if (auto restarted = part.restart({}); !restarted) {
            return restarted.error();
        }
        return Next::again;
    }
    return status == ok || status == partial ? Result<Next>{Next::done} : status_error(url, status);
}

}  // namespace

Result<Downloaded> download(const DownloadOrder& order, const DownloadWatch& watch)
{
    auto part = Part::open(order);
    if (!part) {
        return part.error();
    }
    Receiver receiver{*part, watch};
    std::optional<Error> last;
    std::uint64_t most_had = part->size();
    for (int tries = 0; tries < most_tries; ++tries) {
        receiver.begin();
        const auto answer =
            transfer({.url = order.url,
                      .headers = receiver.headers(),
                      .body = [&receiver](const AnswerHead& head,
                                          std::string_view bytes) { return receiver.take(head, bytes); }},
                     watch);
        const auto next = judge(answer, *part, order.url);
        if (!next) {
            return next.error();
        }
        if (*next == Next::done) {
            if (auto ended = receiver.end(answer.head); !ended) {
                return ended.error();
            }
            receiver.result.validators = part->validators();
            if (auto finished = part->finish(); !finished) {
                return finished.error();
            }
            return receiver.result;
        }
        if (part->size() > most_had) {  // a bad line is no reason to give up while it yields something
            most_had = part->size();
            tries = 0;
        }
        last = answer.failure ? answer.failure : status_error(order.url, answer.head.status);
    }
    Error error = last.value_or(Error{});
    error.hint = "what came is kept: the next run goes on where this one stopped, if the server can";
    return error;
}

Result<std::string> download_text(const std::string& url, std::size_t most, const DownloadWatch& watch)
{
    std::string text;
    const auto answer = transfer(
        {.url = url,
         .body = [&text, &url, most](const AnswerHead& /*head*/, std::string_view bytes) -> Result<void> {
             text += bytes;
             return text.size() <= most
                        ? Result<void>{}
                        : Error{ErrorCode::invalid,
                                fmt::format(
                                    "cannot download '{}': it is over {} bytes long", without_secrets(url), most)};
         }},
        watch);
    if (answer.failure) {
        return *answer.failure;
    }
    if (answer.head.status != ok) {
        return status_error(url, answer.head.status);
    }
    return text;
}

Result<bool> unchanged(const std::string& url, const Validators& validators, const DownloadWatch& watch)
{
    if (!validators.any()) {
        return false;
    }
    const auto condition = validators.etag.empty() ? fmt::format("If-Modified-Since: {}", validators.last_modified)
                                                   : fmt::format("If-None-Match: {}", validators.etag);
    const auto answer = transfer({.url = url, .headers = {condition}, .head_only = true}, watch);
    if (answer.failure) {
        return *answer.failure;
    }
    if (answer.head.status != ok && answer.head.status != not_modified) {
        return status_error(url, answer.head.status);
    }
    return answer.head.status == not_modified || answer.head.validators == validators;
}

}  // namespace kvmkit::virt
