package document

import (
	"math"
	"reflect"
	"strings"
)

// A Definition is a JSON Schema, or a part of one.
type Definition map[string]any

// Describe adds the JSON Schema of a struct type, and of all types in it, to definitions, by type name.
func Describe(t reflect.Type, definitions map[string]Definition) Definition {
	reference := Definition{"$ref": "#/definitions/" + t.Name()}
	if _, known := definitions[t.Name()]; known {
		return reference
	}
	properties, required := map[string]any{}, []string{}
	definition := Definition{"type": "object", "additionalProperties": false}
	definitions[t.Name()] = definition
	for f := range fieldsOf(t) {
		properties[f.name] = describe(f.Type, f.Tag, definitions)
		if !f.optional {
			required = append(required, f.name)
		}
	}
	definition["properties"], definition["required"] = properties, required
	return reference
}

func describe(t reflect.Type, tag reflect.StructTag, definitions map[string]Definition) Definition {
	if t == rawMessage {
		return Definition{"type": "object"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return describe(t.Elem(), tag, definitions)
	case reflect.Struct:
		return Describe(t, definitions)
	case reflect.Slice:
		item := describe(t.Elem(), elementTag(tag), definitions)
		return bounded(Definition{"type": "array", "items": item}, tag, "minItems", "maxItems")
	case reflect.Map:
		return Definition{"type": "object", "additionalProperties": describe(t.Elem(), "", definitions)}
	case reflect.String:
		return describeText(t, tag)
	case reflect.Bool:
		return Definition{"type": "boolean"}
	default:
		low, high := bounds(tag)
		return Definition{"type": "integer", "minimum": low, "maximum": high}
	}
}

func describeText(t reflect.Type, tag reflect.StructTag) Definition {
	definition := Definition{"type": "string"}
	if p, ok := reflect.Zero(t).Interface().(Patterned); ok {
		definition["pattern"] = p.Pattern().String()
	}
	if words := tag.Get("enum"); words != "" {
		definition["enum"] = strings.Split(words, ",")
	}
	return bounded(definition, tag, "minLength", "maxLength")
}

func bounded(definition Definition, tag reflect.StructTag, low, high string) Definition {
	l, h := bounds(tag)
	if l > 0 {
		definition[low] = l
	}
	if h < math.MaxInt32 {
		definition[high] = h
	}
	return definition
}
