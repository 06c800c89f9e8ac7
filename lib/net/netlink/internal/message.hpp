// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_handle.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstdint>
#include <new>
#include <string_view>

namespace kvmkit::net {

/// A request under construction. Throws bad_alloc where it does not fit into memory.
class Message {
public:
    template <class Header>
    Message(int type, int flags, Header header) : message_(nlmsg_alloc_size(capacity))
    {
        require(message_ != nullptr);
        require(nlmsg_put(get(), NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags) != nullptr);
        append(header);
    }

    Message& put(int type, std::string_view bytes)
    {
        require(nla_put(get(), type, static_cast<int>(bytes.size()), bytes.data()) == 0);
        return *this;
    }

    Message& put_text(int type, const std::string& text)
    {
        require(nla_put_string(get(), type, text.c_str()) == 0);
        return *this;
    }

    Message& put_number(int type, std::uint32_t number)
    {
        require(nla_put_u32(get(), type, number) == 0);
        return *this;
    }

    /// Puts a fixed part, without an attribute around it.
    template <class Header>
    Message& append(Header header)
    {
        require(nlmsg_append(get(), &header, sizeof(header), NLMSG_ALIGNTO) == 0);
        return *this;
    }

    /// Puts what `fill` puts into an attribute of its own.
    template <class Fill>
    Message& nest(int type, Fill fill)
    {
        nlattr* const start = nla_nest_start(get(), type);
        require(start != nullptr);
        fill(*this);
        require(nla_nest_end(get(), start) == 0);
        return *this;
    }

    [[nodiscard]] nl_msg* get() const noexcept { return message_.get(); }

private:
    static constexpr std::size_t capacity = 40960;

    static void require(bool done)
    {
        if (!done) {
            throw std::bad_alloc{};
        }
    }

    UniqueHandle<nl_msg, nlmsg_free> message_;
};

}  // namespace kvmkit::net
