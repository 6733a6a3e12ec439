// pulumi-resource-docker: kreuzwerker's Terraform provider with the tokens and names of pulumi-docker.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	upstream "github.com/terraform-providers/terraform-provider-docker/internal/provider"
	"github.com/terraform-providers/terraform-provider-docker/rehouse/schema"
)

var version = "0.0.0" // set by the linker: the version of the Python SDK

func main() {
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(upstream.New(version)()),
		Name:    "docker",
		Version: version,
		// Without this the bridge would say "registryAuths", and drop the credentials.
		Config: map[string]*tfbridge.SchemaInfo{"registry_auth": {Name: "registryAuth"}},
		Resources: map[string]*tfbridge.ResourceInfo{
			// Without these the bridge would say "commands" and "networksAdvanceds".
			"docker_container": {Fields: map[string]*tfbridge.SchemaInfo{
				"command":           {Name: "command"},
				"networks_advanced": {Name: "networksAdvanced"},
			}},
			// Two names that Terraform has and Pulumi uses for something else.
			"docker_image":  {Tok: "docker:index/remoteImage:RemoteImage"},
			"docker_config": {Tok: "docker:index/serviceConfig:ServiceConfig"},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("docker_", "index", tokens.MakeStandard("docker")))
	info.SetAutonaming(255, "-")
	tfbridge.Main("docker", version, info, schema.Of(info))
}
