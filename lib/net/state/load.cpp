// SPDX-License-Identifier: Apache-2.0
#include "net/state/load.hpp"

#include "base/unique_fd.hpp"
#include "net/state/yaml.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::net {

Result<SourceText> load_text(const std::string& path, std::string_view kind)
{
    const bool is_stdin = path == "-";
    const std::string name = is_stdin ? "stdin" : path;
    const UniqueFd fd{is_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                               : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!fd) {
        return errno_error(errno, fmt::format("cannot open {} '{}'", kind, name));
    }
    auto text = read_all(fd.get(), name, max_state_size);
    if (!text && text.error().code == ErrorCode::unsupported) {
        return Error{ErrorCode::usage,
                     fmt::format("cannot use {} '{}': it is larger than 4 MiB", kind, name),
                     "split it into several files"};
    }
    return text ? Result<SourceText>{SourceText{name, std::move(*text)}} : std::move(text).error();
}

Result<StateReading> load_state(const std::string& path)
{
    const auto source = load_text(path, "state file");
    return source ? Result<StateReading>{read_state(source->name, source->text)} : source.error();
}

Result<StateFile> load_state_file(const std::string& path)
{
    const auto source = load_text(path, "state file");
    return source ? read_state_file(source->name, source->text) : source.error();
}

}  // namespace kvmkit::net
