// SPDX-License-Identifier: Apache-2.0
// yaml-cpp lives in this file: its exceptions end in read_yaml().
#include "net/state/yaml.hpp"

#include "base/printable.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace kvmkit::net {
namespace {

constexpr std::size_t max_depth = 32;
constexpr std::size_t max_values = 1'000'000;
constexpr std::size_t max_copied = 100'000;

/// Thrown and caught in this file: the parser knows no other way to stop.
struct Stop {
    Mistake mistake;
};

[[noreturn]] void stop(Place place, std::string message, std::string hint = {})
{
    throw Stop{{place, {}, std::move(message), std::move(hint)}};
}

bool continues_character(char byte)
{
    constexpr unsigned mask = 0xc0;
    constexpr unsigned continuation = 0x80;
    return (static_cast<unsigned char>(byte) & mask) == continuation;
}

/// Turns the parser's marks, which count bytes, into places, which count characters. Marks mostly grow, so that each
/// byte is looked at once.
class Places {
public:
    explicit Places(std::string_view text) : text_(text) {}

    Place operator()(const YAML::Mark& mark)
    {
        if (mark.is_null()) {
            return {};
        }
        return at(static_cast<unsigned>(mark.line) + 1, static_cast<std::size_t>(mark.column));
    }

    /// Of a byte of the text.
    Place of_byte(std::size_t position)
    {
        const auto before = text_.substr(0, position);
        const auto line_end = before.rfind('\n');
        const auto start = line_end == std::string_view::npos ? 0 : line_end + 1;
        return at(static_cast<unsigned>(std::ranges::count(before, '\n')) + 1, position - start);
    }

private:
    Place at(unsigned line, std::size_t column)
    {
        if (line < line_ || (line == line_ && column < column_)) {
            *this = Places{text_};
        }
        for (; line_ < line && start_ < text_.size(); ++line_) {
            start_ = std::min(text_.find('\n', start_), text_.size() - 1) + 1;
            column_ = 0;
            character_ = 0;
        }
        for (; column_ < column && start_ + column_ < text_.size(); ++column_) {
            character_ += continues_character(text_[start_ + column_]) ? 0 : 1;
        }
        return {line, character_ + 1};
    }

    std::string_view text_;
    unsigned line_ = 1;
    std::size_t start_ = 0;   ///< Where the line begins.
    std::size_t column_ = 0;  ///< Bytes of the line that were counted.
    unsigned character_ = 0;
};

std::size_t size_of(const Node& node)
{
    std::size_t size = 1;
    for (const Node& child : node.children) {
        size += size_of(child);
    }
    return size;
}

bool is_core_tag(const std::string& tag)
{
    return tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:");
}

/// Makes a tree of the parser's events.
class Builder final : public YAML::EventHandler {
public:
    Builder(std::string_view text, Mistakes& mistakes) : place_of_(text), mistakes_(mistakes) {}

    void OnDocumentStart(const YAML::Mark& mark) override
    {
        if (++documents_ > 1) {
            stop(place_of_(mark), "a second document begins here", "write one document, without a further '---'");
        }
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        // The mark of an empty value is the next token's.
        const bool has_key = !open_.empty() && open_.back().key;
        Node node{Node::Kind::nothing, {}, has_key ? open_.back().key_place : place_of_(mark)};
        place_value(std::move(node), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            stop(place_of_(mark), "an alias stands inside the value that it repeats");
        }
        copied_ += size_of(found->second);
        if (copied_ > max_copied) {
            stop(place_of_(mark),
                 fmt::format("aliases repeat more than {} values", max_copied),
                 "write the values themselves");
        }
        place_value(Node{found->second}, 0);
    }

