// SPDX-License-Identifier: Apache-2.0
#include "net/draw/layout.hpp"

#include "net/draw/columns.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::size_t most_columns = 42;  ///< Of text in a box.
constexpr std::size_t most_details = 8;

std::vector<std::string> lines_of(const Box& box)
{
    const auto state = word_of(box.state);
    std::vector<std::string> lines{box.name, state.empty() ? box.kind : fmt::format("{}, {}", box.kind, state)};
    const bool all = box.details.size() <= most_details;
    const std::size_t shown = all ? box.details.size() : most_details - 1;
    lines.insert(lines.end(), box.details.begin(), box.details.begin() + static_cast<std::ptrdiff_t>(shown));
    if (!all) {
        lines.push_back(fmt::format("and {} more", box.details.size() - shown));
    }
    for (std::string& line : lines) {
        line = cut_to(line, most_columns, "…");
    }
    return lines;
}

class Arranger {
public:
    Arranger(const Layers& layers, const Measures& measures)
        : layers_(layers),
          measures_(measures),
          children_(layers.boxes.size()),
          open_(layers.boxes.size()),
          owned_(layers.boxes.size())
    {
        layout_.places.resize(layers.boxes.size());
    }

    Layout arrange()
    {
        for (const std::size_t ground : layers_.grounds) {
            own(ground);
        }
        for (const std::size_t ground : layers_.grounds) {
            find_column(ground, 0);
        }
        for (std::size_t i = 0; i < layout_.places.size(); ++i) {
            measure(i);
        }
        set_columns();
        double top = measures_.margin;
        for (const std::size_t ground : layers_.grounds) {
            top += set_rows(ground, top) + measures_.row_gap;
        }
        const double bottom = layers_.grounds.empty() ? measures_.margin : top - measures_.row_gap;
        layout_.height = bottom + measures_.margin;
        return std::move(layout_);
    }

private:
    /// Each box gets its rows beside the first one that it rests on.
    void own(std::size_t number)  // NOLINT(misc-no-recursion)
    {
        owned_[number] = true;
        for (const std::size_t upper : layers_.boxes[number].above) {
            if (!owned_[upper]) {
                children_[number].push_back(upper);
                own(upper);
            }
        }
    }

    /// A box that is reached from itself is not pushed further.
    void find_column(std::size_t number, std::size_t column)  // NOLINT(misc-no-recursion)
    {
        Place& place = layout_.places[number];
        if (open_[number] || (column != 0 && place.column >= column)) {
            return;
        }
        place.column = column;
        open_[number] = true;
        for (const std::size_t upper : layers_.boxes[number].above) {
            find_column(upper, column + 1);
        }
        open_[number] = false;
    }

    void measure(std::size_t number)
    {
        Place& place = layout_.places[number];
        place.lines = lines_of(layers_.boxes[number]);
        std::size_t longest = 0;
        for (const std::string& line : place.lines) {
            longest = std::max(longest, columns_of(line));
        }
        place.width = static_cast<double>(longest) * measures_.letter + 2 * measures_.padding;
        place.height = static_cast<double>(place.lines.size()) * measures_.line + measures_.padding;
    }

    void set_columns()
    {
        std::vector<double> widths;
        for (const Place& place : layout_.places) {
            widths.resize(std::max(widths.size(), place.column + 1));
            widths[place.column] = std::max(widths[place.column], place.width);
        }
        for (Place& place : layout_.places) {
            place.width = widths[place.column];
            place.x = measures_.margin + static_cast<double>(place.column) * measures_.column_gap +
                      std::accumulate(widths.begin(), widths.begin() + static_cast<std::ptrdiff_t>(place.column), 0.0);
        }
        const double gaps = widths.empty() ? 0 : static_cast<double>(widths.size() - 1) * measures_.column_gap;
        layout_.width = std::accumulate(widths.begin(), widths.end(), 2 * measures_.margin + gaps);
    }

    [[nodiscard]] double height_of(std::size_t number) const  // NOLINT(misc-no-recursion)
    {
        return std::max(layout_.places[number].height, height_above(number));
    }

    [[nodiscard]] double height_above(std::size_t number) const  // NOLINT(misc-no-recursion)
    {
        double sum = children_[number].empty() ? 0 : -measures_.row_gap;
        for (const std::size_t child : children_[number]) {
            sum += height_of(child) + measures_.row_gap;
        }
        return sum;
    }

    /// Puts a box and what it has beside it below `top`; returns the height of all that.
    double set_rows(std::size_t number, double top)  // NOLINT(misc-no-recursion)
    {
        const double height = height_of(number);
        Place& place = layout_.places[number];
        place.y = top + (height - place.height) / 2;
        double next = top + (height - height_above(number)) / 2;
        for (const std::size_t child : children_[number]) {
            next += set_rows(child, next) + measures_.row_gap;
        }
        return height;
    }

    const Layers& layers_;
    const Measures& measures_;
    std::vector<std::vector<std::size_t>> children_;
    std::vector<bool> open_;
    std::vector<bool> owned_;
    Layout layout_;
};

}  // namespace

Layout lay_out(const Layers& layers, const Measures& measures)
{
    return Arranger{layers, measures}.arrange();
}

}  // namespace kvmkit::net
