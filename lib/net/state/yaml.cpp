// SPDX-License-Identifier: Apache-2.0
// libyaml lives in this file: what it allocates is freed here, and its words for mistakes get hints.
#include "net/state/yaml.hpp"

#include "net/state/yaml_text.hpp"

#include <yaml.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::size_t max_depth = 32;
constexpr std::size_t max_values = 1'000'000;
constexpr std::size_t max_copied = 100'000;

/// Why the reading ends before the text does; absent: it goes on.
using Stop = std::optional<Mistake>;

Stop stop(Place place, std::string message, std::string hint = {})
{
    return Mistake{place, {}, std::move(message), std::move(hint)};
}

/// The parser counts characters from 0.
Place place_of(const yaml_mark_t& mark)
{
    return {static_cast<unsigned>(mark.line) + 1, static_cast<unsigned>(mark.column) + 1};
}

std::string text_of(const yaml_char_t* text)
{
    return text == nullptr ? std::string{} : std::string{reinterpret_cast<const char*>(text)};
}

std::size_t size_of(const Node& node)
{
    std::size_t size = 1;
    for (const Node& child : node.children) {
        size += size_of(child);
    }
    return size;
}

bool is_core_tag(std::string_view tag)
{
    return tag.empty() || tag == "!" || tag.starts_with("tag:yaml.org,2002:");
}

/// Whether a scalar stands for nothing, as YAML's core schema has it.
bool is_nothing(const yaml_event_t& event, std::string_view text)
{
    const auto& scalar = event.data.scalar;
    return scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nullptr &&
           (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

/// Makes a tree of the parser's events.
class Builder {
public:
    explicit Builder(Mistakes& mistakes) : mistakes_(mistakes) {}

    Stop take(const yaml_event_t& event)
    {
        const Place place = place_of(event.start_mark);
        switch (event.type) {
            case YAML_DOCUMENT_START_EVENT:
                return ++documents_ == 1
                           ? Stop{}
                           : stop(
                                 place, "a second document begins here", "write one document, without a further '---'");
            case YAML_ALIAS_EVENT: return repeat(place, text_of(event.data.alias.anchor));
            case YAML_SCALAR_EVENT: return take_scalar(place, event);
            case YAML_SEQUENCE_START_EVENT:
                check_tag(place, text_of(event.data.sequence_start.tag));
                return open({Node::Kind::list, {}, place}, text_of(event.data.sequence_start.anchor));
            case YAML_MAPPING_START_EVENT:
                check_tag(place, text_of(event.data.mapping_start.tag));
                return open({Node::Kind::map, {}, place}, text_of(event.data.mapping_start.anchor));
            case YAML_SEQUENCE_END_EVENT:
            case YAML_MAPPING_END_EVENT: return close();
            default: return {};
        }
    }

    [[nodiscard]] std::optional<Node> root() { return std::move(root_); }

private:
    struct Open {
        Node node;
        std::string anchor = {};
        std::optional<std::string> key = {};
        Place key_place = {};
        bool key_is_new = true;                  ///< Otherwise its value is dropped: nobody is to meet a key twice.
        std::map<std::string, Place> keys = {};  ///< Of a map that has many; before, its children tell.
    };

    /// Where that key of the innermost map stands already; notes it where it does not.
    std::optional<Place> seen_before(const std::string& text, Place place)
    {
        constexpr std::size_t many = 16;
        Open& map = open_.back();
        const auto& children = map.node.children;
        if (children.size() < many) {
            const auto found = std::ranges::find(children, text, &Node::key);
            return found != children.end() ? std::optional{found->key_place} : std::nullopt;
        }
        if (map.keys.empty()) {
            for (const Node& child : children) {
                map.keys.emplace(child.key, child.key_place);
            }
        }
        const auto [first, is_new] = map.keys.try_emplace(text, place);
        return is_new ? std::nullopt : std::optional{first->second};
    }

    [[nodiscard]] bool wants_key() const
    {
        return !open_.empty() && open_.back().node.kind == Node::Kind::map && !open_.back().key;
    }

    Stop take_scalar(Place place, const yaml_event_t& event)
    {
        const auto& scalar = event.data.scalar;
        std::string text{reinterpret_cast<const char*>(scalar.value), scalar.length};
        check_tag(place, text_of(scalar.tag));
        const bool nothing = is_nothing(event, text);
        if (wants_key() && !nothing) {
            if (scalar.anchor != nullptr) {
                anchors_.insert_or_assign(text_of(scalar.anchor), Node{Node::Kind::scalar, text, place});
            }
            take_key(place, std::move(text));
            return {};
        }
        if (nothing) {
            // The mark of an empty value is the next token's.
            const bool has_key = !open_.empty() && open_.back().key;
            return place_value({Node::Kind::nothing, {}, has_key ? open_.back().key_place : place},
                               text_of(scalar.anchor));
        }
        return place_value({Node::Kind::scalar, std::move(text), place}, text_of(scalar.anchor));
    }

    Stop repeat(Place place, const std::string& anchor)
    {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end() && std::ranges::find(open_, anchor, &Open::anchor) != open_.end()) {
            return stop(place, "an alias stands inside the value that it repeats");
        }
        if (found == anchors_.end()) {
            return stop(place,
                        fmt::format("cannot read it as YAML: no value above is named '&{}'", anchor),
                        "put text that begins with '*' in quotes");
        }
        copied_ += size_of(found->second);
        if (copied_ > max_copied) {
            return stop(
                place, fmt::format("aliases repeat more than {} values", max_copied), "write the values themselves");
        }
        return place_value(Node{found->second}, {});
    }

    void check_tag(Place place, const std::string& tag)
    {
        if (!is_core_tag(tag)) {
            mistakes_.add(
                {place, {}, fmt::format("the tag '{}' means nothing here", tag), "write the value without a tag"});
        }
    }

    void take_key(Place place, std::string text)
    {
        const auto first = seen_before(text, place);
        if (first) {
            mistakes_.add({place,
                           {},
                           fmt::format("the key '{}' stands twice: it is in line {}, too", text, first->line),
                           "keep one of them"});
        }
        Open& map = open_.back();
        map.key = std::move(text);
        map.key_place = place;
        map.key_is_new = !first;
    }

    Stop open(Node node, std::string anchor)
    {
        if (wants_key()) {
            return no_key(node.place);
        }
        if (open_.size() == max_depth) {
            return stop(node.place, fmt::format("values lie more than {} levels deep", max_depth));
        }
        anchors_.erase(anchor);  // from here on the name is this value's
        open_.push_back({std::move(node), std::move(anchor)});
        return {};
    }

    Stop close()
    {
        Open done = std::move(open_.back());
        open_.pop_back();
        return place_value(std::move(done.node), std::move(done.anchor));
    }

    static Stop no_key(Place place)
    {
        return stop(place, "a key must be a plain word", "where none is meant: a bracket or quote is not closed");
    }

    Stop place_value(Node node, std::string anchor)
    {
        if (wants_key()) {
            return no_key(node.place);
        }
        if (++values_ > max_values) {
            return stop(node.place, fmt::format("the file holds more than {} values", max_values));
        }
        if (!anchor.empty()) {
            anchored_ += size_of(node);
            if (anchored_ > max_copied) {
                return stop(node.place, fmt::format("anchors name more than {} values", max_copied));
            }
            anchors_.insert_or_assign(std::move(anchor), node);
        }
        if (open_.empty()) {
            root_ = std::move(node);
            return {};
        }
        Open& parent = open_.back();
        if (parent.key) {
            node.key = std::move(*parent.key);
            node.key_place = parent.key_place;
            parent.key.reset();
            if (!parent.key_is_new) {
                return {};
            }
        }
        parent.node.children.push_back(std::move(node));
        return {};
    }

    Mistakes& mistakes_;
    std::vector<Open> open_;
    std::map<std::string, Node> anchors_;
    std::optional<Node> root_;
    std::size_t values_ = 0;
    std::size_t copied_ = 0;
    std::size_t anchored_ = 0;
    unsigned documents_ = 0;
};

/// libyaml's parser over a text that outlives it.
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text)
    {
        alive_ = yaml_parser_initialize(&parser_) == 1;
        if (alive_) {
            yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
            yaml_parser_set_input_string(&parser_, reinterpret_cast<const yaml_char_t*>(text.data()), text.size());
        }
    }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;
    Parser(Parser&&) = delete;
    Parser& operator=(Parser&&) = delete;
    ~Parser()
    {
        if (alive_) {
            yaml_parser_delete(&parser_);
        }
    }

    /// Hands the builder all events, up to the end or to what stops it.
    Stop feed(Builder& builder)
    {
        for (bool more = true; more;) {
            yaml_event_t event{};
            if (!alive_ || yaml_parser_parse(&parser_, &event) != 1) {
                return gave_up();
            }
            more = event.type != YAML_STREAM_END_EVENT;
            auto stopped = builder.take(event);
            yaml_event_delete(&event);
            if (stopped) {
                return stopped;
            }
        }
        return {};
    }

