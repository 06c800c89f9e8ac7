// SPDX-License-Identifier: Apache-2.0
// Which cloud DMI names.
#include "facts/underlay_machine.hpp"

#include <algorithm>
#include <array>

namespace kvmkit {
namespace {

struct CloudRow {
    std::string DmiFacts::*field;
    std::string_view begins;  ///< What the field begins with.
    std::string_view name;    ///< For people.
};

constexpr std::array rows{
    CloudRow{&DmiFacts::asset_tag, "7783-7084-3265-9085-8269-3286-77", "Microsoft Azure"},
    CloudRow{&DmiFacts::asset_tag, "OracleCloud.com", "Oracle Cloud"},
    CloudRow{&DmiFacts::asset_tag, "OpenTelekomCloud", "Open Telekom Cloud"},
    CloudRow{&DmiFacts::asset_tag, "SAP CCloud VM", "SAP Converged Cloud"},
    CloudRow{&DmiFacts::asset_tag, "HUAWEICLOUD", "Huawei Cloud"},
    CloudRow{&DmiFacts::asset_tag, "Samsung Cloud Platform", "Samsung Cloud Platform"},
    CloudRow{&DmiFacts::vendor, "Amazon EC2", "Amazon EC2"},
    CloudRow{&DmiFacts::version, "4.2.amazon", "Amazon EC2"},  // on Xen, as the next one
    CloudRow{&DmiFacts::version, "4.11.amazon", "Amazon EC2"},
    CloudRow{&DmiFacts::product, "Google Compute Engine", "Google Cloud"},
    CloudRow{&DmiFacts::product, "Alibaba Cloud ECS", "Alibaba Cloud"},
    CloudRow{&DmiFacts::product, "CloudStack", "an Apache CloudStack cloud"},
    CloudRow{&DmiFacts::product, "CloudCIX", "CloudCIX"},
    CloudRow{&DmiFacts::product, "Exoscale", "Exoscale"},
    CloudRow{&DmiFacts::product, "CloudSigma", "CloudSigma"},
    CloudRow{&DmiFacts::product, "SmartDC", "Triton (SmartDC)"},
    CloudRow{&DmiFacts::product, "3DS Outscale VM", "3DS Outscale"},
    CloudRow{&DmiFacts::vendor, "Linode", "Linode (Akamai)"},
    CloudRow{&DmiFacts::vendor, "Akamai", "Akamai"},
    CloudRow{&DmiFacts::vendor, "DigitalOcean", "DigitalOcean"},
    CloudRow{&DmiFacts::vendor, "UpCloud", "UpCloud"},
    CloudRow{&DmiFacts::vendor, "Hetzner", "Hetzner Cloud"},
    CloudRow{&DmiFacts::vendor, "NWCS", "NWCS"},
    CloudRow{&DmiFacts::vendor, "Vultr", "Vultr"},
    CloudRow{&DmiFacts::vendor, "Scaleway", "Scaleway"},
    CloudRow{&DmiFacts::product, "OpenStack Nova", "an OpenStack cloud"},
    CloudRow{&DmiFacts::product, "OpenStack Compute", "an OpenStack cloud"},
    CloudRow{&DmiFacts::asset_tag, "OpenStack Nova", "an OpenStack cloud"},
};

}  // namespace

std::string_view cloud_of(const DmiFacts& dmi) noexcept
{
    const auto row = std::ranges::find_if(
        rows, [&dmi](const CloudRow& candidate) { return (dmi.*candidate.field).starts_with(candidate.begins); });
    return row == rows.end() ? std::string_view{} : row->name;
}

bool is_cloud_tag(std::string_view tag) noexcept
{
    return std::ranges::any_of(
        rows, [tag](const CloudRow& row) { return row.field == &DmiFacts::asset_tag && row.begins == tag; });
}

}  // namespace kvmkit
