package contract_test

import (
	"testing"
)

func TestADatasetIsRegisteredWithItsAccount(t *testing.T) {
	w := founded(t)
	stored := w.must(w.as(alder, "steward"), "dataset:Register", dataset("rows"))
	if stored["msp"] != alder || stored["state"] != "ACTIVE" || stored["revision"] != float64(1) {
		t.Errorf("the data set is %v", stored)
	}
	account := w.read("privacy:Account", m{"msp": alder, "dataset": "rows"})
	if account["cap_nano"] != "2000000000" || account["epsilon_nano"] != "0" || account["charges"] != float64(0) || account["delta"] != "1e-5" {
		t.Errorf("the account is %v", account)
	}
	if orders := account["rdp_nano"].(m); len(orders) != 75 || orders["1024"] != "0" {
		t.Errorf("the account has %d orders", len(orders))
	}
	w.refused(w.as(alder, "officer"), "privacy:Account", m{"msp": birch, "dataset": "rows"}, "NOT_FOUND", "data set rows of BirchMSP")
}

func TestRegistrationsAreChecked(t *testing.T) {
	w := founded(t)
	for _, test := range []struct {
		name    string
		changes m
		says    string
	}{
		{"a cap without protection", m{"protection": "unprotected"}, "has a cap when its protection is dp"},
		{"protection without a cap", m{"cap": nil}, "has a cap when its protection is dp"},
		{"no purposes", m{"purposes": []string{}}, "0 entries is outside 1 to 64"},
		{"a purpose twice", m{"purposes": []string{"a", "b", "a"}}, "purposes name a twice"},
		{"a cap of zero", m{"cap": m{"epsilon": "0", "delta": "1e-5"}}, "greater than zero"},
		{"a cap with trailing zeros", m{"cap": m{"epsilon": "1.50", "delta": "1e-5"}}, "1.5"},
		{"a negative cap", m{"cap": m{"epsilon": "-1", "delta": "1e-5"}}, "is not of the form"},
		{"a cap as a number", m{"cap": m{"epsilon": 2, "delta": "1e-5"}}, "a text was expected"},
		{"a delta of another form", m{"cap": m{"epsilon": "2", "delta": "0.00001"}}, "is not of the form"},
		{"another unit", m{"unit": "person"}, `"person" is none of record,group`},
		{"another adjacency", m{"adjacency": "replace-one"}, "is none of add-or-remove-one"},
		{"a fingerprint that is no digest", m{"fingerprint": "sha256:00"}, "is not of the form"},
		{"an id in upper case", m{"dataset": "Rows"}, "is not of the form"},
		{"an owner", m{"msp": birch}, `unknown field "msp"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.t = t
			w.refused(w.as(alder, "steward"), "dataset:Register", with(dataset("rows"), test.changes), "INVALID_ARGUMENT", test.says)
		})
	}
}

func TestIDsAndFingerprintsAreNeverUsedTwice(t *testing.T) {
	w := founded(t)
	steward := w.as(alder, "steward")
	w.must(steward, "dataset:Register", dataset("rows"))
	w.refused(steward, "dataset:Register", with(dataset("rows"), m{"title": "Other rows"}), "CONFLICT", "rows")
	w.refused(steward, "dataset:Register", with(dataset("copy"), m{"fingerprint": digest("rows of rows")}), "ALREADY_EXISTS", "rows")
	w.must(w.as(birch, "steward"), "dataset:Register", dataset("rows")) // another organisation has its own names and key
	w.must(steward, "dataset:Retire", m{"dataset": "rows"})
	w.repeated(steward, "dataset:Retire", m{"dataset": "rows"})
	w.refused(steward, "dataset:Register", dataset("rows"), "ALREADY_EXISTS", "retired")
	w.refused(steward, "dataset:Register", with(dataset("copy"), m{"fingerprint": digest("rows of rows")}), "ALREADY_EXISTS", "rows")
	if account := w.read("privacy:Account", m{"msp": alder, "dataset": "rows"}); account["cap_nano"] != "2000000000" {
		t.Errorf("the account of a retired data set is %v", account)
	}
}

func TestRevisionsKeepWhatNeverChanges(t *testing.T) {
	w := founded(t)
	steward := w.as(alder, "steward")
	w.must(steward, "dataset:Register", dataset("rows"))
	w.must(steward, "dataset:Register", dataset("other"))
	revision := m{"dataset": "rows", "title": "More rows", "purposes": []string{"care"}, "cap": m{"epsilon": "3.5", "delta": "1e-5"}, "fingerprint": digest("more rows")}
	revised := w.must(steward, "dataset:Revise", revision)
	if revised["revision"] != float64(2) || revised["unit"] != "record" || revised["revised"] == nil {
		t.Errorf("the data set is %v", revised)
	}
	w.repeated(steward, "dataset:Revise", revision)
	if account := w.read("privacy:Account", m{"msp": alder, "dataset": "rows"}); account["cap_nano"] != "3500000000" {
		t.Errorf("the account is %v", account)
	}
	w.refused(steward, "dataset:Revise", with(revision, m{"cap": m{"epsilon": "3.5", "delta": "1e-6"}}), "INVALID_ARGUMENT", "never changes")
	w.refused(steward, "dataset:Revise", with(revision, m{"cap": nil}), "INVALID_ARGUMENT", "has a cap")
	w.refused(steward, "dataset:Revise", with(revision, m{"fingerprint": digest("rows of other")}), "ALREADY_EXISTS", "other")
	w.refused(steward, "dataset:Revise", with(revision, m{"dataset": "absent"}), "NOT_FOUND", "data set absent")
	w.refused(w.as(birch, "steward"), "dataset:Revise", revision, "NOT_FOUND", "of BirchMSP")   // it cannot even name Alder's
	w.must(steward, "dataset:Revise", with(revision, m{"fingerprint": digest("rows of rows")})) // the same data set, back to old data
	w.must(steward, "dataset:Retire", m{"dataset": "rows"})
	w.refused(steward, "dataset:Revise", revision, "INVALID_STATE", "RETIRED", "ACTIVE")
}

func TestDatasetsAreListed(t *testing.T) {
	w := registered(t)
	if all := w.read("dataset:List", nil)["datasets"].([]any); len(all) != 8 {
		t.Errorf("there are %d data sets", len(all))
	}
	own := w.read("dataset:List", m{"msp": cedar})["datasets"].([]any)
	if len(own) != 2 || own[0].(m)["dataset"] != "plain" || own[1].(m)["msp"] != cedar {
		t.Errorf("Cedar's data sets are %v", own)
	}
	if got := w.read("dataset:Get", m{"msp": cedar, "dataset": "rows"}); asText(t, got) != asText(t, own[1]) {
		t.Errorf("got %v", got)
	}
}