private:
    [[nodiscard]] Stop gave_up() const
    {
        if (!alive_ || parser_.problem == nullptr) {
            return stop({}, "cannot read it as YAML: out of memory");
        }
        if (parser_.error == YAML_READER_ERROR) {  // it has no mark then
            return stop(
                place_of_byte(text_, parser_.problem_offset),
                fmt::format("a character that YAML does not take stands here (U+{:04X})", parser_.problem_value),
                "delete it");
        }
        std::string message = fmt::format("cannot read it as YAML: {}", parser_.problem);
        yaml_mark_t mark = parser_.problem_mark;
        if (parser_.context != nullptr) {
            message += fmt::format(" {}", parser_.context);
            const bool at_end = mark.line >= static_cast<std::size_t>(std::ranges::count(text_, '\n'));
            const bool begun_above = parser_.context_mark.line != mark.line;
            message +=
                begun_above && !at_end ? fmt::format(" that begins in line {}", parser_.context_mark.line + 1) : "";
            mark = begun_above && at_end ? parser_.context_mark : mark;  // what is not closed, not where the file ends
        }
        return stop(place_of(mark), std::move(message), hint_for(parser_.problem, text_, mark.line));
    }

    std::string_view text_;
    yaml_parser_t parser_{};
    bool alive_ = false;
};

}  // namespace

std::string_view without_byte_order_mark(std::string_view text)
{
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

Tree read_yaml(std::string_view text, Mistakes& mistakes, std::string_view first_key)
{
    if (auto mistake = unreadable(text)) {
        mistakes.add(std::move(*mistake));
        return nullptr;
    }
    Builder builder{mistakes};
    if (auto stopped = Parser{text}.feed(builder)) {
        mistakes.add(std::move(*stopped));
        return nullptr;
    }
    auto root = builder.root();
    if (!root || root->kind == Node::Kind::nothing) {
        mistakes.add(
            {{}, {}, "the file holds nothing", fmt::format("begin with '{}:' and a list below it", first_key)});
        return nullptr;
    }
    return whole(std::move(*root));
}

}  // namespace kvmkit::net
