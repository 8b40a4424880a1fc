// SPDX-License-Identifier: Apache-2.0

package sign_test

import (
	"crypto"
	"fmt"
	"log"
	"strings"

	"github.com/sigbundle/sigbundle/sign"
)

// A statement about an artifact, ready to be signed as sign.Statement.
func ExampleNewStatement() {
	subject, err := sign.ReadSubject("hello.txt", strings.NewReader("hello\n"), crypto.SHA256)
	if err != nil {
		log.Fatal(err)
	}
	statement, err := sign.NewStatement([]sign.Subject{subject}, "https://example.org/reviewed", []byte(`{"by":"a"}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", statement)
	// Output: {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"hello.txt","digest":{"sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"}}],"predicateType":"https://example.org/reviewed","predicate":{"by":"a"}}
}
