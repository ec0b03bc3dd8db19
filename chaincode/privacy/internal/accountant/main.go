// Accountant answers, on standard output, one line for each line of JSON on standard input: what the
// charges of that line cost together. Tests compare the Python twin with it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"quorate.dev/chaincode/privacy"
)

type question struct {
	Charges []privacy.Mechanism `json:"charges"`
	Delta   string              `json:"delta"`
}

type answer struct {
	RDPNano     privacy.Vector    `json:"rdp_nano"`
	Histogram   privacy.Histogram `json:"histogram"`
	EpsilonNano string            `json:"epsilon_nano"`
	Order       uint              `json:"order"`
	Refusal     string            `json:"refusal,omitempty"`
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
	for {
		var q question
		switch err := decoder.Decode(&q); err {
		case nil:
		case io.EOF:
			return buffered.Flush()
		default:
			return fmt.Errorf("read a question: %w", err)
		}
		if err := encoder.Encode(reply(q)); err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}
	}
}

func reply(q question) answer {
	account, err := privacy.Compose(q.Charges)
	if err != nil {
		return answer{Refusal: err.Error()}
	}
	nano, order, err := privacy.Epsilon(account.Spent, q.Delta)
	if err != nil {
		return answer{Refusal: err.Error()}
	}
	return answer{RDPNano: account.Spent, Histogram: account.Histogram, EpsilonNano: nano.String(), Order: order}
}
