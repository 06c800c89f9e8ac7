// SPDX-License-Identifier: Apache-2.0
#include "launch_options.hpp"

#include "base/unique_fd.hpp"
#include "commands.hpp"
#include "disk_options.hpp"
#include "gate.hpp"
#include "hardware_options.hpp"
#include "network_options.hpp"
#include "seed_options.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/spec/clashes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

constexpr unsigned most_vcpus = 240;  // beyond 255, QEMU's q35 needs an interrupt-remapping unit
constexpr std::string_view default_kernel_command_line = "console=ttyS0";

Error usage(std::string message, std::string hint = "run 'vm-run launch --help'")
{
    return {ErrorCode::usage, std::move(message), std::move(hint)};
}

/// XML cannot carry control characters, and no file that is meant has them.
Result<std::string> clean(std::string text, std::string_view option)
{
    const bool dirty =
        std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
    if (dirty) {
        return usage(fmt::format("{} holds a control character", option));
    }
    return text;
}

Result<std::string> file_name(const std::string& given, std::string_view kind)
{
    if (given.empty()) {  // most likely a script's variable that is not set
        return usage(fmt::format("cannot open {} '': the name is empty", kind));
    }
    return clean(given, kind);
}

/// A plain file that we may read, as an absolute path.
Result<std::filesystem::path> readable_file(const std::string& given, std::string_view kind)
{
    const auto text = file_name(given, kind);
    if (!text) {
        return text.error();
    }
    const auto doing = fmt::format("cannot open {} '{}'", kind, *text);
    std::error_code problem;
    auto path = std::filesystem::canonical(*text, problem);
    if (problem) {
        return errno_error(problem.value(), doing);
    }
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return errno_error(errno, doing);
    }
    if (!S_ISREG(status.st_mode)) {
        return Error{ErrorCode::invalid, doing + ": it is not a plain file"};
    }
    return path;
}

Result<std::optional<virt::DirectKernel>> read_kernel(const cli::Arguments& arguments)
{
    const auto kernel = arguments.maybe("kernel");
    const auto initrd = arguments.maybe("initrd");
    const auto command_line = arguments.maybe("cmdline");
    if (!kernel) {
        if (initrd || command_line) {
            return usage("--initrd and --cmdline need --kernel");
        }
        return std::optional<virt::DirectKernel>{};
    }
    virt::DirectKernel direct;
    auto words = clean(command_line.value_or(std::string{default_kernel_command_line}), "--cmdline");
    auto path = readable_file(*kernel, "kernel");
    if (!words || !path) {
        return !words ? words.error() : path.error();
    }
    direct.command_line = std::move(*words);
    direct.kernel = std::move(*path);
    if (initrd) {
        auto ramdisk = readable_file(*initrd, "initrd");
        if (!ramdisk) {
            return ramdisk.error();
        }
        direct.initrd = std::move(*ramdisk);
    }
    return std::optional{std::move(direct)};
}

Result<AccelWish> read_accel(const std::string& text)
{
    if (text == "auto") {
        return AccelWish::automatic;
    }
    if (text == "kvm" || text == "tcg") {
        return text == "kvm" ? AccelWish::kvm : AccelWish::tcg;
    }
    return usage(fmt::format("'{}' is no accelerator", text), "use --accel auto, kvm or tcg");
}

Result<Bytes> read_memory(const std::string& text)
{
    const auto size = Bytes::parse(text);
    if (!size) {
        return usage(size.error().message, size.error().hint);
    }
    if (*size < Bytes::mib(16) || size->count() % Bytes::mib(1).count() != 0) {
        return usage(fmt::format("'{}' is no size for a VM", text), "use whole MiB, 16M or more: --memory 512M");
    }
    return *size;
}

Result<unsigned> read_vcpus(const std::string& text)
{
    unsigned vcpus = 0;
    const auto* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, vcpus);
    if (problem != std::errc{} || stop != end || vcpus < 1 || vcpus > most_vcpus) {
        return usage(fmt::format("'{}' is no number of vCPUs", text), fmt::format("use 1 to {}", most_vcpus));
    }
    return vcpus;
}

Result<void> check_combination(const LaunchOptions& options)
{
    if (!options.spec.kernel && !options.spec.hardware.cdrom && std::holds_alternative<std::monostate>(options.image)) {
        return usage(
            "nothing to boot",
            "name a disk image (--image debian-12, --image FILE), a kernel (--kernel FILE) or a CD (--cdrom FILE)");
    }
    if (options.json && (options.console || options.show == Show::xml)) {
        return usage("--json prints one record on standard output, where --console and --print-xml print as well");
    }
    return {};
}

