// SPDX-License-Identifier: Apache-2.0
#include "net/draw/svg.hpp"

#include "net/draw/layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

/// Colours stand twice instead of in variables, which not every reader of such files knows.
constexpr std::string_view style = R"(<style>
text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328; }
.name { font-weight: bold; } .kind { fill: #59636e; } .warn { fill: #9a6700; }
.paper { fill: #ffffff; } .wire { fill: none; stroke: #8c959f; stroke-width: 1.5; }
.box { fill: #f6f8fa; stroke: #8c959f; } .off { stroke-dasharray: 5 4; }
.nic { fill: #ddf4ff; } .bridge { fill: #dafbe1; } .tap { fill: #fff8c5; } .vm { fill: #fbefff; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .kind { fill: #9198a1; } .warn { fill: #e3b341; }
  .paper { fill: #0d1117; } .wire { stroke: #6e7681; } .box { fill: #21262d; stroke: #6e7681; }
  .nic { fill: #12304d; } .bridge { fill: #12391f; } .tap { fill: #3d2f00; } .vm { fill: #33204d; }
}
</style>
)";

std::string escaped(std::string_view text)
{
    std::string safe;
    for (const char letter : text) {
        switch (letter) {
            case '&': safe += "&amp;"; break;
            case '<': safe += "&lt;"; break;
            case '>': safe += "&gt;"; break;
            case '"': safe += "&quot;"; break;
            default: safe += letter;
        }
    }
    return safe;
}

std::string_view class_of(const Box& box)
{
    if (box.kind == "NIC" || box.kind == "Wi-Fi") {
        return " nic";
    }
    if (box.kind == "bridge") {
        return " bridge";
    }
    if (box.kind == "tap" || box.kind == "tun") {
        return " tap";
    }
    return box.kind == "VM" ? " vm" : "";
}

std::string wire(const Place& from, const Place& to)
{
    const double x1 = from.x + from.width;
    const double y1 = from.y + from.height / 2;
    const double y2 = to.y + to.height / 2;
    const double bend = (to.x - x1) / 2;
    return fmt::format("<path class=\"wire\" d=\"M{:.1f} {:.1f} C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}\"/>\n",
                       x1,
                       y1,
                       x1 + bend,
                       y1,
                       to.x - bend,
                       y2,
                       to.x,
                       y2);
}

std::string_view class_of_line(std::size_t number, const Box& box)
{
    if (number == 0) {
        return " class=\"name\"";
    }
    if (number > 1) {
        return "";
    }
    return box.state == BoxState::no_carrier ? " class=\"warn\"" : " class=\"kind\"";
}

std::string drawn(const Box& box, const Place& place, const Measures& measures)
{
    std::string text = fmt::format("<g><title>{}</title>\n", escaped(fmt::format("{}: {}", box.name, box.kind)));
    text +=
        fmt::format("<rect class=\"box{}{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"6\"/>\n",
                    class_of(box),
                    box.state == BoxState::off ? " off" : "",
                    place.x,
                    place.y,
                    place.width,
                    place.height);
    double y = place.y + measures.padding / 2 + measures.line * 0.75;
    for (std::size_t i = 0; i < place.lines.size(); ++i) {
        text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n",
                            place.x + measures.padding,
                            y,
                            class_of_line(i, box),
                            escaped(place.lines[i]));
        y += measures.line;
    }
    return text + "</g>\n";
}

}  // namespace

std::string draw_svg(const Layers& layers)
{
    const Measures measures;
    const Layout layout = lay_out(layers, measures);
    std::string text = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
        "{1:.0f}\" "
        "role=\"img\">\n<title>Links of the network</title>\n",
        layout.width,
        layout.height);
    text += style;
    text += "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n";
    for (std::size_t i = 0; i < layers.boxes.size(); ++i) {
        for (const std::size_t upper : layers.boxes[i].above) {
            text += wire(layout.places[i], layout.places[upper]);
        }
    }
    for (std::size_t i = 0; i < layers.boxes.size(); ++i) {
        text += drawn(layers.boxes[i], layout.places[i], measures);
    }
    return text + "</svg>\n";
}

}  // namespace kvmkit::net
