// SPDX-License-Identifier: Apache-2.0
#include "image_options.hpp"

#include "base/suggest.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

/// Beside the program that runs, as installed and as built; else where it was meant to be installed.
std::filesystem::path shipped_catalogue()
{
    std::error_code problem;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", problem);
    const auto beside = program.parent_path().parent_path() / "share/kvmkit/images.json";
    return std::filesystem::exists(beside, problem) ? beside : std::filesystem::path{KVMKIT_DATA_DIR} / "images.json";
}

std::filesystem::path local_catalogue()
{
    if (::geteuid() == 0) {
        return "/etc/kvmkit/images.json";
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config == '/') {
        return std::filesystem::path{config} / "kvmkit/images.json";
    }
    const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    return std::filesystem::path{home == nullptr ? "/nonexistent" : home} / ".config/kvmkit/images.json";
}

std::string architecture()
{
    utsname names{};
    return ::uname(&names) == 0 ? names.machine : "x86_64";
}

Error unknown_name(const std::string& name, const std::vector<std::string>& names)
{
    const auto meant = did_you_mean(name, names);
    return {ErrorCode::not_found,
            fmt::format("cannot find image '{}': there is no such file here, and the catalogue has no such name", name),
            meant ? fmt::format("did you mean '{}'?", *meant)
                  : "'vm-run image ls' lists the names; a file or an address serve as well"};
}

/// A source for what is in the cache but in no catalogue: added by hand, or by an address.
virt::ImageSource cached_source(const virt::StoredImage& image)
{
    return {.name = image.name, .title = image.origin, .url = image.origin, .user = image.user};
}

Result<ImageWish> file_wish(const std::string& path)
{
    auto image = virt::inspect_image(path);
    return image ? Result<ImageWish>{ImageWish{std::move(*image)}} : image.error();
}

/// Whether a word can only mean a file.
bool means_a_file(const std::string& word)
{
    std::error_code ignored;
    return word.empty() || (word.find('/') != std::string::npos && !virt::looks_like_url(word)) ||
           std::filesystem::exists(word, ignored);
}

Error usage(std::string message, std::string hint)
{
    return {ErrorCode::usage, std::move(message), std::move(hint)};
}

bool has_control_character(const std::string& text)
{
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

void tell_proof(const cli::Console& console, const virt::StoredImage& image)
{
    console.note(fmt::format("image '{}': checksum {}; signature {}", image.name, image.checksum, image.signature));
}

}  // namespace

void declare_image(cli::po::options_description_easy_init& add)
{
    using cli::po::value;
    const auto text = [](const char* shown) { return value<std::string>()->value_name(shown); };
    add("image",
        text("IMAGE"),
        "boot this disk image: a file (qcow2 or raw), a name of 'image ls', or an http(s) address; writes go to an "
        "overlay");
    add("image-checksum", text("DIGITS"), "the SHA-256 or SHA-512 of the image at an address");
    add("image-update", "ask the publisher for a newer one than the cached");
}

Result<virt::Catalogue> known_images()
{
    return virt::load_catalogue({shipped_catalogue(), local_catalogue()}, architecture());
}

Result<virt::ImageSource> source_of(const std::string& word)
{
    if (virt::looks_like_url(word)) {
        return virt::source_of_url(word);
    }
    const auto catalogue = known_images();
    if (!catalogue) {
        return catalogue.error();
    }
    if (const auto* known = virt::find(*catalogue, word)) {
        return *known;
    }
    const virt::ImageStore store{txn::default_places()};
    const auto cached = store.find(word);
    if (cached && *cached) {
        return cached_source(**cached);
    }
    std::vector<std::string> names;
    names.reserve(catalogue->size());
    std::ranges::transform(*catalogue, std::back_inserter(names), &virt::ImageSource::name);
    return cached ? unknown_name(word, names) : cached.error();
}

