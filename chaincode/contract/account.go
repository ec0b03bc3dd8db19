package contract

import (
	"encoding/json"
	"math/big"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/privacy"
	"quorate.dev/chaincode/records"
)

// openAccount writes an empty account for a data set that has a cap.
func (c *call) openAccount(dataset *records.Dataset) error {
	if dataset.Cap == nil {
		return nil
	}
	account := &records.Account{
		Schema: ledger.SchemaOf[records.Account](), MSP: dataset.MSP, Dataset: dataset.Dataset, Delta: dataset.Cap.Delta,
	}
	return c.storeAccount(account, dataset.Cap, privacy.Account{})
}

// recap gives a data set's account the cap that a revision set.
func (c *call) recap(dataset *records.Dataset) error {
	if dataset.Cap == nil {
		return nil
	}
	account, err := c.account(dataset.MSP, dataset.Dataset)
	if err != nil {
		return err
	}
	spent, err := spentOf(account)
	if err != nil {
		return err
	}
	return c.storeAccount(account, dataset.Cap, spent)
}

func (c *call) account(msp records.MSPID, dataset records.ID) (*records.Account, error) {
	return ledger.Need[records.Account](c.Tx, ledger.AccountKey(msp, dataset), "privacy account of data set "+string(dataset)+" of "+string(msp))
}

// storeAccount writes an account with a cap and with what is spent.
func (c *call) storeAccount(account *records.Account, limit *records.Cap, spent privacy.Account) error {
	capNano, err := privacy.ParseEpsilon("cap.epsilon", string(limit.Epsilon))
	if err != nil {
		return ledger.Refuse(ledger.Defect, "the stored cap: %v", err)
	}
	epsilon, order, err := privacy.Epsilon(spent.Spent, string(account.Delta))
	if err != nil {
		return ledger.Refuse(ledger.Defect, "the stored account: %v", err)
	}
	if account.RDPNano, err = amounts(spent.Spent); err != nil {
		return err
	}
	account.Histogram = []records.Charge{}
	for _, m := range spent.Histogram {
		account.Histogram = append(account.Histogram, records.Charge{
			NoiseMultiplier: records.Decimal(m.NoiseMultiplier), SampleRate: records.Rate(m.SampleRate), Steps: int64(m.Steps),
		})
	}
	account.CapNano, account.EpsilonNano, account.Order = nano(capNano), nano(epsilon), int64(order)
	account.Charges, account.Updated = int64(spent.Charges), c.Stamp()
	return ledger.Put(c.Tx, ledger.AccountKey(account.MSP, account.Dataset), account)
}

// spentOf returns what a stored account has spent.
func spentOf(account *records.Account) (privacy.Account, error) {
	spent := privacy.Account{Charges: uint64(account.Charges)}
	for _, charge := range account.Histogram {
		spent.Histogram = append(spent.Histogram, mechanism(charge))
	}
	data, err := json.Marshal(account.RDPNano)
	if err == nil {
		err = json.Unmarshal(data, &spent.Spent)
	}
	if err != nil {
		return privacy.Account{}, ledger.Refuse(ledger.Defect, "the stored account of %s: %v", account.Dataset, err)
	}
	return spent, nil
}

func amounts(v privacy.Vector) (map[string]records.Nano, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, ledger.Refuse(ledger.Defect, "encoding an account: %v", err)
	}
	var object map[string]records.Nano
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, ledger.Refuse(ledger.Defect, "encoding an account: %v", err)
	}
	return object, nil
}

func mechanism(c records.Charge) privacy.Mechanism {
	return privacy.Mechanism{NoiseMultiplier: string(c.NoiseMultiplier), SampleRate: string(c.SampleRate), Steps: uint64(c.Steps)}
}

func nano(n *big.Int) records.Nano { return records.Nano(n.String()) }

// integerOf reads an amount that was written by nano.
func integerOf(n records.Nano) (*big.Int, error) {
	value, ok := new(big.Int).SetString(string(n), 10)
	if !ok {
		return nil, ledger.Refuse(ledger.Defect, "%.60q is not an amount", n)
	}
	return value, nil
}
