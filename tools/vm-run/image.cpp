// SPDX-License-Identifier: Apache-2.0
// vm-run image ls, pull, add, rm, verify.
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "image_options.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::vm_run {
namespace {

using cli::ExitCode;
using cli::Json;

Json text_or_null(const std::string& text)
{
    return text.empty() ? Json(nullptr) : Json(text);
}

Json record_of(const virt::StoredImage& image)
{
    return {{"name", image.name},
            {"path", image.file.string()},
            {"format", word(image.format)},
            {"virtual_size", image.virtual_size.count()},
            {"size", image.size.count()},
            {"sha256", image.digests.sha256},
            {"origin", image.origin},
            {"since", image.since},
            {"checksum", image.checksum},
            {"signature", image.signature},
            {"user", text_or_null(image.user)}};
}

std::vector<std::string> users_of(const virt::StoredImage& image, const std::vector<virt::ImageUse>& uses)
{
    std::vector<std::string> vms;
    for (const auto& use : uses) {
        if (use.base == image.file && std::ranges::find(vms, use.vm) == vms.end()) {
            vms.push_back(use.vm);
        }
    }
    return vms;
}

/// All that can be named: what is cached, then what the catalogue has beyond it.
struct Inventory {
    std::vector<virt::StoredImage> cached;
    std::vector<virt::ImageSource> available;
    std::vector<virt::ImageUse> uses;
};

Result<Inventory> take_inventory()
{
    const virt::ImageStore store{txn::default_places()};
    auto cached = store.list();
    auto catalogue = known_images();
    if (!cached || !catalogue) {
        return !cached ? cached.error() : catalogue.error();
    }
    std::erase_if(*catalogue, [&cached](const virt::ImageSource& source) {
        return std::ranges::find(*cached, source.name, &virt::StoredImage::name) != cached->end();
    });
    return Inventory{std::move(*cached), std::move(*catalogue), store.uses()};
}

Json inventory_record(const Inventory& all)
{
    auto cached = Json::array();
    for (const auto& image : all.cached) {
        auto record = record_of(image);
        record["used_by"] = users_of(image, all.uses);
        cached.push_back(std::move(record));
    }
    auto available = Json::array();
    for (const auto& source : all.available) {
        available.push_back({{"name", source.name},
                             {"title", source.title},
                             {"url", source.url},
                             {"user", text_or_null(source.user)},
                             {"firmware", text_or_null(source.firmware)}});
    }
    return {{"schema", cli::schema_name(tool_name, "image ls")}, {"cached", cached}, {"available", available}};
}

void print_inventory(const cli::Console& console, const Inventory& all)
{
    std::size_t width = 4;
    for (const auto& image : all.cached) {
        width = std::max(width, image.name.size());
    }
    for (const auto& source : all.available) {
        width = std::max(width, source.name.size());
    }
    console.out << fmt::format("{:<{}}  {:<9}  {:>9}  {}\n", "NAME", width, "STATE", "SIZE", "FROM");
    for (const auto& image : all.cached) {
        const auto vms = users_of(image, all.uses);
        console.out << fmt::format("{:<{}}  {:<9}  {:>9}  {}{}\n",
                                   image.name,
                                   width,
                                   "cached",
                                   human(image.size),
                                   image.origin,
                                   vms.empty() ? "" : fmt::format(", used by {}", fmt::join(vms, ", ")));
    }
    for (const auto& source : all.available) {
        console.out << fmt::format("{:<{}}  {:<9}  {:>9}  {}\n", source.name, width, "available", "-", source.title);
    }
}

Result<virt::StoredImage> cached_image(const virt::ImageStore& store, const std::string& name)
{
    auto image = store.find(name);
    if (!image) {
        return image.error();
    }
    if (!*image) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot find image '{}' in the cache", name),
                     "'vm-run image ls' shows what is cached"};
    }
    return std::move(**image);
}

/// A file name of the cache: as VM names.
Result<std::string> checked_name(const std::string& text)
{
    const auto name = virt::VmName::parse(text);
    return name ? Result<std::string>{text}
                : Error{ErrorCode::usage, fmt::format("'{}' is not a valid image name", text), name.error().hint};
}

struct Verified {
    virt::StoredImage image;
    bool whole = false;
    std::string problem;  ///< Empty if whole.
};

Result<Verified> verify_one(const virt::StoredImage& image, SignalWatch& signals)
{
    const auto digests = virt::digests_of_file(image.file, [&signals] { return signals.caught().has_value(); });
    if (!digests && digests.error().code == ErrorCode::interrupted) {
        return digests.error();
    }
    if (!digests) {
        return Verified{image, false, digests.error().message};
    }
    const bool whole = digests->sha256 == image.digests.sha256;
    return Verified{
        image,
        whole,
        whole ? std::string{} : fmt::format("its SHA-256 was {} and is {}", image.digests.sha256, digests->sha256)};
}

Result<std::vector<virt::StoredImage>> images_to_verify(const cli::Arguments& arguments)
{
    const virt::ImageStore store{txn::default_places()};
    if (arguments.operands().empty()) {
        return store.list();
    }
    std::vector<virt::StoredImage> images;
    for (const auto& name : arguments.operands()) {
        auto image = cached_image(store, name);
        if (!image) {
            return image.error();
        }
        images.push_back(std::move(*image));
    }
    return images;
}

