// SPDX-License-Identifier: Apache-2.0
#include "from_check.hpp"

#include "look.hpp"
#include "setup/remedies.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

constexpr std::size_t largest_record = 8U << 20U;

Result<std::string> read_record(const std::string& file)
{
    if (file == "-") {
        return read_all(STDIN_FILENO, "standard input", largest_record);
    }
    const UniqueFd opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!opened) {
        return errno_error(errno,
                           fmt::format("cannot open '{}', what kvm-check found", file),
                           "kvm-check run --json | host-setup apply --from -");
    }
    return read_all(opened.get(), file, largest_record);
}

}  // namespace

void declare_from(cli::po::options_description_easy_init& add)
{
    add("from",
        cli::po::value<std::string>()->value_name("FILE"),
        "do what 'kvm-check run --json' found wrong on this host, as far as it is host-setup's; - is standard input");
}

Result<Chosen> chosen_of(const cli::Arguments& arguments)
{
    const auto file = arguments.maybe("from");
    if (!file) {
        return components_of(arguments);
    }
    if (!arguments.operands().empty() || arguments.has("profile")) {
        return Error{
            ErrorCode::usage, "--from says what is to be done, and components say it, too", "leave one of them out"};
    }
    const auto text = read_record(*file);
    const auto checked = text ? setup::read_checked_host(*text) : text.error();
    const auto root = checked ? Root::open("/") : checked.error();
    if (!root) {
        return root.error();
    }
    if (auto same = setup::check_same_boot(checked->host, this_machine(*root)); !same) {
        return std::move(same).error();
    }
    auto remedying = setup::components_for(*checked, !user_of(arguments).empty());
    return Chosen{std::move(remedying.components), false, std::move(remedying.notes)};
}

}  // namespace kvmkit::host_setup
