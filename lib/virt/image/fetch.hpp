// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/runner.hpp"
#include "txn/lock.hpp"
#include "virt/image/catalogue.hpp"
#include "virt/image/store.hpp"

#include <functional>
#include <string>

namespace kvmkit::virt {

/// Whether a cached image is taken as it is, or its publisher asked for a newer one.
enum class Freshness { as_cached, check_again };

/// How an image was come by.
enum class How { cached, unchanged, downloaded };

/// "cached", "unchanged", "downloaded"
std::string_view word(How how) noexcept;

struct FetchedImage {
    StoredImage image;
    How how = How::cached;
};

/// How a fetch is watched.
struct FetchWatch {
    DownloadWatch download = {};
    std::function<void(const std::string&)> note = {};  ///< Told what is worth a line: another process downloads it.
};

/// Gets images into the cache, one process at a time for each: a second one waits and then finds it there.
class Fetcher {
public:
    Fetcher(const txn::Places& places, Runner& runner, FetchWatch watch)
        : places_(places), store_(places), runner_(runner), watch_(std::move(watch))
    {
    }

    /// The image of a source, from the cache or by download. A wrong checksum or signature removes what came: invalid.
    Result<FetchedImage> fetch(const ImageSource& source, Freshness freshness);

    /// Takes a local file into the cache under a name. exists: the name is taken by another image.
    Result<StoredImage> add(const std::string& name, const std::filesystem::path& file);

    [[nodiscard]] const ImageStore& store() const noexcept { return store_; }

private:
    struct Proof;
    Result<Proof> ask_for_proof(const ImageSource& source);
    Result<std::string> trusted_sums(const ImageSource& source, Proof& proof);
    Result<bool> still_the_same(const ImageSource& source, const StoredImage& cached, const Proof& proof);
    Result<StoredImage> get(const ImageSource& source, Proof proof);
    Result<Digests> check(const ImageSource& source, const Proof& proof, const std::filesystem::path& part);
    Result<void> check_image_signature(const ImageSource& source, Proof& proof, const std::filesystem::path& part);
    Result<std::filesystem::path> keep_text(const std::string& url, const std::filesystem::path& path);

    txn::Places places_;
    ImageStore store_;
    Runner& runner_;
    FetchWatch watch_;
};

/// Whether a cached image has the checksum that the user told, if any; invalid if it has another.
Result<void> check_told(const ImageSource& source, const StoredImage& cached);

/// Takes the lock of one image, waiting for another process as long as that one lives.
Result<txn::Lock> lock_image(const txn::Places& places, const std::string& name, const FetchWatch& watch);

}  // namespace kvmkit::virt
