// SPDX-License-Identifier: Apache-2.0
#include "undo_request.hpp"

#include "apply.hpp"
#include "image.hpp"

namespace kvmkit::host_setup {

Result<setup::UndoRequest> undo_request(const cli::Arguments& arguments, const cli::Console& console)
{
    auto limits = read_limits(arguments);
    if (!limits) {
        return std::move(limits).error();
    }
    return setup::UndoRequest{.command_line = arguments.command_line(),
                              .places = txn::default_places(),
                              .limits = std::move(*limits),
                              .note = [&console](const std::string& text) { console.note(text); },
                              .image = in_image(arguments)};
}

std::string id_of(const cli::Arguments& arguments)
{
    return arguments.operands().empty() ? std::string{} : arguments.operands().front();
}

}  // namespace kvmkit::host_setup
