// SPDX-License-Identifier: Apache-2.0
#include "virt/image/fetch.hpp"

#include "base/deadline.hpp"
#include "system/files.hpp"
#include "virt/image/signature.hpp"

#include <poll.h>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::size_t most_sums = 4U << 20U;

std::string file_of(const std::string& url)
{
    const auto path = url.substr(0, url.find_first_of("?#"));
    return path.substr(path.rfind('/') + 1);
}

/// Errors about the part speak of what the user asked for.
Error about(const ImageSource& source, Error error)
{
    const auto begin = error.message.find('\'');
    const auto end = begin == std::string::npos ? begin : error.message.find('\'', begin + 1);
    if (end != std::string::npos) {
        error.message.replace(begin, end - begin + 1, fmt::format("'{}'", without_secrets(source.url)));
    }
    return error;
}

Error wrong_checksum(const ImageSource& source, const Checksum& wanted, const std::string& got)
{
    return {ErrorCode::invalid,
            fmt::format("cannot use image '{}': its {} is wrong, it is removed\n  published  {}\n  downloaded {}",
                        without_secrets(source.url),
                        word(wanted.algorithm),
                        wanted.digits,
                        got),
            "try again: a mirror may have been in the middle of an update; if it stays so, do not trust that server"};
}

Result<FetchedImage> take_cached(const ImageSource& source, const StoredImage& cached)
{
    const auto told = check_told(source, cached);
    return told ? Result<FetchedImage>{FetchedImage{cached, How::cached}} : told.error();
}

}  // namespace

std::string_view word(How how) noexcept
{
    switch (how) {
        case How::cached: return "cached";
        case How::unchanged: return "unchanged";
        case How::downloaded: return "downloaded";
    }
    return "";
}

Result<void> check_told(const ImageSource& source, const StoredImage& cached)
{
    const auto wanted = source.checksum ? parse_digits(*source.checksum) : Result<Checksum>{Checksum{}};
    if (!wanted) {
        return wanted.error();
    }
    const auto& got = cached.digests.of(wanted->algorithm);
    if (!source.checksum || got == wanted->digits) {
        return {};
    }
    return Error{ErrorCode::invalid,
                 fmt::format("cannot use image '{}': the one in the cache has another {}\n  told   {}\n  cached {}",
                             source.name,
                             word(wanted->algorithm),
                             wanted->digits,
                             got),
                 "if there is a newer one: --image-update downloads it"};
}

/// What the publisher says about the image.
struct Fetcher::Proof {
    std::optional<Checksum> wanted;
    std::string checksum;   ///< How the record tells it.
    std::string signature;  ///< The same.
};

Result<txn::Lock> lock_image(const txn::Places& places, const std::string& name, const FetchWatch& watch)
{
    constexpr int look_again_ms = 100;
    constexpr std::chrono::hours longest{12};
    const auto deadline = Deadline::after(longest);
    bool told = false;
    for (;;) {
        auto lock = txn::Lock::acquire(places, "lock.image." + name, "vm-run: image " + name);
        if (lock || lock.error().code != ErrorCode::locked || deadline.passed()) {
            return lock;
        }
        if (!told && watch.note) {
            watch.note(fmt::format("waiting for image '{}': {}", name, lock.error().message));
        }
        told = true;
        if (watch.download.interrupted && watch.download.interrupted()) {
            return Error{ErrorCode::interrupted, "interrupted"};
        }
        (void)::poll(nullptr, 0, look_again_ms);  // the kernel tells nobody that a lock came free
    }
}

