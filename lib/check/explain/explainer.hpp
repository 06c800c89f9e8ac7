// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/explain/cause.hpp"
#include "facts/underlay.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// One cause that a log shows.
struct Explanation {
    std::string symptom;  ///< "S12"
    std::string check;    ///< The id of the check for it; empty: this version has none.
    std::string cause;    ///< One clause.
    Remedy remedy;
    bool certain = true;    ///< False: such lines are written where something else is the cause, too.
    std::string because;    ///< Set where it merely follows from another: that one's symptom.
    std::size_t count = 0;  ///< How many lines show it.
    std::size_t line = 0;   ///< The number of the first, from 1.
    std::string text;       ///< The first line, made printable and cut.
};

/// Everything said about one log: the deepest cause first, then by line.
struct LogReport {
    std::size_t lines = 0;
    std::size_t cut_lines = 0;  ///< Lines of which only the beginning was looked at.
    std::vector<Explanation> explanations;
};

/// Reads a log piece by piece and recognises what kernels, QEMU, libvirt, modprobe and VirtualBox say when KVM does not
/// work. Takes any bytes, and a bounded amount of memory for any number of them.
class Explainer {
public:
    Explainer();

    /// The next bytes; lines may be spread over several calls.
    void feed(std::string_view bytes);

    /// Ends the last line and tells what was found.
    [[nodiscard]] LogReport finish();

    /// What of a line is looked at.
    static constexpr std::size_t longest_line = 8192;

private:
    /// A pattern and what it stands for. Chained with the others whose first bytes have the same hash.
    struct Entry {
        std::string_view pattern;
        std::uint16_t row = 0;  ///< Of causes_, or of the clues where is_clue is set.
        bool is_clue = false;
        std::uint16_t next = 0;        ///< From 1; 0: the last.
        std::size_t dead_on_line = 0;  ///< It cannot match any more on this line.
    };
    struct Hit {
        std::size_t row = 0;
        Captures captures;
    };
    struct Found {
        std::size_t row = 0;
        Captures captures;
        std::size_t count = 0;
        std::size_t line = 0;
        std::string text;
    };

    void add_entry(std::string_view pattern, std::size_t row, bool is_clue);
    void end_line();
    void look_at(std::string_view line);
    void try_entry(Entry& entry, std::string_view rest, std::optional<Hit>& best);
    void note(Hit hit, std::string_view line);
    [[nodiscard]] Explanation explain(const Found& found) const;
    void refine(Explanation& explanation, const Found& found) const;
    [[nodiscard]] std::string_view root_of(const Found& found) const;
    /// "kvm_intel", where a line says that it is part of the kernel; empty: none does.
    [[nodiscard]] std::string built_in_module() const;

    std::vector<const Cause*> causes_;
    std::vector<Entry> entries_;
    std::vector<std::uint16_t> heads_;  ///< From 1; 0: no pattern begins so.
    std::vector<Found> found_;
    std::string line_;  ///< The line under way, at most longest_line of it.
    bool line_open_ = false;
    bool line_cut_ = false;
    std::size_t lines_ = 0;
    std::size_t cut_lines_ = 0;
    std::optional<std::size_t> clue_;  ///< The best hint at the underlay so far.
};

}  // namespace kvmkit
