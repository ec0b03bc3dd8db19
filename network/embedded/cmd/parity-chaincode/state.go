package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/statebased"
)

func put(c *call) (string, error) { return "", c.PutState(c.args[0], []byte(c.args[1])) }

func get(c *call) (string, error) {
	value, err := c.GetState(c.args[0])
	if value == nil {
		return "<nothing>", err
	}
	return string(value), err
}

func remove(c *call) (string, error) { return "", c.DelState(c.args[0]) }

func increment(c *call) (string, error) {
	value, err := c.GetState(c.args[0])
	if err != nil {
		return "", err
	}
	n, _ := strconv.Atoi(string(value)) // what is no number counts as nought
	text := strconv.Itoa(n + 1)
	return text, c.PutState(c.args[0], []byte(text))
}

func several(c *call) (string, error) {
	values, err := c.GetMultipleStates(c.args...)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%q", values), nil
}

// fill writes many keys, one message for each.
func fill(c *call) (string, error) {
	n, err := strconv.Atoi(c.args[1])
	if err != nil {
		return "", err
	}
	for i := range n {
		if err := c.PutState(fmt.Sprintf("%s%05d", c.args[0], i), []byte("x")); err != nil {
			return "", err
		}
	}
	return "", nil
}

// batch writes many keys in messages of many.
func batch(c *call) (string, error) {
	c.StartWriteBatch()
	if _, err := fill(c); err != nil {
		return "", err
	}
	return "", c.FinishWriteBatch()
}

func putAndGet(c *call) (string, error) {
	if _, err := put(c); err != nil {
		return "", err
	}
	return get(c)
}

func putLarge(c *call) (string, error) {
	n, err := strconv.Atoi(c.args[1])
	if err != nil {
		return "", err
	}
	return "", c.PutState(c.args[0], []byte(strings.Repeat("v", n)))
}

func getLength(c *call) (string, error) {
	value, err := c.GetState(c.args[0])
	return strconv.Itoa(len(value)), err
}

func composite(c *call) (string, error) {
	key, err := c.CreateCompositeKey(c.args[0], []string{c.args[1]})
	if err != nil {
		return "", err
	}
	return "", c.PutState(key, []byte(c.args[2]))
}

// own writes a key whose writes an organisation's peer must endorse from then on, or a peer of each of several that
// commas part.
func own(c *call) (string, error) {
	policy, err := statebased.NewStateEP(nil)
	if err != nil {
		return "", err
	}
	if err := policy.AddOrgs(statebased.RoleTypePeer, strings.Split(c.args[1], ",")...); err != nil {
		return "", err
	}
	raw, err := policy.Policy()
	if err != nil {
		return "", err
	}
	if err := c.PutState(c.args[0], []byte("owned")); err != nil {
		return "", err
	}
	return "", c.SetStateValidationParameter(c.args[0], raw)
}

func owned(c *call) (string, error) {
	raw, err := c.GetStateValidationParameter(c.args[0])
	return strconv.FormatBool(len(raw) > 0), err
}
