// SPDX-License-Identifier: Apache-2.0
#include "base/number.hpp"
#include "base/text.hpp"
#include "net/model/address.hpp"
#include "net/model/option.hpp"
#include "net/model/scalar.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr unsigned ticks_per_second = 100;
constexpr std::array protocols{OptionWord{"802.1q", ETH_P_8021Q}, OptionWord{"802.1ad", ETH_P_8021AD}};

Error wrong(std::string_view text, std::string_view kind, std::string hint)
{
    return {ErrorCode::usage, fmt::format("'{}' is no {}", text, kind), std::move(hint)};
}

std::string list_of(std::span<const OptionWord> words)
{
    std::vector<std::string_view> texts(words.size());
    std::ranges::transform(words, texts.begin(), &OptionWord::text);
    return fmt::format("{}", fmt::join(texts, ", "));
}

const OptionWord* find_word(std::span<const OptionWord> words, std::string_view text)
{
    const auto number = read_number(text);
    const auto found = std::ranges::find_if(
        words, [&](const OptionWord& word) { return word.text == text || (number && word.number == *number); });
    return found == words.end() ? nullptr : &*found;
}

Result<LinkOption> read_in_range(const OptionSpec& spec, std::string_view text)
{
    const auto number = read_number(text);
    if (!number || *number < spec.least || *number > spec.most) {
        return wrong(text,
                     number ? "number that fits here" : "number",
                     fmt::format("give a number from {} to {}{}",
                                 spec.least,
                                 spec.most,
                                 spec.form == OptionForm::ticks ? ", of 1/100 s" : ""));
    }
    return number_option(spec.type, *number, spec.width);
}

Result<LinkOption> read_word(const OptionSpec& spec, std::string_view text)
{
    const OptionWord* word = find_word(spec.words, text);
    if (word == nullptr) {
        return wrong(text, "known word here", fmt::format("write one of {}", list_of(spec.words)));
    }
    return number_option(spec.type, word->number, spec.width);
}

/// Seconds with at most two digits behind the point, in 1/100 s.
std::optional<std::uint64_t> read_seconds(std::string_view text)
{
    const auto point = text.find('.');
    const auto whole = read_number(text.substr(0, point));
    const auto rest = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
    const auto hundredths = rest.empty() ? std::optional<std::uint64_t>{0} : decimal<std::uint64_t>(rest);
    constexpr std::uint64_t longest = 0xffffffff;
    if (!whole || *whole > longest || !hundredths || rest.size() > 2 || (point != text.npos && rest.empty())) {
        return std::nullopt;
    }
    constexpr unsigned tenths = 10;
    return *whole * ticks_per_second + *hundredths * (rest.size() == 1 ? tenths : 1);
}

Result<LinkOption> read_time(const OptionSpec& spec, std::string_view text)
{
    const auto ticks = read_seconds(text);
    if (!ticks || *ticks < spec.least * ticks_per_second || *ticks > spec.most * ticks_per_second) {
        return wrong(text,
                     ticks ? "time that fits here" : "time",
                     fmt::format("give seconds from {} to {}", spec.least, spec.most));
    }
    return number_option(spec.type, *ticks, spec.width);
}

Result<LinkOption> read_flags(const OptionSpec& spec, std::string_view text)
{
    std::uint64_t bits = 0;
    if (spec.words.empty()) {
        const auto on = read_boolean(text);
        if (!on) {
            return wrong(text, "boolean", "write true or false");
        }
        bits = *on ? spec.most : 0;
    } else if (const OptionWord* word = find_word(spec.words, text)) {
        bits = word->number;
    } else {
        return wrong(text, "known word here", fmt::format("write one of {}", list_of(spec.words)));
    }
    const std::array<std::uint32_t, 2> flags{static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(spec.most)};
    LinkOption option{spec.type, std::string(sizeof(flags), '\0')};
    std::memcpy(option.bytes.data(), flags.data(), sizeof(flags));
    return option;
}

std::string big_endian(std::uint64_t number)
{
    const auto narrow = htons(static_cast<std::uint16_t>(number));
    std::string bytes(sizeof(narrow), '\0');
    std::memcpy(bytes.data(), &narrow, sizeof(narrow));
    return bytes;
}

std::uint16_t from_big_endian(const std::string& bytes)
{
    std::uint16_t narrow = 0;
    std::memcpy(&narrow, bytes.data(), std::min(bytes.size(), sizeof(narrow)));
    return ntohs(narrow);
}

Result<LinkOption> read_address(const OptionSpec& spec, std::string_view text)
{
    const Family family = spec.form == OptionForm::ipv6 ? Family::ipv6 : Family::ipv4;
    const auto address = IpAddress::parse(text);
    if (!address || address->family() != family) {
        return wrong(text,
                     family == Family::ipv4 ? "IPv4 address" : "IPv6 address",
                     family == Family::ipv4 ? "write it as 192.0.2.1" : "write it as 2001:db8::1");
    }
    return LinkOption{spec.type, std::string{address->bytes()}};
}

Result<LinkOption> read_addresses(const OptionSpec& spec, std::string_view text)
{
    LinkOption option{spec.type, {}};
    std::uint16_t number = 0;
    for (const std::string_view part : split(text, ',')) {
        const auto address = IpAddress::parse(trim(part));
        if (!address || address->family() != Family::ipv4 || number == spec.most) {
            return wrong(text,
                         "list of IPv4 addresses",
                         fmt::format("write it as 192.0.2.1,192.0.2.2; at most {} of them", spec.most));
        }
        const rtattr head{static_cast<unsigned short>(RTA_LENGTH(address->bytes().size())), number++};
        std::string bytes(sizeof(head), '\0');
        std::memcpy(bytes.data(), &head, sizeof(head));
        option.bytes += bytes + std::string{address->bytes()};
    }
    return option;
}

