// SPDX-License-Identifier: Apache-2.0
#include "cli/completion/script.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace kvmkit::cli {
namespace {

// The first line that the tool answers tells whether files serve ("files", "directories", "words") and, behind a blank,
// how much of the word stands before their names; the others are words.

// bash replaces only what follows the last of COMP_WORDBREAKS: the tool gets the line, and gives the rest of the words.
constexpr std::string_view bash = R"(# bash completion of TOOL
_FUNCTION() {
    local answer program=$1
    [[ $program == '~/'* ]] && program=$HOME/${program:2}
    mapfile -t answer < <("$program" completion line "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
    COMPREPLY=("${answer[@]:1}")
    case ${answer[0]-} in
        files*) compopt -o default ;;
        directories*) compopt -o dirnames ;;
        *) [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *[=,] ]] || compopt -o nospace ;;
    esac
}
complete -F _FUNCTION TOOL
)";

constexpr std::string_view zsh = R"(#compdef TOOL
# zsh completion of TOOL
_TOOL() {
    local program=${(Q)words[1]} line head word
    local -a before answer plain unfinished
    [[ $program != '~/'* ]] || program=$HOME/${program#\~/}
    (( CURRENT <= 2 )) || before=("${(@Q)words[2,CURRENT-1]}")
    answer=("${(@f)$("$program" completion words "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
    head=$answer[1]
    for line in "${(@)answer[2,-1]}"; do
        word=${line%%$'\t'*}
        line=${word//:/\\:}:${line#*$'\t'}
        if [[ $word == *[=,] ]]; then unfinished+=("$line"); else plain+=("$line"); fi
    done
    (( $#plain == 0 )) || _describe -t words word plain
    (( $#unfinished == 0 )) || _describe -t words word unfinished -S ''
    case $head in
        files*) compset -p ${head#* }; _files ;;
        directories*) compset -p ${head#* }; _files -/ ;;
    esac
}
if [[ $funcstack[1] == _TOOL ]]; then _TOOL "$@"; else compdef _TOOL TOOL; fi
)";

constexpr std::string_view fish = R"(# fish completion of TOOL
function __FUNCTION_complete
    set -l before (commandline --tokenize --current-process --cut-at-cursor)
    set -l typed (commandline --current-token --cut-at-cursor | string trim --left --chars '"\'' | string unescape)
    set -l program $before[1]
    set -l answer ($program completion words $before[2..-1] "$typed" 2>/dev/null)
    set -l head (string split ' ' -- $answer[1])
    printf '%s\n' $answer[2..-1]
    if test "$head[1]" = files -o "$head[1]" = directories
        set -l kept (string sub --length $head[2] -- "$typed")
        set -l name (string sub --start (math $head[2] + 1) -- "$typed")
        if test "$head[1]" = files
            for path in (__fish_complete_path "$name")
                printf '%s%s\n' "$kept" "$path"
            end
        else
            for path in (__fish_complete_directories "$name" '')
                printf '%s%s\n' "$kept" "$path"
            end
        end
    end
end
complete --command TOOL --no-files --arguments '(__FUNCTION_complete)'
)";

constexpr std::array scripts{std::pair{std::string_view{"bash"}, bash},
                             std::pair{std::string_view{"zsh"}, zsh},
                             std::pair{std::string_view{"fish"}, fish}};

std::string replaced(std::string text, std::string_view mark, std::string_view word)
{
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + word.size())) {
        text.replace(at, mark.size(), word);
    }
    return text;
}

}  // namespace

std::optional<std::string> completion_script(std::string_view shell, std::string_view tool)
{
    const auto row = std::ranges::find(scripts, shell, [](const auto& script) { return script.first; });
    if (row == scripts.end()) {
        return std::nullopt;
    }
    std::string function{tool};  // bash in POSIX mode takes no '-' in a name
    std::ranges::replace(function, '-', '_');
    return replaced(replaced(std::string{row->second}, "FUNCTION", function), "TOOL", tool);
}

}  // namespace kvmkit::cli
