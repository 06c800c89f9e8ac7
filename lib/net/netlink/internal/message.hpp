// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_handle.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstdint>
#include <new>
#include <string_view>

namespace kvmkit::net {

/// A request under construction. It grows with what is put. Throws bad_alloc where that does not fit.
class Message {
public:
    template <class Header>
    Message(int type, int flags, Header header) : message_(nlmsg_alloc_size(usual_size))
    {
        require(message_ != nullptr);
        require(nlmsg_put(get(), NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags) != nullptr);
        append(header);
    }

    Message& put(int type, std::string_view bytes)
    {
        fit([&] { return nla_put(get(), type, static_cast<int>(bytes.size()), bytes.data()) == 0; });
        return *this;
    }

    Message& put_text(int type, const std::string& text)
    {
        fit([&] { return nla_put_string(get(), type, text.c_str()) == 0; });
        return *this;
    }

    Message& put_number(int type, std::uint32_t number)
    {
        fit([&] { return nla_put_u32(get(), type, number) == 0; });
        return *this;
    }

    /// Puts a fixed part, without an attribute around it.
    template <class Header>
    Message& append(Header header)
    {
        fit([&] { return nlmsg_append(get(), &header, sizeof(header), NLMSG_ALIGNTO) == 0; });
        return *this;
    }

    /// Puts what `fill` puts into an attribute of its own.
    template <class Fill>
    Message& nest(int type, Fill fill)
    {
        nlattr* start = nullptr;
        fit([&] { return (start = nla_nest_start(get(), type)) != nullptr; });
        const auto at = reinterpret_cast<const char*>(start) - begin();
        fill(*this);  // which may move all that is there
        require(nla_nest_end(get(), reinterpret_cast<nlattr*>(begin() + at)) == 0);
        return *this;
    }

    [[nodiscard]] nl_msg* get() const noexcept { return message_.get(); }

private:
    static constexpr std::size_t usual_size = 1024;     ///< libnl clears all of it, for each request.
    static constexpr std::size_t largest_size = 40960;  ///< All VLANs of a port, each on its own.

    [[nodiscard]] char* begin() const noexcept { return reinterpret_cast<char*>(nlmsg_hdr(get())); }

    /// Puts once more where it did not fit.
    template <class Put>
    void fit(Put put)
    {
        if (!put()) {
            require(nlmsg_expand(get(), largest_size) == 0);
            require(put());
        }
    }

    static void require(bool done)
    {
        if (!done) {
            throw std::bad_alloc{};
        }
    }

    UniqueHandle<nl_msg, nlmsg_free> message_;
};

}  // namespace kvmkit::net
