// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// schema is a JSON Schema, of which this knows as much as our own schemas
// use. Any other keyword is an error, so that none is passed over.
type schema struct{ root map[string]any }

// annotations say nothing about validity; then and else belong to if.
var annotations = []string{"$schema", "$id", "$defs", "title", "description", "then", "else"}

// validate returns what is wrong with a value, each with its place.
func (s schema) validate(rule map[string]any, value any, at string) []string {
	var wrong []string
	for keyword, arg := range rule {
		if slices.Contains(annotations, keyword) {
			continue
		}
		inner, known := s.inner(rule, keyword, value, at)
		if !known {
			if fault := plain(keyword, arg, value); fault != "" {
				inner = []string{at + ": " + fault}
			}
		}
		wrong = append(wrong, inner...)
	}
	return wrong
}

// inner applies the keywords that lead to further schemas.
func (s schema) inner(rule map[string]any, keyword string, value any, at string) (wrong []string, known bool) {
	sub := func(rule any, value any, at string) []string {
		return s.validate(rule.(map[string]any), value, at)
	}
	arg := rule[keyword]
	switch keyword {
	case "$ref":
		def, ok := s.root["$defs"].(map[string]any)[strings.TrimPrefix(arg.(string), "#/$defs/")]
		if !ok {
			return []string{fmt.Sprintf("%s: the schema has no %v", at, arg)}, true
		}
		return sub(def, value, at), true
	case "items":
		array, _ := value.([]any)
		for i, item := range array {
			wrong = append(wrong, sub(arg, item, fmt.Sprintf("%s[%d]", at, i))...)
		}
		return wrong, true
	case "properties":
		object, _ := value.(map[string]any)
		for name, rule := range arg.(map[string]any) {
			if member, ok := object[name]; ok {
				wrong = append(wrong, sub(rule, member, at+"."+name)...)
			}
		}
		return wrong, true
	case "not":
		if len(sub(arg, value, at)) == 0 {
			return []string{fmt.Sprintf("%s: is what it must not be: %v", at, arg)}, true
		}
		return nil, true
	case "if":
		branch := rule["else"]
		if len(sub(arg, value, at)) == 0 {
			branch = rule["then"]
		}
		if branch == nil {
			return nil, true
		}
		return sub(branch, value, at), true
	}
	return nil, false
}

// plain applies the keywords that look at the value alone. It returns what is
// wrong, "" if nothing is.
func plain(keyword string, arg, value any) string {
	array, isArray := value.([]any)
	text, isText := value.(string)
	number, isNumber := value.(float64)
	object, isObject := value.(map[string]any)
	ok := true
	switch keyword {
	case "type":
		ok = typeOf(value) == arg
	case "const":
		ok = value == arg
	case "enum":
		ok = slices.Contains(arg.([]any), value)
	case "pattern":
		ok = !isText || regexp.MustCompile(arg.(string)).MatchString(text)
	case "minimum":
		ok = !isNumber || number >= arg.(float64)
	case "minItems":
		ok = !isArray || float64(len(array)) >= arg.(float64)
	case "required":
		for _, name := range arg.([]any) {
			_, there := object[name.(string)]
			ok = ok && (there || !isObject)
		}
	default:
		return fmt.Sprintf("the schema uses %q, which this validator does not know", keyword)
	}
	if !ok {
		return fmt.Sprintf("%v breaks %s %v", value, keyword, arg)
	}
	return ""
}

// typeOf names a value's type as schemas do; our own ask for integers only.
func typeOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	}
	return "object"
}
