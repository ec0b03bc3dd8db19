package validate

import (
	"errors"
	"runtime"
	"sync"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/ledger"
)

// Validator validates blocks of one channel and commits them.
type Validator struct {
	Config *chanconfig.Config
	Ledger *ledger.Ledger
}

// Commit validates a block and makes it durable.
func (v *Validator) Commit(block *cb.Block) error {
	transactions := v.checkAll(block.Data.Data)
	if err := v.checkTogether(transactions); err != nil {
		return err
	}
	txs := make([]ledger.Tx, len(transactions))
	for i, t := range transactions {
		txs[i] = ledger.Tx{ID: t.id, Code: t.code, Set: t.set}
	}
	return v.Ledger.Commit(block, txs)
}

// checkAll does the costly part, signatures, on all processors.
func (v *Validator) checkAll(entries [][]byte) []*transaction {
	transactions := make([]*transaction, len(entries))
	var wait sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, raw := range entries {
		free <- struct{}{}
		wait.Go(func() {
			defer func() { <-free }()
			transactions[i] = check(v.Config, raw)
		})
	}
	wait.Wait()
	return transactions
}

// checkTogether does what needs the state or the entries before: endorsement policies and duplicate ids.
func (v *Validator) checkTogether(transactions []*transaction) (err error) {
	snapshots, err := v.Ledger.Snapshots(1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.CloseAll(snapshots)) }()
	policies := Policies{Config: v.Config, View: snapshots[0], repoliced: map[stateKey]bool{}}
	ids := map[string]bool{}
	for _, t := range transactions {
		if !t.sound {
			continue
		}
		if t.code, err = v.judge(t, policies, snapshots[0], ids); err != nil {
			return err
		}
		if t.code == pb.TxValidationCode_VALID {
			ids[t.id] = true
			policies.note(t)
		}
	}
	return nil
}

func (v *Validator) judge(t *transaction, policies Policies, snapshot *ledger.Snapshot, ids map[string]bool) (pb.TxValidationCode, error) {
	_, err := snapshot.TxStatus(t.id)
	if err == nil {
		return pb.TxValidationCode_DUPLICATE_TXID, nil
	}
	if !errors.Is(err, ledger.ErrNotFound) {
		return t.code, err
	}
	if t.code != pb.TxValidationCode_VALID {
		return t.code, nil
	}
	code, err := policies.Check(t.set, t.chaincode, t.endorsers)
	if err == nil && code == pb.TxValidationCode_VALID && ids[t.id] {
		code = pb.TxValidationCode_DUPLICATE_TXID
	}
	return code, err
}

// note remembers the keys whose policy a valid transaction changes.
func (p Policies) note(t *transaction) {
	for _, ns := range t.set {
		for _, write := range ns.KV.MetadataWrites {
			p.repoliced[stateKey{ns.Name, write.Key}] = true
		}
	}
}
