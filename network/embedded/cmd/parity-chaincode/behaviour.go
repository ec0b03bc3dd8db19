package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func event(c *call) (string, error) {
	if err := c.PutState("event~"+c.args[0], []byte(c.args[1])); err != nil {
		return "", err
	}
	return "", c.SetEvent(c.args[1], []byte(c.args[2]))
}

func eventOnly(c *call) (string, error) { return "", c.SetEvent(c.args[0], []byte(c.args[1])) }

// twoEvents sets two, of which the last counts.
func twoEvents(c *call) (string, error) {
	if err := c.SetEvent(c.args[0], []byte("first")); err != nil {
		return "", err
	}
	return "", c.SetEvent(c.args[1], []byte("second"))
}

func largeEvent(c *call) (string, error) {
	n, err := strconv.Atoi(c.args[1])
	if err != nil {
		return "", err
	}
	return "", c.SetEvent(c.args[0], []byte(strings.Repeat("e", n)))
}

func fail(c *call) (string, error) { return "", errors.New(c.args[0]) }

func fall(*call) (string, error) { panic("on purpose") }

// random writes what no two peers agree on.
func random(c *call) (string, error) {
	value := make([]byte, 8)
	if _, err := rand.Read(value); err != nil {
		return "", err
	}
	return "", c.PutState(c.args[0], []byte(hex.EncodeToString(value)))
}

// failAt fails at one organisation only.
func failAt(c *call) (string, error) {
	if c.host == c.args[0] {
		return "", errors.New("not here")
	}
	return "", c.PutState(c.args[1], []byte("value"))
}

// differAt writes something else at one organisation.
func differAt(c *call) (string, error) {
	value := "value"
	if c.host == c.args[0] {
		value = "another"
	}
	return "", c.PutState(c.args[1], []byte(value))
}

func sleep(c *call) (string, error) {
	n, err := strconv.Atoi(c.args[0])
	if err != nil {
		return "", err
	}
	time.Sleep(time.Duration(n) * time.Millisecond)
	return "slept", nil
}

func sleepAt(c *call) (string, error) {
	if c.host != c.args[0] {
		return "awake", nil
	}
	return sleep(&call{args: c.args[1:]})
}

func transient(c *call) (string, error) {
	values, err := c.GetTransient()
	return fmt.Sprintf("%q of %d", values[c.args[0]], len(values)), err
}

func transientInto(c *call) (string, error) {
	values, err := c.GetTransient()
	if err != nil {
		return "", err
	}
	return "", c.PutState(c.args[1], values[c.args[0]])
}

func length(c *call) (string, error) { return strconv.Itoa(len(c.args[0])), nil }

func large(c *call) (string, error) {
	n, err := strconv.Atoi(c.args[0])
	return strings.Repeat("r", n), err
}

// context tells what the peer told of the transaction.
func context(c *call) (string, error) {
	creator, err := c.GetCreator()
	if err != nil {
		return "", err
	}
	at, err := c.GetTxTimestamp()
	if err != nil {
		return "", err
	}
	binding, err := c.GetBinding()
	if err != nil {
		return "", err
	}
	signed, err := c.GetSignedProposal()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("channel %s transaction %s creator %t timestamp %t binding %d decorations %d proposal %t", c.GetChannelID(),
		c.GetTxID(), len(creator) > 0, at.IsValid(), len(binding), len(c.GetDecorations()), len(signed.GetProposalBytes()) > 0), nil
}

func callOther(c *call) (string, error) {
	args := [][]byte{}
	for arg := range strings.FieldsSeq(c.args[1]) {
		args = append(args, []byte(arg))
	}
	response := c.InvokeChaincode(c.args[0], args, c.args[2])
	return fmt.Sprintf("%d %q %q", response.Status, response.Message, response.Payload), nil
}