void print_verified(const cli::Arguments& arguments, const cli::Console& console, const std::vector<Verified>& all)
{
    auto records = Json::array();
    for (const auto& one : all) {
        records.push_back({{"name", one.image.name},
                           {"path", one.image.file.string()},
                           {"whole", one.whole},
                           {"problem", text_or_null(one.problem)}});
        if (!arguments.has("json")) {
            console.out << fmt::format(
                "{}: {}\n", one.image.name, one.whole ? "whole" : fmt::format("damaged: {}", one.problem));
        }
    }
    if (arguments.has("json")) {
        cli::print_json(console, {{"schema", cli::schema_name(tool_name, "image verify")}, {"images", records}});
    } else if (all.empty()) {
        console.note("no image is cached");
    }
}

void print_one(const cli::Arguments& arguments, const cli::Console& console, const virt::FetchedImage& fetched)
{
    const auto& image = fetched.image;
    if (arguments.has("json")) {
        Json record{{"schema", cli::schema_name(tool_name, "image pull")}, {"outcome", word(fetched.how)}};
        record.update(record_of(image));
        cli::print_json(console, record);
        return;
    }
    console.out << fmt::format(
        "image '{}' is {}\n  file       {}\n  size       {}, {} as a disk, {}\n  checksum   {}\n"
        "  signature  {}\n",
        image.name,
        fetched.how == virt::How::unchanged ? "as its publisher has it" : word(fetched.how),
        image.file.string(),
        human(image.size),
        human(image.virtual_size),
        word(image.format),
        image.checksum,
        image.signature);
}

}  // namespace

void declare_image_ls(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record on standard output");
}

Result<ExitCode> run_image_ls(const cli::Arguments& arguments, cli::Console& console)
{
    const auto all = take_inventory();
    if (!all) {
        return all.error();
    }
    if (arguments.has("json")) {
        cli::print_json(console, inventory_record(*all));
    } else {
        print_inventory(console, *all);
    }
    return ExitCode::ok;
}

void declare_image_pull(cli::po::options_description_easy_init add)
{
    add("image-checksum",
        cli::po::value<std::string>()->value_name("DIGITS"),
        "the SHA-256 or SHA-512 of the image at an address")("json", "one JSON record on standard output");
}

Result<ExitCode> run_image_pull(const cli::Arguments& arguments, cli::Console& console)
{
    auto source = source_of(arguments.operands().front());
    auto signals = SignalWatch::open();
    if (!source || !signals) {
        return !source ? source.error() : signals.error();
    }
    if (const auto digits = arguments.maybe("image-checksum")) {
        source->checksum = *digits;
        source->checksum_url = std::nullopt;
    }
    if (!virt::looks_like_url(source->url)) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to pull image '{}': it was added from file '{}'", source->name, source->url),
                     fmt::format("remove it and add it again: vm-run image rm {}", source->name)};
    }
    SystemRunner runner;
    virt::Fetcher fetcher{txn::default_places(), runner, watch_on(console, *signals)};
    const auto fetched = fetcher.fetch(*source, virt::Freshness::check_again);
    console.end_progress();
    if (!fetched) {
        return fetched.error();
    }
    print_one(arguments, console, *fetched);
    return ExitCode::ok;
}

void declare_image_add(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record on standard output");
}

Result<ExitCode> run_image_add(const cli::Arguments& arguments, cli::Console& console)
{
    const auto name = checked_name(arguments.operands().front());
    auto signals = SignalWatch::open();
    if (!name || !signals) {
        return !name ? name.error() : signals.error();
    }
    SystemRunner runner;
    virt::Fetcher fetcher{txn::default_places(), runner, watch_on(console, *signals)};
    const auto image = fetcher.add(*name, arguments.operands().back());
    if (!image) {
        return image.error();
    }
    if (arguments.has("json")) {
        Json record{{"schema", cli::schema_name(tool_name, "image add")}};
        record.update(record_of(*image));
        cli::print_json(console, record);
    } else {
        console.note(fmt::format("image '{}' is added: {}", image->name, image->file.string()));
    }
    return ExitCode::ok;
}

void declare_image_rm(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record on standard output");
}

Result<ExitCode> run_image_rm(const cli::Arguments& arguments, cli::Console& console)
{
    const virt::ImageStore store{txn::default_places()};
    const auto& name = arguments.operands().front();
    const auto lock = txn::Lock::acquire(txn::default_places(), "lock.image." + name, arguments.command_line());
    const auto image = cached_image(store, name);
    if (!lock || !image) {
        return !image ? image.error() : lock.error();
    }
    if (auto removed = store.remove(*image); !removed) {
        return removed.error();
    }
    if (arguments.has("json")) {
        cli::print_json(console, {{"schema", cli::schema_name(tool_name, "image rm")}, {"name", name}});
    } else {
        console.note(fmt::format("image '{}' is removed", name));
    }
    return ExitCode::ok;
}

void declare_image_verify(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record on standard output");
}

Result<ExitCode> run_image_verify(const cli::Arguments& arguments, cli::Console& console)
{
    const auto images = images_to_verify(arguments);
    auto signals = SignalWatch::open();
    if (!images || !signals) {
        return !images ? images.error() : signals.error();
    }
    std::vector<Verified> all;
    all.reserve(images->size());
    for (const auto& image : *images) {
        auto verified = verify_one(image, *signals);
        if (!verified) {
            return verified.error();
        }
        all.push_back(std::move(*verified));
    }
    print_verified(arguments, console, all);
    return std::ranges::all_of(all, &Verified::whole) ? ExitCode::ok : ExitCode::no;
}

}  // namespace kvmkit::vm_run
