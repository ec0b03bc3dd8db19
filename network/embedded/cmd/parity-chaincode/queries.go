package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

func keys(c *call) (string, error) {
	iterator, err := c.GetStateByRange(c.args[0], c.args[1])
	if err != nil {
		return "", err
	}
	return drain(iterator)
}

func drain(iterator shim.StateQueryIteratorInterface) (listed string, err error) {
	defer func() { err = errors.Join(err, iterator.Close()) }()
	var found []string
	for iterator.HasNext() {
		kv, err := iterator.Next()
		if err != nil {
			return "", err
		}
		found = append(found, fmt.Sprintf("%s/%s=%q", kv.Namespace, kv.Key, shorten(kv.Value)))
	}
	return strings.Join(found, " "), nil
}

func shorten(value []byte) []byte { return value[:min(len(value), 8)] }

func countInto(c *call) (string, error) {
	listed, err := keys(c)
	if err != nil {
		return "", err
	}
	n := strconv.Itoa(len(strings.Fields(listed)))
	return n, c.PutState(c.args[2], []byte(n))
}

func page(c *call) (string, error) {
	size, err := strconv.ParseInt(c.args[2], 10, 32)
	if err != nil {
		return "", err
	}
	iterator, metadata, err := c.GetStateByRangeWithPagination(c.args[0], c.args[1], int32(size), c.args[3])
	if err != nil {
		return "", err
	}
	listed, err := drain(iterator)
	return fmt.Sprintf("%s|%d|%s", listed, metadata.GetFetchedRecordsCount(), metadata.GetBookmark()), err
}

// pageInto writes after it has read a page, which Fabric does not allow.
func pageInto(c *call) (string, error) {
	iterator, _, err := c.GetStateByRangeWithPagination(c.args[0], c.args[1], 2, "")
	if err != nil {
		return "", err
	}
	listed, err := drain(iterator)
	if err != nil {
		return "", err
	}
	return listed, c.PutState(c.args[2], []byte(listed))
}

func query(c *call) (string, error) {
	iterator, err := c.GetQueryResult(c.args[0])
	if err != nil {
		return "", err
	}
	return drain(iterator)
}

func history(c *call) (listed string, err error) {
	iterator, err := c.GetHistoryForKey(c.args[0])
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, iterator.Close()) }()
	var values []string
	for iterator.HasNext() {
		m, err := iterator.Next()
		if err != nil {
			return "", err
		}
		values = append(values, fmt.Sprintf("%s %t %q", m.TxId, m.IsDelete, m.Value))
	}
	return strings.Join(values, "; "), nil
}

func partial(c *call) (string, error) {
	iterator, err := c.GetStateByPartialCompositeKey(c.args[0], nil)
	if err != nil {
		return "", err
	}
	return drain(iterator)
}
