package contract

import (
	"fmt"

	"quorate.dev/chaincode/records"
)

const choiceApprove = "approve"

// A count is how the members voted.
type count struct{ voters, needed, approve, reject int }

func (n count) passed() bool { return n.approve >= n.needed }
func (n count) failed() bool { return n.reject > n.voters-n.needed }

func (n count) String() string {
	return fmt.Sprintf("%d for and %d against of %d, %d needed", n.approve, n.reject, n.voters, n.needed)
}

// countMembers asks for every member's choice, which is empty for one that has not voted.
func countMembers(charter *records.Charter, rule string, choiceOf func(records.MSPID) (string, error)) (count, error) {
	n := count{voters: len(charter.Members), needed: needed(rule, len(charter.Members))}
	for _, member := range charter.Members {
		choice, err := choiceOf(member.MSP)
		switch {
		case err != nil:
			return n, err
		case choice == "":
		case choice == choiceApprove:
			n.approve++
		default:
			n.reject++
		}
	}
	return n, nil
}

// needed returns how many votes of n a quorum rule asks for.
func needed(rule string, n int) int {
	switch rule {
	case "all":
		return n
	case "two-thirds":
		return (2*n + 2) / 3
	default: // majority
		return n/2 + 1
	}
}