/// All that are named: one by one, by ranges, or both. There is at least one operand.
Result<std::vector<virt::VmName>> names_of(const cli::Arguments& arguments)
{
    return virt::parse_names(fmt::format("{}", fmt::join(arguments.operands(), ",")));
}

/// The parts of a spec that stand for themselves.
Result<virt::VmSpec> read_spec(const cli::Arguments& arguments)
{
    if (arguments.operands().empty()) {
        return usage("'vm-run launch' needs NAME, or -f FILE");
    }
    const auto names = names_of(arguments);
    auto memory = read_memory(arguments.text("memory"));
    auto nics = read_network(arguments);
    auto hardware = read_hardware(arguments);
    const auto vcpus = read_vcpus(arguments.text("vcpus"));
    if (!names || !memory || !nics) {
        return !names ? names.error() : !memory ? memory.error() : nics.error();
    }
    if (!vcpus || !hardware) {
        return !vcpus ? vcpus.error() : hardware.error();
    }
    return virt::VmSpec{.name = names->front(),
                        .memory = *memory,
                        .vcpus = *vcpus,
                        .nics = std::move(*nics),
                        .hardware = std::move(*hardware)};
}

}  // namespace

void declare_launch(cli::po::options_description_easy_init add)
{
    using cli::po::value;
    const auto text = [](const char* shown) { return value<std::string>()->value_name(shown); };
    add("file,f", text("FILE"), "launch the VMs of a file of YAML instead of NAME; '-' is standard input");
    declare_image(add);
    add("kernel", text("FILE"), "boot this kernel");
    add("initrd", text("FILE"), "with this initial ramdisk");
    add("cmdline", text("WORDS"), "and this kernel command line (default: console=ttyS0)");
    add("memory", text("SIZE")->default_value("512M"), "memory");
    add("vcpus", text("N")->default_value("1"), "virtual CPUs");
    declare_network(add);
    declare_disks(add);
    declare_seed(add);
    add("accel", text("auto|kvm|tcg")->default_value("auto"), "auto: by measurement");
    add("console", "show the guest's serial console; on a terminal also type into it, Ctrl-] leaves");
    declare_hardware(add);
    declare_wait(add);
    add("rm", "run in the foreground and remove the VM at the end, whatever the end is");
    declare_gate(add);
    add("all-or-nothing", "of several VMs: if one fails, remove all");
    add("connect", text("URI"), "libvirt's address (default: qemu:///system for root, else qemu:///session)");
    add("why", "with --dry-run: each choice with its reason and what it rests on here");
    add("dry-run", "show the steps, change nothing; exit code 1");
    add("print-xml", "print the libvirt description, change nothing");
    add("json", "one JSON record on standard output");
    declare_progress(add);
}

void declare_progress(cli::po::options_description_easy_init& add)
{
    add("progress",
        cli::po::value<std::string>()->value_name("text|json")->default_value("text"),
        "json: one object a line on standard error");
}

Result<Progress> read_progress(const cli::Arguments& arguments)
{
    const std::string text = arguments.text("progress");
    if (text == "text" || text == "json") {
        return text == "json" ? Progress::json : Progress::text;
    }
    return usage(fmt::format("'{}' is no form of progress", text), "use --progress text or json");
}

/// Image, new disks and seed would be made here, where that host's QEMU cannot read them.
bool makes_files(const LaunchOptions& options)
{
    return !std::holds_alternative<std::monostate>(options.image) || options.spec.seed ||
           std::ranges::any_of(options.spec.disks.extra,
                               [](const auto& disk) { return std::holds_alternative<virt::NewDisk>(disk); });
}

