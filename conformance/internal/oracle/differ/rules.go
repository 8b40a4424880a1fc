// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"regexp"
	"strings"
	"sync"
)

// rule explains a class of disagreements. It says who is right: "we" if a
// specification decides against the client, "either" if it leaves the matter
// open and both answers are safe.
//
// A rule is about one reason. Where the words of either side could stand for
// another reason as well, check or cure tell them apart.
type rule struct {
	client string // names, "|" between them; "" for all
	code   string // an expression for the whole of our code, "" if we accept
	said   string // an expression found in what we say, where we refuse
	words  string // an expression found in what the client says, where it refuses
	where  string // an expression found in the question's title
	check  func(*Disagreement) bool
	// cure returns the question without what the client objects to, in each
	// way that this can be done. The client must accept one of them.
	cure func(*Question) []*Question
	// alone returns the question without what makes up for that which we say
	// is bad, in each way that this can be done. The client must refuse all.
	alone func(*Question) []*Question
	right string
	name  string
	why   string // with the source
}

const (
	sgo = "sigstore-go"
	js  = "@sigstore/verify"
	py  = "sigstore (Python)"
)

// applies reports whether a rule is about a disagreement, as far as can be
// told without asking the client again.
func (r *rule) applies(d *Disagreement) bool {
	if r.client != "" && !strings.Contains("|"+r.client+"|", "|"+d.Client+"|") || (r.code == "") != (d.Code == "") {
		return false
	}
	if d.Code == "" {
		if !expression(r.words).MatchString(words(d.Answer.Reason)) {
			return false
		}
	} else if !expression("^(?:"+r.code+")$").MatchString(d.Code) || d.Err == nil || !expression(r.said).MatchString(d.Err.Error()) {
		return false
	}
	return expression(r.where).MatchString(d.Question.Title()) && (r.check == nil || r.check(d))
}

// proved reports whether the client, asked again, answers as the rule says.
// Without a client there is no telling.
func (r *rule) proved(d *Disagreement, c Client) (bool, error) {
	if r.cure == nil && r.alone == nil {
		return true, nil
	}
	if c == nil {
		return false, nil
	}
	if r.cure != nil {
		return anyAccepted(r.cure(d.Question), c)
	}
	list := r.alone(d.Question)
	accepted, err := anyAccepted(list, c)
	return len(list) > 0 && !accepted, err
}

func anyAccepted(list []*Question, c Client) (bool, error) {
	for _, q := range list {
		if a, err := c.Ask(q); err != nil || a.Accepted {
			return a.Accepted, err
		}
	}
	return false, nil
}

// explain returns the first rule that applies, nil if there is none. A mutant
// that we accept and of which we say more than of what it was made from is
// explained by nothing. One whose origin the client refuses as well is
// explained by what explains that.
func explain(d *Disagreement, c Client) (*rule, error) {
	if d.Code == "" && d.Question.base != nil && !harmless(d.Question) {
		return nil, nil
	}
	for _, list := range [][]*rule{weAccept, theyAccept} {
		for _, r := range list {
			if !r.applies(d) {
				continue
			}
			if ok, err := r.proved(d, c); ok || err != nil {
				return r, err
			}
		}
	}
	if d.Code == "" && d.Question.base != nil && c != nil {
		if a, err := c.Ask(d.Question.base); err != nil || !a.Accepted {
			return explainOrigin(d, a, c, err)
		}
	}
	return nil, nil
}

// explainOrigin explains the client's answer to what a mutant was made from.
func explainOrigin(d *Disagreement, a Answer, c Client, err error) (*rule, error) {
	if err != nil {
		return nil, err
	}
	return explain(&Disagreement{Client: d.Client, Question: d.Question.base, Answer: a}, c)
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
