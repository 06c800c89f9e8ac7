// SPDX-License-Identifier: Apache-2.0
#include "net/draw/tree.hpp"

#include "net/draw/columns.hpp"

#include <algorithm>

namespace kvmkit::net {
namespace {

constexpr std::string_view gap = "  ";
constexpr std::size_t least_room = 20;  ///< Details get at least that, if need be on lines of their own.

struct Strokes {
    std::string_view branch, last, rail, mark;
};
constexpr Strokes boxes{"├─ ", "└─ ", "│  ", "…"};
constexpr Strokes ascii{"|- ", "`- ", "|  ", "..."};

/// A box with what stands before it on its first line and on the others.
struct Row {
    const Box* box = nullptr;
    std::string lead = {};
    std::string rails = {};
    bool repeated = false;
};

std::string padded(std::string text, std::size_t columns)
{
    text.append(columns - std::min(columns, columns_of(text)), ' ');
    return text;
}

class Writer {
public:
    Writer(const Layers& layers, const TreeLook& look)
        : layers_(layers), look_(look), strokes_(look.utf8 ? boxes : ascii), drawn_(layers.boxes.size())
    {
    }

    std::string write()
    {
        for (const std::size_t ground : layers_.grounds) {
            place(ground, "", "");
        }
        for (const Row& row : rows_) {
            names_ = std::max(names_, columns_of(row.lead) + columns_of(row.box->name));
            if (!row.repeated) {
                kinds_ = std::max(kinds_, columns_of(row.box->kind));
                states_ = std::max(states_, word_of(row.box->state).size());
            }
        }
        for (const Row& row : rows_) {
            write_row(row);
        }
        return std::move(text_);
    }

private:
    void place(std::size_t number, const std::string& lead, const std::string& rails)  // NOLINT(misc-no-recursion)
    {
        const Box& box = layers_.boxes[number];
        const bool repeated = drawn_[number];
        drawn_[number] = true;
        const bool carries = !box.above.empty() && !repeated;
        rows_.push_back({&box, lead, rails + std::string{carries ? strokes_.rail : "   "}, repeated});
        if (!carries) {
            return;
        }
        for (std::size_t i = 0; i < box.above.size(); ++i) {
            const bool last = i + 1 == box.above.size();
            place(box.above[i],
                  rails + std::string{last ? strokes_.last : strokes_.branch},
                  rails + std::string{last ? "   " : strokes_.rail});
        }
    }

    [[nodiscard]] std::size_t room_from(std::size_t column) const
    {
        return look_.width == 0 ? std::string::npos : look_.width - std::min(look_.width, column);
    }

    [[nodiscard]] std::string painted(const Row& row) const
    {
        const auto word = std::string{word_of(row.box->state)};
        const std::string blanks(states_ - word.size(), ' ');
        if (!look_.colour || row.box->state == BoxState::up || word.empty()) {
            return word + blanks;
        }
        return (row.box->state == BoxState::off ? "\x1b[2m" : "\x1b[33m") + word + "\x1b[0m" + blanks;
    }

    void end_line(std::string line)
    {
        line.erase(line.find_last_not_of(' ') + 1);
        text_ += line + '\n';
    }

    /// The details in lines of that many columns.
    [[nodiscard]] static std::vector<std::string> filled(const std::vector<std::string>& details, std::size_t room)
    {
        std::vector<std::string> lines;
        for (const std::string& detail : details) {
            if (!lines.empty() && columns_of(lines.back()) + gap.size() + columns_of(detail) <= room) {
                lines.back().append(gap).append(detail);
            } else {
                lines.push_back(detail);
            }
        }
        return lines;
    }

    void write_row(const Row& row)
    {
        std::string head = row.lead + row.box->name;
        if (row.repeated) {
            end_line(cut_to(head.append(gap).append("(see above)"), room_from(0), strokes_.mark));
            return;
        }
        head = padded(std::move(head), names_).append(gap) + padded(row.box->kind, kinds_) + std::string{gap};
        const std::size_t column = columns_of(head) + states_ + gap.size();
        const bool beside = room_from(column) >= least_room;
        const std::size_t indent = beside ? column : columns_of(row.rails);
        const auto details = filled(row.box->details, room_from(indent));
        const bool fits = room_from(columns_of(head)) >= states_;
        std::string line = fits ? head + painted(row)
                                : cut_to(head + std::string{word_of(row.box->state)}, room_from(0), strokes_.mark);
        std::size_t next = 0;
        if (beside && !details.empty()) {
            line.append(gap).append(cut_to(details[next++], room_from(column), strokes_.mark));
        }
        end_line(std::move(line));
        for (; next < details.size(); ++next) {
            end_line(cut_to(padded(row.rails, indent) + details[next], room_from(0), strokes_.mark));
        }
    }

    const Layers& layers_;
    const TreeLook& look_;
    const Strokes& strokes_;
    std::vector<bool> drawn_;
    std::vector<Row> rows_;
    std::size_t names_ = 0;
    std::size_t kinds_ = 0;
    std::size_t states_ = 0;
    std::string text_;
};

}  // namespace

std::string draw_tree(const Layers& layers, const TreeLook& look)
{
    return Writer{layers, look}.write();
}

}  // namespace kvmkit::net
