package contract

import (
	"encoding/hex"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/merkle"
	"quorate.dev/chaincode/records"
)

// Get returns a round with everything that was said in it.
func (*Round) Get(ctx *Context, q *records.RoundRequest) (*records.RoundView, error) {
	round, err := ctx.round(q.Study, q.Round)
	if err != nil {
		return nil, err
	}
	view := &records.RoundView{Schema: records.Version("round_view", 1), Round: *round}
	study, number := string(q.Study), ledger.Number(q.Round)
	if view.Reservations, err = ledger.List[records.Reservation](ctx.Tx, "reserve", study, number); err != nil {
		return nil, err
	}
	if view.Commits, err = ledger.List[records.Commit](ctx.Tx, "commit", study, number); err != nil {
		return nil, err
	}
	if view.Declines, err = ledger.List[records.Decline](ctx.Tx, "decline", study, number); err != nil {
		return nil, err
	}
	view.Attestations, err = ledger.List[records.Attestation](ctx.Tx, "attest", study, number)
	return view, err
}

// Receipt proves that a participant's update is included in a sealed round, or says why it is not.
func (*Round) Receipt(ctx *Context, q *records.ReceiptRequest) (*records.Receipt, error) {
	round, err := ctx.round(q.Study, q.Round)
	if err != nil {
		return nil, err
	}
	receipt := &records.Receipt{
		Schema: records.Version("receipt", 1), Study: q.Study, Round: q.Round, MSP: q.MSP, Dataset: q.Dataset,
	}
	for _, out := range round.LeftOut {
		if out.MSP == q.MSP && out.Dataset == q.Dataset {
			receipt.Reason = out.Reason
			return receipt, nil
		}
	}
	if round.Sealed == nil {
		return nil, wrongState("the round", round.State, "one that was sealed")
	}
	return prove(receipt, round)
}

// prove adds the inclusion proof of the participant that a receipt is for.
func prove(receipt *records.Receipt, round *records.Round) (*records.Receipt, error) {
	leaves, err := leavesOf(round.Included)
	if err != nil {
		return nil, err
	}
	for i, update := range round.Included {
		if update.MSP != receipt.MSP || update.Dataset != receipt.Dataset {
			continue
		}
		receipt.Leaf, receipt.Index, receipt.Size, receipt.Root = update.Leaf, int64(i), int64(len(leaves)), round.Root
		receipt.Proof = []records.Hex{}
		for _, hash := range merkle.Proof(leaves, i) {
			receipt.Proof = append(receipt.Proof, records.Hex(hex.EncodeToString(hash[:])))
		}
		return receipt, nil
	}
	return nil, ledger.Refuse(ledger.NotFound, "%s/%s is not a participant of study %s", receipt.MSP, receipt.Dataset, receipt.Study)
}
