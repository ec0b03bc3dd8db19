package ccpeer

import (
	"fmt"

	cb "github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/fabtx"
	"quorate.dev/network/embedded/internal/ledger"
)

// pageLength is how many results a peer sends at once.
const pageLength = 100

// query is an open iterator of a chaincode.
type query interface {
	// next returns one encoded result, or nil after the last.
	next() ([]byte, error)
	// metadata closes the last page; nil when the query is not paginated.
	metadata() proto.Message
}

// rangeQuery walks a range and records what it passes: so phantoms are found when the transaction is validated.
type rangeQuery struct {
	at        ledger.Iterator
	namespace string
	end       string
	info      *kvrwset.RangeQueryInfo
	reads     *kvrwset.QueryReads
	paginated bool
	limit     int32 // of a page, if above zero
	fetched   int32
	bookmark  string
	done      bool
}

// Range starts a range query, or one page of it, with at most limit results if that is above zero.
func (s *Simulation) Range(name, start, end string, paginated bool, limit int32) (query, error) {
	if paginated {
		if s.wrote {
			return nil, errPageAfterWrite
		}
		s.paginated = true
	}
	reads := &kvrwset.QueryReads{}
	info := &kvrwset.RangeQueryInfo{StartKey: start, ReadsInfo: &kvrwset.RangeQueryInfo_RawReads{RawReads: reads}}
	n := s.namespace(name)
	n.ranges = append(n.ranges, info)
	return &rangeQuery{
		at: s.view.Range(name, start, end), namespace: name, end: end, info: info, reads: reads, paginated: paginated, limit: limit,
	}, nil
}

func (q *rangeQuery) next() ([]byte, error) {
	if q.done {
		return nil, nil
	}
	key, value, err := q.at.Next()
	if err != nil {
		return nil, err
	}
	if value == nil || q.limit > 0 && q.fetched == q.limit {
		if value != nil {
			q.bookmark = key
		}
		q.done = true
		q.info.ItrExhausted, q.info.EndKey = true, q.end
		return nil, nil
	}
	q.fetched++
	q.reads.KvReads = append(q.reads.KvReads, &kvrwset.KVRead{Key: key, Version: versionOf(value)})
	q.info.EndKey = key
	return proto.Marshal(&queryresult.KV{Namespace: q.namespace, Key: key, Value: value.Data})
}

func (q *rangeQuery) metadata() proto.Message {
	if !q.paginated {
		return nil
	}
	return &pb.QueryResponseMetadata{FetchedRecordsCount: q.fetched, Bookmark: q.bookmark}
}

// historyQuery reads each earlier value from the block that wrote it. It leaves nothing in the read set, as in Fabric.
type historyQuery struct {
	view      ledger.View
	namespace string
	key       string
	versions  []ledger.Version
}

// History starts a query over a key's past, newest first.
func (s *Simulation) History(name, key string) (query, error) {
	versions, err := s.view.History(name, key)
	if err != nil {
		return nil, err
	}
	return &historyQuery{view: s.view, namespace: name, key: key, versions: versions}, nil
}

func (q *historyQuery) next() ([]byte, error) {
	if len(q.versions) == 0 {
		return nil, nil
	}
	at := q.versions[0]
	q.versions = q.versions[1:]
	block, err := q.view.Block(at.Block)
	if err != nil {
		return nil, err
	}
	return q.modification(block, at)
}

func (q *historyQuery) metadata() proto.Message { return nil }

func (q *historyQuery) modification(block *cb.Block, at ledger.Version) ([]byte, error) {
	envelope, set, err := fabtx.Writes(block, at.Tx)
	if err != nil {
		return nil, fmt.Errorf("transaction %d of block %d: %w", at.Tx, at.Block, err)
	}
	for _, ns := range set {
		for _, write := range ns.KV.Writes {
			if ns.Name == q.namespace && write.Key == q.key {
				return proto.Marshal(&queryresult.KeyModification{
					TxId: envelope.Channel.TxId, Value: write.Value, Timestamp: envelope.Channel.Timestamp, IsDelete: write.IsDelete,
				})
			}
		}
	}
	return nil, fmt.Errorf("transaction %d of block %d does not write %q", at.Tx, at.Block, q.key)
}
