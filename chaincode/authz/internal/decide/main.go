// Decide answers, on standard output, one line for each line of JSON on standard input: whether a policy text is
// within the profile, and what it decides about one request. Tests compare the Python twin with it.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"quorate.dev/chaincode/authz"
	"quorate.dev/chaincode/records"
)

// A question is about a policy text, and about a request when there is one.
type question struct {
	Text    string   `json:"text"`
	Request *request `json:"request"`
}

type request struct {
	Members   []records.MSPID `json:"members"`
	Principal principal       `json:"principal"`
	Action    authz.Action    `json:"action"`
	Resource  resource        `json:"resource"`
	Now       int64           `json:"now"`
	// Study is what data are to be trained for.
	Study *records.Study `json:"study"`
}

type principal struct {
	MSP         records.MSPID  `json:"msp"`
	Role        string         `json:"role"`
	Certificate records.Digest `json:"certificate"`
}

// A resource is of one kind, and names the records that this kind is built from.
type resource struct {
	Kind    string           `json:"kind"`
	Study   *records.Study   `json:"study"`
	Round   *records.Round   `json:"round"`
	Dataset *records.Dataset `json:"dataset"`
	Model   *records.Model   `json:"model"`
	Trail   string           `json:"trail"`
}

// An answer has the reason of the guard's refusal, or says whether the text is Cedar, and then what was decided.
type answer struct {
	Reason   authz.Reason `json:"reason"`
	Cedar    bool         `json:"cedar"`
	Decision *decision    `json:"decision,omitempty"`
}

type decision struct {
	Allow    bool           `json:"allow"`
	Policies []string       `json:"policies"`
	Digest   records.Digest `json:"digest"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	buffered := bufio.NewWriter(out)
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(buffered)
	var cache authz.Cache
	for {
		var q question
		switch err := decoder.Decode(&q); err {
		case nil:
		case io.EOF:
			return buffered.Flush()
		default:
			return fmt.Errorf("read a question: %w", err)
		}
		reply, err := reply(&cache, q)
		if err != nil {
			return err
		}
		if err := encoder.Encode(reply); err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}
	}
}

func reply(cache *authz.Cache, q question) (answer, error) {
	policies, err := cache.Get(q.Text)
	if refused, ok := errors.AsType[*authz.Refusal](err); ok {
		return answer{Reason: refused.Reason}, nil
	}
	if err != nil || q.Request == nil {
		return answer{Cedar: err == nil}, nil
	}
	made, err := decide(policies, q.Request)
	return answer{Cedar: true, Decision: made}, err
}

func decide(policies *authz.Policies, r *request) (*decision, error) {
	world := authz.NewWorld(r.Members)
	about, err := r.Resource.in(world)
	if err != nil {
		return nil, err
	}
	asked := authz.Request{Principal: authz.Principal(r.Principal), Action: r.Action, Resource: about, Now: r.Now}
	if r.Study != nil {
		study := world.Study(r.Study)
		asked.Study = &study
	}
	made := policies.Decide(world, asked)
	return &decision{Allow: made.Allow, Policies: made.Policies, Digest: policies.Digest}, nil
}

func (r resource) in(world *authz.World) (authz.Resource, error) {
	switch r.Kind {
	case "consortium":
		return world.Consortium(), nil
	case "study":
		return world.Study(r.Study), nil
	case "round":
		return world.Round(r.Study, r.Round), nil
	case "dataset":
		return world.Dataset(r.Dataset), nil
	case "model":
		return world.Model(r.Study, r.Model), nil
	case "trail":
		return world.AuditTrail(r.Trail), nil
	}
	return authz.Resource{}, fmt.Errorf("%q is no kind of resource", r.Kind)
}
