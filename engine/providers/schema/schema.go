// Package schema answers GetSchema with the names that the bridge really uses,
// so that a test can hold them against the Python SDK's.
package schema

import (
	"encoding/json"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

type object struct {
	Properties      map[string]property `json:"properties"`
	InputProperties map[string]property `json:"inputProperties,omitempty"`
}

type property struct {
	Type  string    `json:"type,omitempty"`
	Ref   string    `json:"$ref,omitempty"`
	Items *property `json:"items,omitempty"`
}

type document struct {
	Name      string            `json:"name"`
	Version   string            `json:"version"`
	Provider  object            `json:"provider"`
	Resources map[string]object `json:"resources"`
	Types     map[string]object `json:"types"`
}

// Of returns the provider's schema in Pulumi's form, names only: types say "any" where they are not objects.
func Of(info tfbridge.ProviderInfo) []byte {
	doc := document{Name: info.Name, Version: info.Version, Resources: map[string]object{}, Types: map[string]object{}}
	settings := doc.properties(info.P.Schema(), info.Config, "provider", everything)
	doc.Provider = object{Properties: settings, InputProperties: settings}
	info.P.ResourcesMap().Range(func(name string, resource shim.Resource) bool {
		fields := info.Resources[name].Fields
		doc.Resources[string(info.Resources[name].Tok)] = object{
			Properties:      doc.properties(resource.Schema(), fields, name, everything),
			InputProperties: doc.properties(resource.Schema(), fields, name, settable),
		}
		return true
	})
	encoded, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return encoded
}

func everything(shim.Schema) bool         { return true }
func settable(attribute shim.Schema) bool { return attribute.Optional() || attribute.Required() }

func (doc document) properties(
	attributes shim.SchemaMap, infos map[string]*tfbridge.SchemaInfo, path string, wanted func(shim.Schema) bool,
) map[string]property {
	found := map[string]property{}
	attributes.Range(func(name string, attribute shim.Schema) bool {
		if wanted(attribute) {
			renamed := tfbridge.TerraformToPulumiNameV2(name, attributes, infos)
			found[renamed] = doc.property(attribute, infos[name], path+"."+name)
		}
		return true
	})
	return found
}

func (doc document) property(attribute shim.Schema, info *tfbridge.SchemaInfo, path string) property {
	value := doc.value(attribute, info, path)
	isList := attribute.Type() == shim.TypeList || attribute.Type() == shim.TypeSet
	if isList && !tfbridge.IsMaxItemsOne(attribute, info) {
		return property{Type: "array", Items: &value}
	}
	return value
}

func (doc document) value(attribute shim.Schema, info *tfbridge.SchemaInfo, path string) property {
	nested, isObject := attribute.Elem().(shim.Resource)
	if !isObject {
		return property{Ref: "pulumi.json#/Any"}
	}
	// Both walks of a resource meet a nested object: inputs decide nothing below the first level.
	doc.Types[path] = object{Properties: doc.properties(nested.Schema(), below(info), path, everything)}
	return property{Ref: "#/types/" + path}
}

// below finds the names given to a nested object's own fields, as the bridge does.
func below(info *tfbridge.SchemaInfo) map[string]*tfbridge.SchemaInfo {
	if info != nil && info.Elem != nil {
		info = info.Elem
	}
	if info == nil {
		return nil
	}
	return info.Fields
}