Result<ImageWish> read_image(const cli::Arguments& arguments)
{
    const auto given = arguments.maybe("image");
    const auto checksum = arguments.maybe("image-checksum");
    const bool update = arguments.has("image-update");
    if (!given) {
        return checksum || update ? Result<ImageWish>{usage("--image-checksum and --image-update need --image", "")}
                                  : Result<ImageWish>{ImageWish{}};
    }
    if (given->empty()) {  // most likely a script's variable that is not set
        return usage("cannot open image '': the name is empty", "run 'vm-run launch --help'");
    }
    if (has_control_character(*given)) {
        return usage("--image holds a control character", "run 'vm-run launch --help'");
    }
    if (means_a_file(*given)) {
        return checksum || update
                   ? Result<ImageWish>{usage("--image-checksum and --image-update are for names and addresses",
                                             "check a file yourself: sha256sum FILE")}
                   : file_wish(*given);
    }
    auto source = source_of(*given);
    if (!source) {
        return source.error();
    }
    if (checksum) {
        auto digits = virt::parse_digits(*checksum);
        if (!digits) {
            return digits.error();
        }
        source->checksum = digits->digits;
        source->checksum_url = std::nullopt;
    }
    return ImageWish{
        NamedImage{std::move(*source), update ? virt::Freshness::check_again : virt::Freshness::as_cached}};
}

virt::FetchWatch watch_on(const cli::Console& console, SignalWatch& signals)
{
    const auto last = std::make_shared<std::uint64_t>(101);
    const auto progress = [&console, last](const virt::Progress& now) {
        constexpr std::uint64_t percent = 100;
        constexpr std::uint64_t coarse = 10;  // a log gets ten lines, a terminal one that changes
        const std::uint64_t share = now.total && now.total->count() > 0
                                        ? now.done.count() * percent / now.total->count()
                                        : now.done.count() >> 26U;
        const std::uint64_t step = console.err_is_terminal ? share : share / coarse;
        if (step == *last) {
            return;
        }
        *last = step;
        console.progress(now.total ? fmt::format("downloading: {} % of {}", share, human(*now.total))
                                   : fmt::format("downloading: {}", human(now.done)));
    };
    return {.download = {.interrupted = [&signals] { return signals.caught().has_value(); }, .progress = progress},
            .note = [&console](const std::string& text) { console.note(text); }};
}

Result<std::optional<ChosenImage>> obtain_image(const ImageWish& wish, const cli::Console& console)
{
    const auto* named = std::get_if<NamedImage>(&wish);
    if (named == nullptr) {
        return foresee_image(wish);
    }
    auto signals = SignalWatch::open();
    if (!signals) {
        return signals.error();
    }
    SystemRunner runner;
    virt::Fetcher fetcher{txn::default_places(), runner, watch_on(console, *signals)};
    const auto fetched = fetcher.fetch(named->source, named->freshness);
    console.end_progress();
    if (!fetched) {
        return fetched.error();
    }
    if (fetched->how == virt::How::downloaded) {
        tell_proof(console, fetched->image);
    }
    const auto whole = virt::inspect_image(fetched->image.file);  // it may have been damaged since
    if (!whole) {
        return whole.error();
    }
    return std::optional{ChosenImage{*whole, fetched->image.user, fetched->image.origin}};
}

Result<std::optional<ChosenImage>> foresee_image(const ImageWish& wish)
{
    if (const auto* file = std::get_if<virt::BaseImage>(&wish)) {
        return std::optional{ChosenImage{*file, {}, {}}};
    }
    const auto* named = std::get_if<NamedImage>(&wish);
    if (named == nullptr) {
        return std::optional<ChosenImage>{};
    }
    const virt::ImageStore store{txn::default_places()};
    const auto cached = store.find(named->source.name);
    if (!cached) {
        return cached.error();
    }
    const bool as_it_is = *cached && named->freshness == virt::Freshness::as_cached;
    if (auto told = as_it_is ? virt::check_told(named->source, **cached) : Result<void>{}; !told) {
        return told.error();
    }
    if (*cached) {
        return std::optional{ChosenImage{(*cached)->base(), (*cached)->user, (*cached)->origin}};
    }
    const virt::BaseImage later{store.folder() / (named->source.name + ".qcow2"), virt::ImageFormat::qcow2, {}};
    return std::optional{ChosenImage{later, named->source.user, virt::without_secrets(named->source.url), false}};
}

}  // namespace kvmkit::vm_run