std::string addresses_text(const std::string& bytes)
{
    std::vector<std::string> texts;
    for (std::size_t at = 0; at + sizeof(rtattr) <= bytes.size();) {
        rtattr head{};
        std::memcpy(&head, bytes.data() + at, sizeof(head));
        const std::size_t size = head.rta_len;
        if (size < sizeof(head) + sizeof(in_addr) || at + size > bytes.size()) {
            break;
        }
        IpAddress::Octets octets{};
        std::memcpy(octets.data(), bytes.data() + at + sizeof(head), sizeof(in_addr));
        texts.push_back(IpAddress{Family::ipv4, octets}.str());
        at += RTA_ALIGN(size);
    }
    return fmt::format("{}", fmt::join(texts, ","));
}

Result<LinkOption> read_mac(const OptionSpec& spec, std::string_view text)
{
    const auto mac = MacAddress::parse(text);
    if (!mac) {
        return mac.error();
    }
    return LinkOption{spec.type, std::string(mac->octets().begin(), mac->octets().end())};
}

template <std::size_t size>
std::array<std::uint8_t, size> octets_in(const std::string& bytes)
{
    std::array<std::uint8_t, size> octets{};
    std::memcpy(octets.data(), bytes.data(), std::min(bytes.size(), size));
    return octets;
}

std::string number_text(const LinkOption& option)
{
    return fmt::format("{}", option_number(option).value_or(0));
}

std::string word_text(std::span<const OptionWord> words, std::uint64_t number)
{
    const auto found = std::ranges::find(words, number, &OptionWord::number);
    return found == words.end() ? fmt::format("{}", number) : std::string{found->text};
}

std::string seconds_text(std::uint64_t ticks)
{
    const auto rest = ticks % ticks_per_second;
    return rest == 0 ? fmt::format("{}", ticks / ticks_per_second)
                     : fmt::format("{}.{:02}", ticks / ticks_per_second, rest);
}

std::array<std::uint32_t, 2> flags_in(const LinkOption& option)
{
    std::array<std::uint32_t, 2> flags{};
    std::memcpy(flags.data(), option.bytes.data(), std::min(option.bytes.size(), sizeof(flags)));
    return flags;
}

std::string flags_text(const OptionSpec& spec, const LinkOption& option)
{
    const std::uint64_t bits = flags_in(option)[0] & spec.most;
    return spec.words.empty() ? (bits != 0 ? "true" : "false") : word_text(spec.words, bits);
}

}  // namespace

Result<LinkOption> read_option(const OptionSpec& spec, std::string_view text)
{
    switch (spec.form) {
        case OptionForm::boolean: {
            const auto on = read_boolean(text);
            return on ? Result<LinkOption>{number_option(spec.type, *on ? 1 : 0, spec.width)}
                      : Result<LinkOption>{wrong(text, "boolean", "write true or false")};
        }
        case OptionForm::seconds: return read_time(spec, text);
        case OptionForm::word: return read_word(spec, text);
        case OptionForm::protocol: {
            const OptionWord* word = find_word(protocols, text);
            return word != nullptr ? Result<LinkOption>{LinkOption{spec.type, big_endian(word->number)}}
                                   : Result<LinkOption>{wrong(text, "VLAN protocol", "write 802.1q or 802.1ad")};
        }
        case OptionForm::port: {
            const auto number = read_in_range(spec, text);
            return number ? Result<LinkOption>{LinkOption{spec.type, big_endian(option_number(*number).value_or(0))}}
                          : number;
        }
        case OptionForm::mac: return read_mac(spec, text);
        case OptionForm::ipv4:
        case OptionForm::ipv6: return read_address(spec, text);
        case OptionForm::ipv4_list: return read_addresses(spec, text);
        case OptionForm::flags: return read_flags(spec, text);
        case OptionForm::number:
        case OptionForm::ticks: break;
    }
    return read_in_range(spec, text);
}

std::string option_text(const OptionSpec& spec, const LinkOption& option)
{
    constexpr std::size_t ipv6_octets = 16;
    switch (spec.form) {
        case OptionForm::boolean: return option_number(option).value_or(0) != 0 ? "true" : "false";
        case OptionForm::seconds: return seconds_text(option_number(option).value_or(0));
        case OptionForm::word: return word_text(spec.words, option_number(option).value_or(0));
        case OptionForm::protocol: return word_text(protocols, from_big_endian(option.bytes));
        case OptionForm::port: return fmt::format("{}", from_big_endian(option.bytes));
        case OptionForm::mac: return MacAddress{octets_in<ETH_ALEN>(option.bytes)}.str();
        case OptionForm::ipv4: return IpAddress{Family::ipv4, octets_in<ipv6_octets>(option.bytes)}.str();
        case OptionForm::ipv6: return IpAddress{Family::ipv6, octets_in<ipv6_octets>(option.bytes)}.str();
        case OptionForm::ipv4_list: return addresses_text(option.bytes);
        case OptionForm::flags: return flags_text(spec, option);
        case OptionForm::number:
        case OptionForm::ticks: break;
    }
    return number_text(option);
}

void put_option(LinkOptions& options, const OptionSpec& spec, const LinkOption& option)
{
    const auto found = std::ranges::find(options, option.type, &LinkOption::type);
    if (found == options.end()) {
        options.push_back(option);
        return;
    }
    if (spec.form == OptionForm::flags) {
        const auto before = flags_in(*found);
        const auto more = flags_in(option);
        const std::array<std::uint32_t, 2> both{(before[0] & ~more[1]) | more[0], before[1] | more[1]};
        std::memcpy(found->bytes.data(), both.data(), sizeof(both));
        return;
    }
    *found = option;
}

}  // namespace kvmkit::net
