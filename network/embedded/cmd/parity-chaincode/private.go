package main

import (
	"encoding/hex"
	"errors"
	"strings"
)

// privatePut writes to one collection, or to each of several that commas part.
func privatePut(c *call) (string, error) {
	var failed error
	for collection := range strings.SplitSeq(c.args[0], ",") {
		failed = errors.Join(failed, c.PutPrivateData(collection, c.args[1], []byte("secret")))
	}
	return "", failed
}

func privateGet(c *call) (string, error) {
	value, err := c.GetPrivateData(c.args[0], c.args[1])
	return string(value), err
}

func privateDelete(c *call) (string, error) { return "", c.DelPrivateData(c.args[0], c.args[1]) }

func privatePurge(c *call) (string, error) { return "", c.PurgePrivateData(c.args[0], c.args[1]) }

func privateHash(c *call) (string, error) {
	value, err := c.GetPrivateDataHash(c.args[0], c.args[1])
	return hex.EncodeToString(value), err
}

func privateRange(c *call) (string, error) {
	iterator, err := c.GetPrivateDataByRange(c.args[0], "", "")
	if err != nil {
		return "", err
	}
	return drain(iterator)
}

func privateQuery(c *call) (string, error) {
	iterator, err := c.GetPrivateDataQueryResult(c.args[0], "{}")
	if err != nil {
		return "", err
	}
	return drain(iterator)
}