Result<void> check_reach(const LaunchOptions& options)
{
    const std::string uri = options.uri.value_or("");
    const bool elsewhere = !uri.empty() && !virt::leads_to_this_host(uri);
    const auto& nics = options.spec.nics;
    const bool tagged = std::ranges::any_of(nics, [](const virt::Nic& nic) {
        const auto* bridge = std::get_if<virt::BridgeNic>(&nic.source);
        return bridge != nullptr && bridge->vlan;
    });
    if (elsewhere && tagged) {
        return usage("cannot put a port of another host into a VLAN", "run vm-run on that host");
    }
    if (elsewhere && !options.existing && makes_files(options)) {
        return usage("cannot make disks or a cloud-init seed on another host",
                     "run vm-run on that host; from here go --kernel and disks that are there already");
    }
    const auto wait = options.wait.wait;
    if (uri.starts_with("test:") && wait != Wait::none && wait != Wait::boot) {
        return usage(fmt::format("cannot wait for {}: libvirt's test driver runs nothing", word(wait)),
                     "use --wait none");
    }
    if (uri.starts_with("test:") && options.show == Show::nothing) {
        return usage("cannot launch a VM on libvirt's test driver: it runs nothing, and forgets all with its client",
                     "see what would be made: --dry-run or --print-xml");
    }
    return {};
}

Result<LaunchOptions> read_vm_options(const cli::Arguments& arguments)
{
    auto spec = read_spec(arguments);
    if (!spec) {
        return spec.error();
    }
    const auto wait = read_wait(arguments);
    if (!wait) {
        return wait.error();
    }
    const bool own_network = names_networks(arguments);
    if (auto possible = own_network ? check_calls(wait->wait, spec->nics) : Result<void>{}; !possible) {
        return possible.error();
    }
    auto kernel = read_kernel(arguments);
    auto image = read_image(arguments);
    if (!kernel || !image) {
        return !kernel ? kernel.error() : image.error();
    }
    spec->kernel = std::move(*kernel);
    const bool boots_itself = !spec->kernel && !std::holds_alternative<std::monostate>(*image);
    const auto disks = read_disks(arguments, *spec);
    const auto seed = read_seed(arguments, *spec, boots_itself);
    if (!disks || !seed) {
        return !disks ? disks.error() : seed.error();
    }
    return LaunchOptions{.names = *names_of(arguments),
                         .spec = std::move(*spec),
                         .own_user = arguments.has("user"),
                         .own_network = own_network,
                         .image = std::move(*image),
                         .wait = *wait};
}

Result<void> read_common_options(const cli::Arguments& arguments, LaunchOptions& options)
{
    const auto accel = read_accel(arguments.text("accel"));
    const auto progress = read_progress(arguments);
    if (!accel || !progress) {
        return !accel ? accel.error() : progress.error();
    }
    options.accel = *accel;
    options.progress = *progress;
    options.all_or_nothing = arguments.has("all-or-nothing");
    options.spec.lifetime = arguments.has("rm") ? virt::Lifetime::ephemeral : virt::Lifetime::kept;
    options.uri = arguments.maybe("connect");
    options.show = arguments.has("print-xml") ? Show::xml : arguments.has("dry-run") ? Show::steps : Show::nothing;
    options.overcommit = arguments.has("overcommit");
    options.why = arguments.has("why");
    options.start_networks = arguments.has("net-start");
    options.console = arguments.has("console");
    options.json = arguments.has("json");
    options.verbose = arguments.has("verbose");
    options.command_line = arguments.command_line();
    return {};
}

Result<void> check_options(const LaunchOptions& options)
{
    auto checked = check_combination(options);
    return checked ? check_reach(options) : checked;
}

Result<LaunchOptions> read_launch_options(const cli::Arguments& arguments)
{
    auto options = read_vm_options(arguments);
    if (!options) {
        return options;
    }
    if (auto read = read_common_options(arguments, *options); !read) {
        return read.error();
    }
    auto checked = check_options(*options);
    return checked ? options : checked.error();
}

std::vector<LaunchOptions> each_alone(const std::vector<LaunchOptions>& entries)
{
    std::vector<LaunchOptions> all;
    for (const LaunchOptions& entry : entries) {
        all.reserve(all.size() + entry.names.size());
        for (const auto& name : entry.names) {
            all.push_back(entry);
            all.back().names = {name};
            all.back().spec.name = name;
        }
    }
    return all;
}

Result<void> check_together(const std::vector<LaunchOptions>& all)
{
    const LaunchOptions& first = all.front();
    if (all.size() > 1 && (first.console || first.show == Show::xml || first.start_networks)) {
        return usage("--console, --print-xml and --net-start are for one VM", "launch it alone");
    }
    std::vector<virt::VmSpec> specs;
    specs.reserve(all.size());
    std::ranges::transform(all, std::back_inserter(specs), &LaunchOptions::spec);
    const auto clash = virt::find_clash(specs);
    return clash ? usage(clash->message, clash->hint) : Result<void>{};
}

}  // namespace kvmkit::vm_run
