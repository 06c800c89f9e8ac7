// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "system/signals.hpp"
#include "virt/image/fetch.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace kvmkit::vm_run {

/// An image of the cache by its name, downloaded where it is not there yet.
struct NamedImage {
    virt::ImageSource source;
    virt::Freshness freshness = virt::Freshness::as_cached;
};

/// What --image says: nothing, a file, which was looked at, or a name or address, for which nothing was asked yet.
using ImageWish = std::variant<std::monostate, virt::BaseImage, NamedImage>;

/// An image with what is known of it beside its file.
struct ChosenImage {
    virt::BaseImage base;
    std::string user;    ///< Whom its cloud-init gives the keys; empty: not known.
    std::string origin;  ///< The address it came from; empty: a local file.
    bool there = true;   ///< False: it is downloaded first.
};

void declare_image(cli::po::options_description_easy_init& add);

/// Reads --image and what belongs to it. usage, or what is wrong with the file.
Result<ImageWish> read_image(const cli::Arguments& arguments);

/// The image of a wish, by download if it must be; absent if nothing was wished.
Result<std::optional<ChosenImage>> obtain_image(const ImageWish& wish, const cli::Console& console);

/// The same without a download: what would be used.
Result<std::optional<ChosenImage>> foresee_image(const ImageWish& wish);

/// The catalogue of this host's architecture: what is shipped, and /etc/kvmkit/images.json over it.
Result<virt::Catalogue> known_images();

/// Tells the console how far a download is, and stops it by the signals.
virt::FetchWatch watch_on(const cli::Console& console, SignalWatch& signals);

/// The source of a name or address. not_found for a name that nobody knows, with the one that was meant.
Result<virt::ImageSource> source_of(const std::string& word);

}  // namespace kvmkit::vm_run
