// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"regexp"
	"strings"
	"sync"
)

// rule explains a class of disagreements. It says who is right: "we" if the
// client accepts or refuses against a specification, "either" if the
// specification leaves it open and both are safe, "client" if we are wrong.
type rule struct {
	client string // names, "|" between them; "" for all
	code   string // an expression for the whole of our code, "accepted" if we accept
	words  string // an expression found in what the client says
	where  string // an expression found in the question's title
	right  string
	name   string
	why    string // with the source
}

const (
	sgo = "sigstore-go"
	js  = "@sigstore/verify"
	py  = "sigstore (Python)"
)

// applies reports whether a rule is about a disagreement.
func (r *rule) applies(d *Disagreement) bool {
	code := d.Code
	if code == "" {
		code = "accepted"
	}
	return (r.client == "" || strings.Contains("|"+r.client+"|", "|"+d.Client+"|")) &&
		expression("^(?:"+r.code+")$").MatchString(code) &&
		expression(r.words).MatchString(words(d.Answer.Reason)) &&
		expression(r.where).MatchString(d.Question.Title())
}

// explain returns the first rule that applies, nil if there is none.
func explain(d *Disagreement) *rule {
	for _, list := range [][]*rule{weAccept, theyAccept} {
		for _, r := range list {
			if (r.code == "accepted") == (d.Code == "") && r.applies(d) {
				return r
			}
		}
	}
	return nil
}

var expressions sync.Map // of *regexp.Regexp, by its text

func expression(text string) *regexp.Regexp {
	if e, ok := expressions.Load(text); ok {
		return e.(*regexp.Regexp)
	}
	e := regexp.MustCompile(text)
	expressions.Store(text, e)
	return e
}
