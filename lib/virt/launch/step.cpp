// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/step.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::virt {
namespace {

using Json = nlohmann::json;

struct Describe {
    std::string operator()(const MakeFolder& step) const { return on_path("create directory", step.path); }
    std::string operator()(const RemoveFolder& step) const { return on_path("remove directory", step.path); }
    std::string operator()(const MakeDriverRoot& step) const { return on_path("prepare embedded driver", step.path); }
    std::string operator()(const RemoveDriverRoot& step) const { return on_path("remove embedded driver", step.path); }
    std::string operator()(const MakeOverlay& step) const
    {
        return fmt::format("create overlay '{}' on image '{}'", step.path.string(), step.base.path.string());
    }
    std::string operator()(const RemoveFile& step) const { return on_path("remove file", step.path); }
    std::string operator()(const DefineVm& step) const { return on_vm("define", step.vm); }
    std::string operator()(const StartVm& step) const { return on_vm("start", step.vm) + ", paused"; }
    std::string operator()(const CreateVm& step) const { return on_vm("start ephemeral", step.vm) + ", paused"; }
    std::string operator()(const AttachVm& step) const { return on_vm("open console of", step.vm); }
    std::string operator()(const ResumeVm& step) const { return on_vm("resume", step.vm); }
    std::string operator()(const RemoveVm& step) const { return on_vm("remove", step.vm); }

private:
    static std::string on_path(std::string_view what, const std::filesystem::path& path)
    {
        return fmt::format("{} '{}'", what, path.string());
    }
    static std::string on_vm(std::string_view what, const VmId& vm) { return fmt::format("{} VM '{}'", what, vm.name); }
};

struct Encode {
    Json operator()(const RemoveFolder& step) const { return {{"remove", "folder"}, {"path", step.path.string()}}; }
    Json operator()(const RemoveFile& step) const { return {{"remove", "file"}, {"path", step.path.string()}}; }
    Json operator()(const RemoveDriverRoot& step) const
    {
        return {{"remove", "driver-root"}, {"path", step.path.string()}};
    }
    Json operator()(const RemoveVm& step) const
    {
        return {{"remove", "vm"}, {"uri", step.vm.uri}, {"uuid", step.vm.uuid}, {"name", step.vm.name}};
    }
    template <class Other>
    Json operator()(const Other& /*step*/) const
    {
        return {};
    }
};

Step decode_object(const Json& json)
{
    const auto kind = json.at("remove").get<std::string>();
    if (kind == "vm") {
        return RemoveVm{{json.at("uri").get<std::string>(),
                         json.at("uuid").get<std::string>(),
                         json.at("name").get<std::string>()}};
    }
    const std::filesystem::path path = json.at("path").get<std::string>();
    if (kind == "folder") {
        return RemoveFolder{path};
    }
    return kind == "file" ? Step{RemoveFile{path}} : Step{RemoveDriverRoot{path}};
}

}  // namespace

std::string describe(const Step& step)
{
    return std::visit(Describe{}, step);
}

std::string encode(const Step& step)
{
    const Json json = std::visit(Encode{}, step);
    return json.is_null() ? std::string{} : json.dump();
}

Result<Step> decode(std::string_view text)
{
    const Error unknown{ErrorCode::invalid, fmt::format("cannot read step '{}' of a journal", text)};
    try {
        const Json json = Json::parse(text, nullptr, false);
        return json.is_object() ? Result<Step>{decode_object(json)} : Result<Step>{unknown};
    } catch (const Json::exception&) {
        return unknown;
    }
}

}  // namespace kvmkit::virt
