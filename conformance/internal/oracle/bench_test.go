// SPDX-License-Identifier: Apache-2.0

package oracle

import "testing"

// BenchmarkRows is for profiles; cmd/bench makes the table that counts.
func BenchmarkRows(b *testing.B) {
	rows, err := Rows(public, 64)
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range rows {
		for name, judge := range map[string]func(Row) (Judge, error){"ours": Ours, "batch": Batch} {
			j, err := judge(row)
			if err != nil {
				b.Fatal(err)
			}
			for _, item := range row.Items { // so that tables are made
				if err := j(item); err != nil {
					b.Fatal(err)
				}
			}
			b.Run(name+"/"+row.Name, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if err := j(row.Items[i%len(row.Items)]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
