// SPDX-License-Identifier: Apache-2.0

package oracle

import "testing"

const public = "../../../testdata/public"

// Each row must be one that both accept: what is measured is a success.
func TestRows(t *testing.T) {
	rows, err := Rows(public, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		ours, err := Ours(row)
		if err != nil {
			t.Fatal(row.Name, err)
		}
		peer, err := Peer(row)
		if err != nil {
			t.Fatal(row.Name, err)
		}
		batch, err := Batch(row)
		if err != nil {
			t.Fatal(row.Name, err)
		}
		bare, what, err := Floor(row, nil)
		if err != nil {
			t.Fatal(row.Name, err)
		}
		for i, item := range row.Items {
			for name, judge := range map[string]Judge{"ours": ours, "batch": batch, "peer": peer, "floor": bare} {
				if err := judge(item); err != nil {
					t.Errorf("%s, item %d, %s: %v", row.Name, i, name, err)
				}
			}
			item.Digest[0] ^= 1
			for name, judge := range map[string]Judge{"ours": ours, "batch": batch, "peer": peer} {
				if judge(item) == nil {
					t.Errorf("%s, item %d, %s: another artifact was accepted", row.Name, i, name)
				}
			}
		}
		t.Logf("%s: %s", row.Name, what)
	}
}
