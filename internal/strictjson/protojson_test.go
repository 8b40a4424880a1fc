// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"strconv"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// protoInt and protoBytes are what protojson makes of a value.
func protoInt(text string) (int64, bool) {
	var m wrapperspb.Int64Value
	err := protojson.Unmarshal([]byte(text), &m)
	return m.GetValue(), err == nil
}

func protoBytes(text string) ([]byte, bool) {
	var m wrapperspb.BytesValue
	err := protojson.Unmarshal([]byte(text), &m)
	return m.GetValue(), err == nil
}

func TestInt64(t *testing.T) {
	for _, text := range []string{
		`0`, `"0"`, `1`, `"-1"`, ` 12`, `"\u0031"`,
		`9223372036854775807`, `"9223372036854775807"`, `-9223372036854775808`, `"-9223372036854775808"`,
	} {
		got, err := NewDecoder([]byte(text)).Int64()
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if want, ok := protoInt(text); !ok || got != want {
			t.Errorf("%s: got %d, protojson %d, %v", text, got, want, ok)
		}
	}
	for _, text := range []string{
		`9223372036854775808`, `"-9223372036854775809"`, `"1e99"`, `1.5`, `""`, `" 1"`, `"1 "`, `"+1"`, `"01"`, `"0x1"`, `"1_0"`,
		`true`, `null`, `[1]`, `{}`,
	} {
		if got, err := NewDecoder([]byte(text)).Int64(); err == nil {
			t.Errorf("%s accepted as %d", text, got)
		}
	}
}

// The complete list of integers that protojson reads and we do not: a number
// has one spelling, quoted or not.
func TestInt64Stricter(t *testing.T) {
	for _, c := range []struct {
		text string
		is   int64
	}{
		{`1.0`, 1}, {`"1.0"`, 1}, {`1e2`, 100}, {`"1E2"`, 100}, {`100e-2`, 1}, {`-0`, 0}, {`"-0"`, 0}, {`0.0`, 0}, {`12.5e1`, 125},
	} {
		if got, ok := protoInt(c.text); !ok || got != c.is {
			t.Errorf("%s: protojson reads %d, %v", c.text, got, ok)
		}
		d := NewDecoder([]byte(c.text))
		if got, err := d.Int64(); err == nil && d.End() == nil {
			t.Errorf("%s accepted as %d", c.text, got)
		}
	}
}

func TestBytes(t *testing.T) {
	want := []byte{0xfb, 0xff, 0xfe, 0x01}
	for _, text := range []string{`"+//+AQ=="`, `"+//+AQ"`, `"-__-AQ=="`, `"-__-AQ"`, `"\u002b\/\/+AQ=="`} {
		got, err := NewDecoder([]byte(text)).Bytes()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, %v", text, got, err)
		}
		if got, ok := protoBytes(text); !ok || !bytes.Equal(got, want) {
			t.Errorf("%s: protojson %x, %v", text, got, ok)
		}
	}
	for _, text := range []string{`"-//+AQ=="`, `"+__+AQ"`, `"A"`, `"AQ="`, `"AQ==="`, `"A Q="`, `"AQ== "`, `"=AQ="`, `"AQ==AQ=="`, `"é"`, `1`, `null`} {
		if got, err := NewDecoder([]byte(text)).Bytes(); err == nil {
			t.Errorf("%s accepted as %x", text, got)
		}
	}
	if got, err := NewDecoder([]byte(`""`)).Bytes(); err != nil || len(got) != 0 {
		t.Errorf("empty: %x, %v", got, err)
	}
}

// The complete list of base64 that protojson reads and we do not: bytes have
// one spelling in each alphabet, padded or not.
func TestBytesStricter(t *testing.T) {
	for why, text := range map[string]string{
		"line feed":                       `"AQ\n"`,
		"carriage return":                 `"\r\r\r\rAQ=="`,
		"line feed behind":                `"AQ==\n\r\n\r"`,
		"trailing bits":                   `"AR=="`,
		"trailing bits, unpadded":         `"AR"`,
		"trailing bits, two of three":     `"AQF="`,
		"trailing bits, URL-safe":         `"_x=="`,
		"trailing bits, the highest char": `"A/"`,
	} {
		if _, ok := protoBytes(text); !ok {
			t.Errorf("%s: protojson refuses %s as well", why, text)
		}
		if got, err := NewDecoder([]byte(text)).Bytes(); err == nil {
			t.Errorf("%s: %s accepted as %x", why, text, got)
		}
	}
}

// FuzzScalars holds integers and bytes against protojson.
func FuzzScalars(f *testing.F) {
	for _, s := range []string{"0", "-1", "9223372036854775807", "1.0", "1e2", "AQ==", "AQ", "_-8", "+/8=", "AR", "AQ\n=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, text := range []string{s, strconv.Quote(s)} {
			d := NewDecoder([]byte(text))
			if got, err := d.Int64(); err == nil && d.End() == nil {
				if want, ok := protoInt(text); !ok || got != want {
					t.Fatalf("%s: got %d, protojson %d, %v", text, got, want, ok)
				}
			}
			d = NewDecoder([]byte(text))
			if got, err := d.Bytes(); err == nil && d.End() == nil {
				if want, ok := protoBytes(text); !ok || !bytes.Equal(got, want) {
					t.Fatalf("%s: got %x, protojson %x, %v", text, got, want, ok)
				}
			}
		}
	})
}