Result<FetchedImage> Fetcher::fetch(const ImageSource& source, Freshness freshness)
{
    const auto at_once = store_.find(source.name);  // a cache that only others may write serves, too
    if (at_once && *at_once && freshness == Freshness::as_cached) {
        return take_cached(source, **at_once);
    }
    if (auto ready = store_.prepare(); !ready) {
        return ready.error();
    }
    const auto lock = lock_image(places_, source.name, watch_);
    if (!lock) {
        return lock.error();
    }
    const auto cached = store_.find(source.name);
    if (!cached) {
        return cached.error();
    }
    if (*cached && freshness == Freshness::as_cached) {
        return take_cached(source, **cached);
    }
    auto proof = ask_for_proof(source);
    if (!proof) {
        return proof.error();
    }
    if (*cached) {
        const auto same = still_the_same(source, **cached, *proof);
        if (!same || *same) {
            return same ? Result<FetchedImage>{FetchedImage{**cached, How::unchanged}} : same.error();
        }
    }
    auto image = get(source, std::move(*proof));
    return image ? Result<FetchedImage>{FetchedImage{std::move(*image), How::downloaded}} : image.error();
}

Result<Fetcher::Proof> Fetcher::ask_for_proof(const ImageSource& source)
{
    Proof proof{.wanted = {}, .checksum = "not verified: none is known", .signature = "none is known"};
    if (source.checksum) {
        auto wanted = parse_digits(*source.checksum);
        if (!wanted) {
            return wanted.error();
        }
        proof.wanted = std::move(*wanted);
        proof.checksum = fmt::format("verified: {}, as told", word(proof.wanted->algorithm));
    }
    if (source.signature) {
        proof.signature = "not verified: nothing that is signed was asked for";
    }
    if (!source.checksum_url) {
        return proof;
    }
    const auto text = trusted_sums(source, proof);
    if (!text) {
        return text.error();
    }
    auto wanted = find_checksum(*text, file_of(source.url));
    if (!wanted) {
        wanted.error().message += fmt::format(" of '{}'", without_secrets(*source.checksum_url));
        return wanted.error();
    }
    proof.wanted = std::move(*wanted);
    proof.checksum =
        fmt::format("verified: {} of {}", word(proof.wanted->algorithm), without_secrets(*source.checksum_url));
    return proof;
}

Result<std::filesystem::path> Fetcher::keep_text(const std::string& url, const std::filesystem::path& path)
{
    const auto text = download_text(url, most_sums, watch_.download);
    auto kept = text ? write_atomically(path, *text, 0600) : Result<void>{text.error()};
    return kept ? Result<std::filesystem::path>{path} : kept.error();
}

/// The published checksums; what of them is signed, where that can be checked.
Result<std::string> Fetcher::trusted_sums(const ImageSource& source, Proof& proof)
{
    auto text = download_text(*source.checksum_url, most_sums, watch_.download);
    if (!text || !source.signature || source.signature->what == Signed::image) {
        return text;
    }
    if (const auto reason = obstacle(*source.signature)) {
        proof.signature = "not verified: " + *reason;
        return text;
    }
    const auto sums = store_.part(source.name + ".sums");
    const auto signature = store_.part(source.name + ".signature");
    if (auto kept = write_atomically(sums, *text, 0600); !kept) {
        return kept.error();
    }
    Result<std::string> trusted = text;
    if (source.signature->what == Signed::checksums_inline) {
        trusted = signed_text(runner_, source.signature->keyring, sums);
    } else if (const auto kept = keep_text(source.signature->url, signature); !kept) {
        trusted = kept.error();
    } else if (auto holds = check_signature(runner_, source.signature->keyring, signature, sums); !holds) {
        trusted = holds.error();
    }
    (void)remove_if_there(sums);
    (void)remove_if_there(signature);
    if (!trusted && trusted.error().code == ErrorCode::not_found) {  // no gpgv
        proof.signature = "not verified: " + trusted.error().message;
        return text;
    }
    proof.signature = fmt::format("verified: of the checksums, by {}", source.signature->keyring.string());
    return trusted;
}

