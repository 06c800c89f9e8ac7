// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/netlink/route_socket.hpp"
#include "net/planner/step.hpp"

#include <optional>
#include <span>
#include <vector>

namespace kvmkit::net {

/// Whether a step is no message, or many: it is made by itself.
bool goes_alone(const Step& step);

/// Whether an undoing step finds what it is to take back.
bool finds_its_change(const Step& step, const Network& network);

/// Steps that are made in a row without a look at the links between them: packed from what is expected of those before.
class Row {
public:
    /// Packs as many of the first steps as can be, and tells what undoes each. At least one, or the Error of the first.
    Result<std::vector<std::optional<Step>>> pack_changes(std::span<const Step> steps, Network network);

    /// Packs steps that undo, as many of the first as can be. Those whose guard will not hold need nothing.
    std::size_t pack_undoing(std::span<const Step> steps, Network network);

    /// How many of the steps that are left go together, up to `most`.
    [[nodiscard]] std::size_t next(const RouteSocket& route, std::size_t most) const;

    /// What of a row could not be made.
    struct Failure {
        std::size_t step = 0;  ///< Counted from the row's first.
        Error error;
        std::vector<std::uint16_t> attribute = {};
        std::string words = {};  ///< The kernel's own.
    };
    /// Makes these.
    std::optional<Failure> make(RouteSocket& route, std::size_t steps);

    [[nodiscard]] const Step& step(std::size_t number) const { return steps_.at(number); }
    [[nodiscard]] std::size_t made() const noexcept { return made_; }

private:
    class Packer;

    std::vector<Step> steps_ = {};
    std::vector<Parcel> parcels_ = {};
    std::vector<std::size_t> waiting_ = {};  ///< Parcels that are sent once all before them are known to be made.
    std::size_t first_ = 0;                  ///< Of the parcels that are left.
    std::size_t made_ = 0;                   ///< Steps.
    bool lost_ = false;                      ///< Answers were lost: what follows must be packed anew.
};

}  // namespace kvmkit::net
