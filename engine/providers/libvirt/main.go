// pulumi-resource-libvirt: dmacvicar's Terraform provider with the tokens and names of pulumi-libvirt.
package main

import (
	upstream "github.com/dmacvicar/terraform-provider-libvirt/libvirt"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/rehouse/schema"
)

var version = "0.0.0" // set by the linker: the version of the Python SDK

func main() {
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(upstream.Provider()),
		Name:    "libvirt",
		Version: version,
		Resources: map[string]*tfbridge.ResourceInfo{
			// Without this the bridge would say "cloudinitDisk:CloudinitDisk".
			"libvirt_cloudinit_disk": {Tok: "libvirt:index/cloudInitDisk:CloudInitDisk"},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("libvirt_", "index", tokens.MakeStandard("libvirt")))
	info.SetAutonaming(255, "-")
	tfbridge.Main("libvirt", version, info, schema.Of(info))
}