    void OnScalar(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  const std::string& text) override
    {
        check_tag(mark, tag);
        if (!open_.empty() && open_.back().node.kind == Node::Kind::map && !open_.back().key) {
            take_key(place_of_(mark), text);
            return;
        }
        place_value({Node::Kind::scalar, text, place_of_(mark)}, anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark,
                         const std::string& tag,
                         YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override
    {
        check_tag(mark, tag);
        open({Node::Kind::list, {}, place_of_(mark)}, anchor);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark,
                    const std::string& tag,
                    YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override
    {
        check_tag(mark, tag);
        open({Node::Kind::map, {}, place_of_(mark)}, anchor);
    }
    void OnMapEnd() override { close(); }

    [[nodiscard]] std::optional<Node> take() { return std::move(root_); }

private:
    struct Open {
        Node node;
        YAML::anchor_t anchor = 0;
        std::optional<std::string> key = {};
        Place key_place = {};
        bool key_is_new = true;  ///< Otherwise its value is dropped: nobody is to meet a key twice.
        std::map<std::string, Place> keys = {};
    };

    void check_tag(const YAML::Mark& mark, const std::string& tag)
    {
        if (!is_core_tag(tag)) {
            mistakes_.add({place_of_(mark),
                           {},
                           fmt::format("the tag '{}' means nothing here", tag),
                           "write the value without a tag"});
        }
    }

    void take_key(Place place, const std::string& text)
    {
        Open& map = open_.back();
        const auto [first, is_new] = map.keys.try_emplace(text, place);
        if (!is_new) {
            mistakes_.add({place,
                           {},
                           fmt::format("the key '{}' stands twice: it is in line {}, too", text, first->second.line),
                           "keep one of them"});
        }
        map.key = text;
        map.key_place = place;
        map.key_is_new = is_new;
    }

    void open(Node node, YAML::anchor_t anchor)
    {
        refuse_as_key(node.place);
        if (open_.size() == max_depth) {
            stop(node.place, fmt::format("values lie more than {} levels deep", max_depth));
        }
        open_.push_back({std::move(node), anchor});
    }

    void close()
    {
        Open done = std::move(open_.back());
        open_.pop_back();
        place_value(std::move(done.node), done.anchor);
    }

    void refuse_as_key(Place place) const
    {
        if (!open_.empty() && open_.back().node.kind == Node::Kind::map && !open_.back().key) {
            stop(place, "a key must be a plain word", "where none is meant: a bracket or quote is not closed");
        }
    }

    void place_value(Node node, YAML::anchor_t anchor)
    {
        refuse_as_key(node.place);
        if (++values_ > max_values) {
            stop(node.place, fmt::format("the file holds more than {} values", max_values));
        }
        if (anchor != 0) {
            anchored_ += size_of(node);
            if (anchored_ > max_copied) {
                stop(node.place, fmt::format("anchors name more than {} values", max_copied));
            }
            anchors_.insert_or_assign(anchor, node);
        }
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.key) {
            node.key = std::move(*parent.key);
            node.key_place = parent.key_place;
            parent.key.reset();
            if (!parent.key_is_new) {
                return;
            }
        }
        parent.node.children.push_back(std::move(node));
    }

    Places place_of_;
    Mistakes& mistakes_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Node> anchors_;
    std::optional<Node> root_;
    std::size_t values_ = 0;
    std::size_t copied_ = 0;
    std::size_t anchored_ = 0;
    unsigned documents_ = 0;
};

/// What the parser must not see: it would guess at encodings.
std::optional<Mistake> unreadable(std::string_view text)
{
    if (text.size() > max_state_size) {
        return Mistake{{}, {}, "the file is larger than 4 MiB", "split it into several files"};
    }
    const auto control = std::ranges::find_if(
        text, [](char c) { return (c >= '\0' && c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == '\x7f'; });
    if (control != text.end()) {
        const auto at = static_cast<std::size_t>(control - text.begin());
        const auto code = static_cast<unsigned char>(*control);
        return Mistake{Places{text}.of_byte(at),
                       {},
                       code == 0 ? "a NUL byte stands here: this is no text"
                                 : fmt::format("a control character stands here (0x{:02x})", code),
                       "save the file as UTF-8 text"};
    }
    if (const auto broken = first_broken_byte(text)) {
        return Mistake{
            Places{text}.of_byte(*broken), {}, "bytes that are no UTF-8 stand here", "save the file as UTF-8 text"};
    }
    return std::nullopt;
}

/// Whether a tab stands before the first word of a line, the first of which is number 0.
bool is_indented_with_tabs(std::string_view text, int line)
{
    for (; line > 0 && !text.empty(); --line) {
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    }
    return text.substr(0, text.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

/// What is probably wrong where the parser gives up: its own words tell how it reads, not what was written.
std::string hint_at(std::string_view message, std::string_view text, int line)
{
    struct Guess {
        std::string_view words;
        std::string_view hint;
    };
    constexpr std::array guesses{
        Guess{"flow not found", "close the bracket"},
        Guess{"end of sequence not found", "indent the line as those that it belongs to"},
        Guess{"end of map not found", "indent the line as those that it belongs to"},
        Guess{"illegal map value", "indent the key as those beside it; a line above may lack its ':'"},
        Guess{"illegal block entry", "a list begins in a line of its own, indented as the key above or further"}};
    if (is_indented_with_tabs(text, line)) {
        return "indent with blanks: YAML takes no tabs there";
    }
    const auto guess = std::ranges::find_if(
        guesses, [message](const Guess& row) { return message.find(row.words) != std::string_view::npos; });
    return guess == guesses.end() ? std::string{} : std::string{guess->hint};
}

std::optional<Node> parse(std::string_view text, Mistakes& mistakes)
{
    Builder builder{text, mistakes};
    std::istringstream stream{std::string{text}};
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
}

}  // namespace

std::string_view without_byte_order_mark(std::string_view text)
{
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

std::optional<Node> read_yaml(std::string_view text, Mistakes& mistakes, std::string_view first_key)
{
    if (auto mistake = unreadable(text)) {
        mistakes.add(std::move(*mistake));
        return std::nullopt;
    }
    try {
        auto root = parse(text, mistakes);
        if (!root || root->kind == Node::Kind::nothing) {
            mistakes.add(
                {{}, {}, "the file holds nothing", fmt::format("begin with '{}:' and a list below it", first_key)});
            return std::nullopt;
        }
        return root;
    } catch (const Stop& stopped) {
        mistakes.add(stopped.mistake);
    } catch (const YAML::Exception& error) {
        mistakes.add({Places{text}(error.mark),
                      {},
                      fmt::format("cannot read it as YAML: {}", error.msg),
                      hint_at(error.msg, text, error.mark.line)});
    }
    return std::nullopt;
}

}  // namespace kvmkit::net
