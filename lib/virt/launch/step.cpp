// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/step.hpp"

#include "virt/seed/ssh_files.hpp"

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
        const auto grown = step.size ? fmt::format(", {}", human(*step.size)) : std::string{};
        return fmt::format("create overlay '{}' on image '{}'{}", step.path.string(), step.base.path.string(), grown);
    }
    std::string operator()(const MakeDisk& step) const
    {
        return fmt::format("create disk '{}', {}", step.path.string(), human(step.disk.size));
    }
    std::string operator()(const MakeSeed& step) const
    {
        const bool in_memory = step.order.place == SeedPlace::memory;
        return on_path("create cloud-init seed", SeedPaths{step.order.folder}.image()) +
               (in_memory ? ", in memory" : "");
    }
    std::string operator()(const RemoveSeed& step) const { return on_path("remove cloud-init seed in", step.folder); }
    std::string operator()(const RemoveFile& step) const { return on_path("remove file", step.path); }
    std::string operator()(const DefineVm& step) const { return on_vm("define", step.vm); }
    std::string operator()(const StartVm& step) const { return on_vm("start", step.vm) + ", paused"; }
    std::string operator()(const StartAgain& step) const { return on_vm("start", step.vm) + ", paused"; }
    std::string operator()(const StopStarted& step) const { return on_vm("cut the power of", step.vm); }
    std::string operator()(const CreateVm& step) const { return on_vm("start ephemeral", step.vm) + ", paused"; }
    std::string operator()(const AttachVm& step) const { return on_vm("open console of", step.vm); }
    std::string operator()(const ResumeVm& step) const { return on_vm("resume", step.vm); }
    std::string operator()(const RemoveVm& step) const { return on_vm("remove", step.vm); }
    std::string operator()(const StartNetwork& step) const { return fmt::format("start network '{}'", step.name); }
    std::string operator()(const StopNetwork& step) const { return fmt::format("stop network '{}'", step.name); }
    std::string operator()(const TagPort& step) const
    {
        return fmt::format("put port of {} into VLAN {}", step.nic.mac, step.vlan);
    }
    std::string operator()(const UntagPort& step) const
    {
        return fmt::format("take port of {} out of its VLAN", step.nic.mac);
    }
    std::string operator()(const AwaitPort& step) const
    {
        return fmt::format("wait until port of {} forwards", step.nic.mac);
    }

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
    Json operator()(const RemoveSeed& step) const { return {{"remove", "seed"}, {"path", step.folder.string()}}; }
    Json operator()(const RemoveDriverRoot& step) const
    {
        return {{"remove", "driver-root"}, {"path", step.path.string()}};
    }
    Json operator()(const RemoveVm& step) const
    {
        return {{"remove", "vm"}, {"uri", step.vm.uri}, {"uuid", step.vm.uuid}, {"name", step.vm.name}};
    }
    Json operator()(const StopStarted& step) const
    {
        return {{"remove", "run"},
                {"uri", step.vm.uri},
                {"uuid", step.vm.uuid},
                {"name", step.vm.name},
                {"transaction", step.transaction}};
    }
    Json operator()(const StopNetwork& step) const
    {
        return {{"remove", "network-use"}, {"uri", step.uri}, {"name", step.name}};
    }
    Json operator()(const UntagPort& step) const
    {
        const VmId& vm = step.nic.vm;
        return {{"remove", "tag"}, {"uri", vm.uri}, {"uuid", vm.uuid}, {"name", vm.name}, {"mac", step.nic.mac}};
    }
    template <class Other>
    Json operator()(const Other& /*step*/) const
    {
        return {};
    }
};

Step decode_object(const Json& json)
{
    const auto text = [&json](const char* key) { return json.at(key).get<std::string>(); };
    const auto kind = text("remove");
    if (kind == "vm") {
        return RemoveVm{{text("uri"), text("uuid"), text("name")}};
    }
    if (kind == "run") {
        return StopStarted{{text("uri"), text("uuid"), text("name")}, text("transaction")};
    }
    if (kind == "network-use") {
        return StopNetwork{text("uri"), text("name")};
    }
    if (kind == "tag") {
        return UntagPort{{{text("uri"), text("uuid"), text("name")}, text("mac")}};
    }
    const std::filesystem::path path = json.at("path").get<std::string>();
    if (kind == "folder") {
        return RemoveFolder{path};
    }
    if (kind == "seed") {
        return RemoveSeed{path};
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