Result<bool> Fetcher::still_the_same(const ImageSource& source, const StoredImage& cached, const Proof& proof)
{
    if (proof.wanted) {
        return cached.digests.of(proof.wanted->algorithm) == proof.wanted->digits;
    }
    return unchanged(source.url, cached.validators, watch_.download);
}

Result<Digests> Fetcher::check(const ImageSource& source, const Proof& proof, const std::filesystem::path& part)
{
    auto digests = digests_of_file(part, watch_.download.interrupted);
    if (!digests || !proof.wanted) {
        return digests;
    }
    const auto& got = digests->of(proof.wanted->algorithm);
    return got == proof.wanted->digits ? digests : Result<Digests>{wrong_checksum(source, *proof.wanted, got)};
}

Result<void> Fetcher::check_image_signature(const ImageSource& source, Proof& proof, const std::filesystem::path& part)
{
    if (!source.signature || source.signature->what != Signed::image) {
        return {};
    }
    if (const auto reason = obstacle(*source.signature)) {
        proof.signature = "not verified: " + *reason;
        return {};
    }
    const auto signature = keep_text(source.signature->url, store_.part(source.name + ".signature"));
    if (!signature) {
        return signature.error();
    }
    auto holds = check_signature(runner_, source.signature->keyring, *signature, part);
    (void)remove_if_there(*signature);
    if (!holds && holds.error().code == ErrorCode::not_found) {
        proof.signature = "not verified: " + holds.error().message;
        return {};
    }
    proof.signature = fmt::format("verified: of the image, by {}", source.signature->keyring.string());
    return holds;
}

/// Downloads, checks and keeps. What is checked and found wanting is removed: it must not be resumed.
Result<StoredImage> Fetcher::get(const ImageSource& source, Proof proof)
{
    const auto part = store_.part(source.name);
    const auto downloaded = download({source.url, part}, watch_.download);
    if (!downloaded) {
        return downloaded.error();
    }
    auto digests = check(source, proof, part);
    Result<void> good = digests ? check_image_signature(source, proof, part) : Result<void>{digests.error()};
    const auto base = good ? inspect_image(part) : Result<BaseImage>{good.error()};
    if (!base) {
        if (base.error().code != ErrorCode::interrupted) {
            (void)remove_if_there(part);
        }
        return good ? about(source, base.error()) : base.error();
    }
    return store_.adopt(part,
                        {.name = source.name,
                         .format = base->format,
                         .virtual_size = base->virtual_size,
                         .digests = std::move(*digests),
                         .origin = without_secrets(source.url),
                         .validators = downloaded->validators,
                         .checksum = proof.checksum,
                         .signature = proof.signature,
                         .user = source.user});
}

Result<StoredImage> Fetcher::add(const std::string& name, const std::filesystem::path& file)
{
    const auto base = inspect_image(file);
    if (!base) {
        return base.error();
    }
    if (auto ready = store_.prepare(); !ready) {
        return ready.error();
    }
    const auto lock = lock_image(places_, name, watch_);
    const auto taken = store_.find(name);
    if (!lock || !taken) {
        return !lock ? lock.error() : taken.error();
    }
    if (*taken) {
        return Error{ErrorCode::exists,
                     fmt::format("cannot add image '{}': there is one of that name, from {}", name, (*taken)->origin),
                     fmt::format("use another name, or remove it: vm-run image rm {}", name)};
    }
    const auto copy = store_.copy_in(base->path, name, watch_.download.interrupted);
    auto digests = copy ? digests_of_file(*copy, watch_.download.interrupted) : Result<Digests>{copy.error()};
    if (!digests) {
        (void)remove_if_there(store_.part(name));
        return digests.error();
    }
    return store_.adopt(*copy,
                        {.name = name,
                         .format = base->format,
                         .virtual_size = base->virtual_size,
                         .digests = std::move(*digests),
                         .origin = base->path.string(),
                         .checksum = "not verified: a local file",
                         .signature = "none is known"});
}

}  // namespace kvmkit::virt
