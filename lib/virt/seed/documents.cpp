// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/documents.hpp"

#include "base/base64.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::virt {
namespace {

// JSON is YAML: nothing that a user writes needs quoting rules of our own. The order is that of writing.
using Json = nlohmann::ordered_json;

constexpr std::string_view root_user = "root";
constexpr std::string_view cloud_config = "#cloud-config\n";

/// Lists of both parts are joined, maps as well; a plain value that both give stays the first part's, which gives none
/// but the ssh host key.
constexpr std::string_view merging = "list(append)+dict(no_replace,recurse_list)+str()";

/// The image's own user stays, beside ours.
Json users_of(const Seed& seed)
{
    Json ours{{"name", seed.user}};
    if (seed.user != root_user) {
        ours["gecos"] = seed.user;
        ours["shell"] = "/bin/bash";
        ours["sudo"] = "ALL=(ALL) NOPASSWD:ALL";
        ours["lock_passwd"] = true;
    }
    if (!seed.keys.empty()) {
        ours["ssh_authorized_keys"] = seed.keys;
    }
    return {"default", ours};
}

std::string our_user_data(const Seed& seed, const KeyPair& host_key)
{
    Json config;
    config["users"] = users_of(seed);
    config["ssh_keys"] = {{"ed25519_private", host_key.private_key}, {"ed25519_public", host_key.public_key}};
    if (!seed.keys.empty()) {
        config["ssh_authorized_keys"] = seed.keys;  // for the image's own user
    }
    if (seed.user == root_user) {
        config["disable_root"] = false;
    }
    if (!seed.packages.empty()) {
        config["package_update"] = true;
        config["packages"] = seed.packages;
    }
    if (!seed.commands.empty()) {
        config["runcmd"] = seed.commands;
    }
    return std::string{cloud_config} + config.dump(1) + '\n';
}

/// cloud-init takes several documents as parts of one MIME message. In base64: its readers take plain text for ASCII.
std::string joined(std::string_view ours, std::string_view theirs)
{
    constexpr std::string_view boundary = "==kvmkit==";  // no base64 begins so
    const auto* type = theirs.starts_with("#!") ? "text/x-shellscript" : "text/cloud-config";
    return fmt::format(
        "Content-Type: multipart/mixed; boundary=\"{0}\"\nMIME-Version: 1.0\n\n"
        "--{0}\nContent-Type: text/cloud-config; charset=\"utf-8\"\nContent-Transfer-Encoding: base64\n\n{1}\n"
        "--{0}\nContent-Type: {3}; charset=\"utf-8\"\nContent-Transfer-Encoding: base64\nMerge-Type: {4}\n\n{2}\n"
        "--{0}--\n",
        boundary,
        encode_base64(ours),
        encode_base64(theirs),
        type,
        merging);
}

Json ethernet_of(const SeedNic& nic, std::size_t number)
{
    Json ethernet;
    ethernet["match"] = {{"macaddress", nic.mac}};
    ethernet["set-name"] = fmt::format("net{}", number);
    ethernet["dhcp4"] = !nic.fixed;
    if (nic.fixed) {
        ethernet["addresses"] = nic.fixed->addresses;
        Json routes = Json::array();
        for (const auto& gateway : nic.fixed->gateways) {
            const bool six = gateway.find(':') != std::string::npos;
            routes.push_back({{"to", six ? "::/0" : "0.0.0.0/0"}, {"via", gateway}});
        }
        if (!routes.empty()) {
            ethernet["routes"] = routes;
        }
        if (!nic.fixed->name_servers.empty()) {
            ethernet["nameservers"] = {{"addresses", nic.fixed->name_servers}};
        }
    }
    if (number > 0) {
        ethernet["optional"] = true;  // a card without DHCP behind it must not hold the boot up
    }
    return ethernet;
}

std::string network_config(const std::vector<SeedNic>& nics)
{
    Json config{{"version", 2}, {"ethernets", Json::object()}};
    for (std::size_t i = 0; i < nics.size(); ++i) {
        config["ethernets"][fmt::format("net{}", i)] = ethernet_of(nics[i], i);
    }
    return config.dump(1) + '\n';
}

}  // namespace

std::string hostname_for(std::string_view vm_name)
{
    std::string name{vm_name};
    std::ranges::replace(name, '_', '-');
    return name.substr(0, name.find_last_not_of("-.") + 1);
}

std::vector<SeedFile> seed_files(const Seed& seed, const SeedOwner& owner, const KeyPair& host_key)
{
    const Json meta{{"instance-id", owner.uuid},
                    {"local-hostname", seed.hostname.value_or(hostname_for(owner.vm_name))}};
    const auto ours = our_user_data(seed, host_key);
    std::vector<SeedFile> files{{"meta-data", meta.dump(1) + '\n'},
                                {"user-data", seed.user_data ? joined(ours, *seed.user_data) : ours},
                                {"vendor-data", std::string{cloud_config} + "{}\n"}};
    if (!owner.nics.empty()) {
        files.push_back({"network-config", network_config(owner.nics)});
    }
    return files;
}

}  // namespace kvmkit::virt
