// Command official answers requests, one JSON object a line on standard input, with Fabric's own Go client.
//
// Its one argument is a file that says where the gateway is and who asks. A test sends the requests and compares
// the answers, which have the same form for every official client.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// request is what a test asks for; which fields count depends on Op.
type request struct {
	Op          string   `json:"op"`
	Function    string   `json:"function"`
	Arguments   []string `json:"arguments"`
	Bytes       []byte   `json:"bytes"`
	Signature   []byte   `json:"signature"`
	TimeoutMS   int      `json:"timeout_ms"`
	StartBlock  uint64   `json:"start_block"`
	Transaction string   `json:"after_transaction"`
	Count       int      `json:"count"`
	Chaincode   string   `json:"chaincode"`
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: official SETTINGS.json"))
	}
	connected, err := connect(os.Args[1])
	if err != nil {
		fail(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fail(err)
		}
		if err := out.Encode(connected.answer(&asked)); err != nil {
			fail(err)
		}
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
