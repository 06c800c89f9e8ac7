// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/update_failure.hpp"

#include "base/text.hpp"
#include "setup/apt_output.hpp"

#include <algorithm>
#include <array>

namespace kvmkit::setup {
namespace {

struct Row {
    std::string_view sign;
    std::string_view cause;
    std::string_view hint = {};
};

constexpr std::string_view no_release = "does not have a Release file";

/// In order of depth. Each sign was seen with apt 2.6.
constexpr std::array rows{
    Row{"Malformed entry", "apt cannot read a line of the sources", "mend or comment out the line"},
    Row{"Malformed stanza", "apt cannot read a stanza of the sources", "mend or comment out the stanza"},
    Row{"certificate verify failed",
        "its certificate cannot be checked",
        "apt-get install ca-certificates; or use its http URL: packages are signed all the same"},
    Row{"Certificate verification failed",
        "its certificate cannot be checked",
        "apt-get install ca-certificates; or use its http URL: packages are signed all the same"},
    Row{"Connection refused", "it refuses connections"},  // before the next: apt then says that of the address, too
    Row{"Could not resolve", "its name cannot be resolved", "check the name, and this host's resolver"},
    Row{"Temporary failure resolving", "its name cannot be resolved", "check the name, and this host's resolver"},
    Row{"NO_PUBKEY", "it is signed by a key that this host does not trust"},
    Row{"is not signed", "it is not signed"},
    Row{"invalid signature", "its signature is wrong"},
    Row{"BADSIG", "its signature is wrong"},
    Row{"EXPKEYSIG",
        "its key has expired",
        "is this host's clock right? if it is, the release's keyring is out of date"},
    Row{"is expired",
        "its index is too old: the mirror no longer follows its vendor, or the release has ended",
        "host-setup mirror test finds one that does; the check is never turned off"},
    Row{"is not valid yet", "this host's clock is behind", "set the clock: timedatectl set-ntp true"},
    Row{"changed its 'Codename'", "it serves another release under this name"},
    Row{"changed its 'Suite'", "it serves another release under this name"},
    Row{"Conflicting distribution", "it serves another release under this name"},
    Row{"Mirror sync in progress",
        "it is being brought up to date right now",
        "try again in an hour, or another mirror"},
    Row{"File has unexpected size",
        "it is being brought up to date right now",
        "try again in an hour, or another mirror"},
    Row{"Hash Sum mismatch", "what it serves is not what its index says", "try again in an hour, or another mirror"},
    Row{no_release, "it does not have this release"},
    Row{"doesn't have the component", "it lacks a component that the sources ask for"},
    Row{"connection timed out", "it does not answer"},
    Row{"Could not connect", "it cannot be reached"},
    Row{"Cannot initiate the connection", "it cannot be reached"},
    Row{"Failed to fetch", "a file of it cannot be fetched"},
    Row{"Could not get lock", "another apt is at work", "try again once it is done"},
};

bool is_complaint(std::string_view line)
{
    return line.starts_with("W:") || line.starts_with("E:") || line.starts_with("Err:") || line.starts_with("  ") ||
           line.starts_with("N:");
}

}  // namespace

std::optional<UpdateFailure> read_update_failure(std::string_view text)
{
    const auto problems = read_update_problems(text);
    for (const Row& row : rows) {
        for (const auto line : lines(text)) {
            if (is_complaint(line) && line.find(row.sign) != std::string_view::npos) {
                const bool missing = row.sign == no_release;
                return UpdateFailure{std::string{row.cause}, std::string{row.hint}, std::string{trim(line)}, missing};
            }
        }
    }
    if (problems.empty()) {
        return std::nullopt;
    }
    return UpdateFailure{"apt cannot read it", "", problems.front(), false};
}

}  // namespace kvmkit::setup
