package main

import "encoding/hex"

func privatePut(c *call) (string, error) {
	return "", c.PutPrivateData(c.args[0], c.args[1], []byte("secret"))
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
