// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "setup/sources/repo_proof.hpp"

#include <array>

namespace kvmkit::setup {
namespace {

struct Row {
    std::string_view sign;
    std::string_view cause;
    std::string_view hint = {};
};

constexpr std::string_view in_an_hour = "try again in an hour, or another mirror";
constexpr std::string_view by_name = "check the name, and this host's resolver";
constexpr std::string_view wrong_signature = "its signature is wrong, or by a key that this host does not trust";

/// In order of depth. The signs are those of dnf 4 and dnf5, zypper 1.14 and pacman 6, all of which fetch by libcurl.
constexpr std::array rows{
    Row{"SSL certificate problem", "its certificate cannot be checked", "install ca-certificates, or use its http URL"},
    Row{"SSL peer certificate", "its certificate cannot be checked", "install ca-certificates, or use its http URL"},
    Row{"Could not resolve", "its name cannot be resolved", by_name},
    Row{"Couldn't resolve", "its name cannot be resolved", by_name},
    Row{"Connection refused", "it refuses connections"},
    Row{"Couldn't connect to server", "it cannot be reached"},
    Row{"Could not connect", "it cannot be reached"},
    Row{"Timeout was reached", "it does not answer"},
    Row{"timed out", "it does not answer"},
    Row{"GPG signature verification error", wrong_signature},
    Row{"Signature verification failed", wrong_signature},
    Row{"PGP signature", wrong_signature},
    Row{"unknown trust", wrong_signature},
    Row{"checksum doesn't match", "what it serves is not what its index says", in_an_hour},
    Row{"exceeded the expected filesize", "what it serves is not what its index says", in_an_hour},
    Row{"Digest verification failed", "what it serves is not what its index says", in_an_hour},
    Row{"repomd.xml.asc", "it is not signed"},  // before the next: that is what cannot be found then
    Row{"Status code: 404", "it does not have this release"},
    Row{"returned error: 404", "it does not have this release"},
    Row{"Repository type can't be determined", "it does not have this release"},
    Row{"not found on medium", "it does not have this release"},
};

}  // namespace

std::optional<UpdateFailure> read_repository_failure(std::string_view text)
{
    for (const Row& row : rows) {
        for (const auto line : lines(text)) {
            if (line.find(row.sign) != std::string_view::npos) {
                return UpdateFailure{std::string{row.cause}, std::string{row.hint}, std::string{trim(line)}};
            }
        }
    }
    return std::nullopt;
}

}  // namespace kvmkit::setup
