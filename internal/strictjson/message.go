// SPDX-License-Identifier: Apache-2.0

package strictjson

import "fmt"

// A Field is one member of a protobuf message in its JSON mapping.
type Field struct {
	json, proto string
	read        func() error
}

// NewField returns the field of that name in the JSON mapping, with its name
// in the schema if that differs ("" if not), since a reader of the mapping
// accepts both. read must consume the value.
func NewField(json, proto string, read func() error) Field { return Field{json, proto, read} }

// Message reads an object whose members are fields, of which there may be 32.
// Members that are not among them are skipped, null means absent, and the
// two spellings of one name are a repetition. What read returns is
// wrapped in the field's name.
func (d *Decoder) Message(fields ...Field) error {
	var seen uint32
	return d.Object(func(key string) error {
		for i, f := range fields {
			if key != f.json && (f.proto == "" || key != f.proto) {
				continue
			}
			if seen&(1<<i) != 0 {
				return d.fail("member %q occurs in two spellings", f.json)
			}
			seen |= 1 << i
			if d.Null() {
				return nil
			}
			if err := f.read(); err != nil {
				return fmt.Errorf("%s: %w", f.json, err)
			}
			return nil
		}
		return d.Skip()
	})
}
