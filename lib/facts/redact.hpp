// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// Takes out of text what names one machine or one person: serial numbers, UUIDs, MACs, network addresses, and the host
/// and user names that it was told. What is taken out is replaced by a word, so that the text still reads.
class Redactor {
public:
    /// `host_name` may be empty, or hold a domain. `people`: further names of accounts, as people_of() finds them.
    Redactor(std::string_view host_name, const HostFacts& host, std::span<const std::string> people = {});

    /// Any text, line by line.
    [[nodiscard]] std::string text(std::string_view text) const;

    /// One file of a recording, by what its path says that it holds. Empty for one that is nothing but a name.
    [[nodiscard]] std::string file(std::string_view path, std::string_view content) const;

    /// The facts that capture.json holds.
    void facts(HostFacts& host) const;

private:
    [[nodiscard]] std::string group_file(std::string_view content) const;
    [[nodiscard]] std::string passwd_file(std::string_view content) const;
    [[nodiscard]] std::string user(std::string_view name) const;
    /// Who runs libvirt's QEMU, and who shall by its settings; numbers are left out.
    static std::vector<std::string> accounts_of_libvirt(const HostFacts& host);

    std::map<std::string, std::string, std::less<>> names_;  ///< Host and user names, with what stands for them.
};

/// The accounts of people in the text of etc/passwd: those from 1000 on, without nobody.
std::vector<std::string> people_of(std::string_view passwd_file);

}  // namespace kvmkit
