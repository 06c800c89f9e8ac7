// SPDX-License-Identifier: Apache-2.0
#include "launch_options.hpp"

#include "base/deadline.hpp"
#include "base/unique_fd.hpp"
#include "commands.hpp"
#include "net/model/names.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

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

Result<std::optional<virt::BaseImage>> read_image(const cli::Arguments& arguments)
{
    const auto given = arguments.maybe("image");
    if (!given) {
        return std::optional<virt::BaseImage>{};
    }
    if (auto text = file_name(*given, "image"); !text) {
        return text.error();
    }
    auto image = virt::inspect_image(*given);
    if (!image) {
        return image.error();
    }
    return std::optional{std::move(*image)};
}

Result<virt::Network> read_network(const std::string& text)
{
    constexpr std::string_view bridge_prefix = "bridge=";
    if (text == "none") {
        return virt::Network{virt::NoNetwork{}};
    }
    if (text == "user") {
        return virt::Network{virt::UserNetwork{}};
    }
    if (!text.starts_with(bridge_prefix)) {
        return usage(fmt::format("'{}' is no network", text), "use --net none, user or bridge=NAME");
    }
    const auto name = net::LinkName::parse(std::string_view{text}.substr(bridge_prefix.size()));
    if (!name) {
        return name.error();
    }
    return virt::Network{virt::BridgeNetwork{name->str()}};
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

Result<Wait> read_wait(const std::string& text)
{
    if (text == "boot" || text == "none") {
        return text == "boot" ? Wait::boot : Wait::none;
    }
    return usage(fmt::format("'{}' is nothing to wait for", text), "use --wait boot or none");
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
    if (!options.spec.kernel && !options.spec.image) {
        return usage("nothing to boot", "name a disk image (--image FILE) or a kernel (--kernel FILE)");
    }
    if (options.json && (options.console || options.show == Show::xml)) {
        return usage("--json prints one record on standard output, where --console and --print-xml print as well");
    }
    return {};
}

/// The parts of a spec that stand for themselves.
Result<virt::VmSpec> read_spec(const cli::Arguments& arguments)
{
    auto name = virt::VmName::parse(arguments.operands().front());
    auto memory = read_memory(arguments.text("memory"));
    auto network = read_network(arguments.text("net"));
    const auto vcpus = read_vcpus(arguments.text("vcpus"));
    if (!name || !memory || !network) {
        return !name ? name.error() : !memory ? memory.error() : network.error();
    }
    if (!vcpus) {
        return vcpus.error();
    }
    return virt::VmSpec{.name = std::move(*name),
                        .memory = *memory,
                        .vcpus = *vcpus,
                        .network = std::move(*network),
                        .lifetime = arguments.has("rm") ? virt::Lifetime::ephemeral : virt::Lifetime::kept};
}

}  // namespace

void declare_launch(cli::po::options_description_easy_init add)
{
    using cli::po::value;
    const auto text = [](const char* shown) { return value<std::string>()->value_name(shown); };
    add("image", text("FILE"), "boot this disk image (qcow2 or raw); writes go to an overlay");
    add("kernel", text("FILE"), "boot this kernel");
    add("initrd", text("FILE"), "with this initial ramdisk");
    add("cmdline", text("WORDS"), "and this kernel command line (default: console=ttyS0)");
    add("memory", text("SIZE")->default_value("512M"), "memory");
    add("vcpus", text("N")->default_value("1"), "virtual CPUs");
    add("net", text("NET")->default_value("user"), "none, user (NAT by QEMU) or bridge=NAME");
    add("accel", text("WHAT")->default_value("auto"), "auto (by measurement), kvm or tcg");
    add("console", "show the guest's serial console; on a terminal also type into it, Ctrl-] leaves");
    add("wait", text("WHAT")->default_value("boot"), "boot or none");
    add("timeout", text("TIME")->default_value("120"), "how long to wait");
    add("rm", "run in the foreground and remove the VM at the end, whatever the end is");
    add("connect", text("URI"), "libvirt's address (default: qemu:///system for root, else qemu:///session)");
    add("dry-run", "show the steps, change nothing; exit code 1");
    add("print-xml", "print the libvirt description, change nothing");
    add("json", "one JSON record on standard output");
}

Result<LaunchOptions> read_launch_options(const cli::Arguments& arguments)
{
    auto spec = read_spec(arguments);
    if (!spec) {
        return spec.error();
    }
    const auto accel = read_accel(arguments.text("accel"));
    const auto wait = read_wait(arguments.text("wait"));
    const auto timeout = parse_duration(arguments.text("timeout"));
    if (!accel || !wait || !timeout) {
        return !accel ? accel.error() : !wait ? wait.error() : usage(timeout.error().message, timeout.error().hint);
    }
    auto kernel = read_kernel(arguments);
    auto image = read_image(arguments);
    if (!kernel || !image) {
        return !kernel ? kernel.error() : image.error();
    }
    spec->kernel = std::move(*kernel);
    spec->image = std::move(*image);
    LaunchOptions options{.spec = std::move(*spec),
                          .accel = *accel,
                          .wait = *wait,
                          .timeout = *timeout,
                          .uri = arguments.maybe("connect"),
                          .show = arguments.has("print-xml") ? Show::xml
                                  : arguments.has("dry-run") ? Show::steps
                                                             : Show::nothing,
                          .console = arguments.has("console"),
                          .json = arguments.has("json"),
                          .command_line = arguments.command_line()};
    if (auto checked = check_combination(options); !checked) {
        return checked.error();
    }
    return options;
}

}  // namespace kvmkit::vm_run
