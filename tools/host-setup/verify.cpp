// SPDX-License-Identifier: Apache-2.0
#include "setup/verify.hpp"

#include "apply.hpp"
#include "base/answer.hpp"
#include "commands.hpp"
#include "components.hpp"
#include "image.hpp"
#include "kvm/prove.hpp"
#include "look.hpp"
#include "plan.hpp"
#include "render.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

using cli::Json;
using setup::Proof;

/// Runs guest code through /dev/kvm, in a child that is gone afterwards.
setup::KvmTrial try_kvm()
{
    constexpr std::chrono::seconds patience{10};
    const auto proven = kvm::prove("/dev/kvm", Deadline::after(patience));
    if (!proven) {
        return {.problem = proven.error().message};
    }
    const kvm::Proof& proof = proven->proof;
    if (!proof.open.ok()) {
        return {.problem = fmt::format("cannot open /dev/kvm: {}", errno_text(proof.open.errnum))};
    }
    const bool came_to_it = static_cast<int>(proof.reached) > static_cast<int>(kvm::Stage::create_vm);
    if (!came_to_it || !proof.create_vm.ok()) {
        return {.problem = fmt::format("/dev/kvm makes no VM: {}", kvm::phrase(proof.reached))};
    }
    if (proof.real.ended != kvm::Ended::passed && proof.real.ended != kvm::Ended::no_guest_code) {
        return {.problem = fmt::format("no guest runs through /dev/kvm: {}", kvm::explain(proof.real))};
    }
    return {.evidence =
                fmt::format("/dev/kvm was opened (API {}) and guest code ran through it", proof.api_version.value)};
}

void print_record(const cli::Console& console,
                  const setup::Host& host,
                  const setup::Components& components,
                  const std::vector<setup::Finding>& findings)
{
    Json records = Json::array();
    for (const auto& finding : findings) {
        records.push_back({{"component", word(finding.component)},
                           {"id", finding.id},
                           {"state", word(finding.proof)},
                           {"evidence", finding.evidence},
                           {"hint", finding.hint.empty() ? Json() : Json(finding.hint)}});
    }
    print_json(console,
               {{"schema", cli::schema_name("host-setup", "verify")},
                {"host", host_record(host)},
                {"components", components_record(components)},
                {"findings", std::move(records)}});
}

cli::Colour colour_of(Proof proof)
{
    return proof == Proof::holds ? cli::Colour::green
                                 : (proof == Proof::fails ? cli::Colour::red : cli::Colour::yellow);
}

void print_text(const cli::Console& console, const setup::Host& host, const std::vector<setup::Finding>& findings)
{
    console.out << title(host) << '\n';
    for (const auto& finding : findings) {
        const auto mark =
            paint(fmt::format("{:<6}", word(finding.proof)), colour_of(finding.proof), console.out_colour);
        console.out << fmt::format("  {}  {:<10}  {}\n", mark, word(finding.component), finding.evidence);
        if (!finding.hint.empty()) {
            console.out << fmt::format("          {:<10}  hint: {}\n", "", finding.hint);
        }
    }
}

bool any(const std::vector<setup::Finding>& findings, Proof proof)
{
    return std::ranges::any_of(findings, [proof](const setup::Finding& finding) { return finding.proof == proof; });
}

}  // namespace

void declare_verify(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
    declare_profile(add);
    declare_wishes(add);
    declare_image(add, "try the system in DIR, an image");
}

namespace {

/// A mirror is asked, and a login tried, by a host that runs.
Result<void> check_can_be_told(const cli::Arguments& arguments)
{
    for (const auto component : {setup::Component::mirror, setup::Component::ssh_root}) {
        const auto name = std::string{word(component)};
        if (std::ranges::find(arguments.operands(), name) != arguments.operands().end()) {
            return Error{
                ErrorCode::usage,
                fmt::format("component {} cannot be verified in an image: only a host that runs shows it", name),
                "on the host itself: host-setup verify " + name};
        }
    }
    return {};
}

Result<cli::ExitCode> verify_here(const cli::Arguments& arguments, cli::Console& console)
{
    const auto chosen = components_of(arguments);
    const auto root = Root::open("/");
    if (!chosen || !root) {
        return chosen ? root.error() : chosen.error();
    }
    const auto& components = chosen->components;
    const auto wishes = read_wishes(arguments, components, *root);
    if (!wishes) {
        return wishes.error();
    }
    SystemRunner runner;
    auto wanted = setup::wanted_of(components, false, in_image(arguments) ? "" : shipped_packages());
    wanted.image = in_image(arguments);
    const auto host = look_at(*root, runner, wishes->user, wanted);
    if (!host) {
        return host.error();
    }
    const bool modules = components.contains(setup::Component::modules) && !wanted.image;
    const setup::VerifyRequest request{.components = components,
                                       .network = wishes->network,
                                       .kvm = modules ? try_kvm() : setup::KvmTrial{},
                                       .privileged = ::geteuid() == 0};
    auto findings = setup::verify(*host, runner, request);
    for (setup::Finding& finding : findings) {
        finding.hint = as_typed(finding.hint, arguments);
    }
    arguments.has("json") ? print_record(console, *host, components, findings) : print_text(console, *host, findings);
    if (any(findings, Proof::fails)) {
        return cli::ExitCode::no;
    }
    return any(findings, Proof::untold) ? cli::ExitCode::failed : cli::ExitCode::ok;
}

}  // namespace

Result<cli::ExitCode> run_verify(const cli::Arguments& arguments, cli::Console& console)
{
    const auto told = arguments.given("root") ? check_can_be_told(arguments) : Result<void>{};
    return told ? run_there(arguments, console, setup::Visit::looks, verify_here) : told.error();
}

}  // namespace kvmkit::host_setup
