// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/model/desired.hpp"
#include "net/state/tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// Something in a state file that cannot stay as it is.
struct Mistake {
    Place place = {};
    KeyPath path = {};  ///< Empty: the file as a whole.
    std::string message = {};
    std::string hint = {};  ///< What would be right.

    bool operator==(const Mistake&) const = default;
};

/// The mistakes of one file, in the order of their places. More than `most` are counted only: whoever mends 20 asks
/// again.
class Mistakes {
public:
    static constexpr std::size_t most = 20;

    void add(Mistake mistake);
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] const std::vector<Mistake>& list() const { return list_; }

private:
    std::vector<Mistake> list_;
    std::size_t count_ = 0;
};

/// A file as it was read, for those who point at what is wrong in it.
struct SourceText {
    std::string name = {};  ///< As messages show it.
    std::string text = {};
};

/// "lan.yml:4:11: MESSAGE", the line with a caret below it, the path of the key, the hint.
std::string pointed_at(const SourceText& file, const Mistake& mistake);

/// All mistakes of a file that can therefore not be used: ErrorCode::usage. `kind`: "state file".
Error error_of(std::string_view kind, const SourceText& file, const Mistakes& mistakes);

/// A line of a file for a terminal, with a caret below that column; a long line is cut on both sides.
std::string excerpt(std::string_view text, Place place);

}  // namespace kvmkit::net
