// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netlink/attr.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace kvmkit::net {

/// What lies in an attribute of an answer, however short it is. Null has nothing in it.
inline std::string_view bytes_of(const nlattr* attribute)
{
    return attribute == nullptr ? std::string_view{}
                                : std::string_view{static_cast<const char*>(nla_data(attribute)),
                                                   static_cast<std::size_t>(nla_len(attribute))};
}

/// Up to the zero that ends a name.
inline std::string text_of(const nlattr* attribute)
{
    const auto bytes = bytes_of(attribute);
    return std::string{bytes.substr(0, bytes.find('\0'))};
}

inline std::uint32_t number_or(const nlattr* attribute, std::uint32_t otherwise)
{
    return bytes_of(attribute).size() >= sizeof(std::uint32_t) ? nla_get_u32(attribute) : otherwise;
}

inline std::uint8_t byte_or(const nlattr* attribute, std::uint8_t otherwise)
{
    return bytes_of(attribute).empty() ? otherwise : nla_get_u8(attribute);
}

}  // namespace kvmkit::net
