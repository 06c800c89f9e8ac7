// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/answers.hpp"
#include "virt/libvirt/libvirt_error.hpp"

#include <iostream>
#include <span>
#include <string_view>

// libvirt-facts [--read-only] [URI]: what kvm-check, which does not link libvirt, wants to know of it. Prints one JSON
// record (kvmkit.libvirt-facts/1) and exits with 0, also where libvirt does not answer: the record tells why.
int main(int argc, char** argv)
{
    using kvmkit::virt::Rights;
    auto words = std::span{argv, static_cast<std::size_t>(argc)}.subspan(argc > 0 ? 1 : 0);
    const bool read_only = !words.empty() && std::string_view{words.front()} == "--read-only";
    words = words.subspan(read_only ? 1 : 0);
    if (words.size() > 1 || (!words.empty() && std::string_view{words.front()}.starts_with('-'))) {
        std::cerr << "usage: libvirt-facts [--read-only] [URI]\n";
        return 2;
    }
    kvmkit::virt::silence_libvirt();
    const auto* uri = words.empty() ? "qemu:///system" : words.front();
    const auto answers = kvmkit::virt::ask_libvirt(uri, read_only ? Rights::read_only : Rights::read_write);
    std::cout << kvmkit::print_libvirt_answers(answers) << '\n';
    return std::cout.flush() ? 0 : 3;
}
