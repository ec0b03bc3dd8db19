package ccpeer

import (
	"errors"
	"strconv"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
)

// openQuery reads one result ahead, so that it can say whether there is more.
type openQuery struct {
	query
	ahead []byte
}

func getStateByRange(c *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request, metadata := &pb.GetStateByRange{}, &pb.QueryMetadata{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(request.Metadata, metadata); err != nil {
		return nil, err
	}
	if err := run.public(request.Collection); err != nil {
		return nil, err
	}
	start := request.StartKey
	if metadata.Bookmark != "" {
		start = metadata.Bookmark
	}
	paginated := metadata.PageSize != 0 || metadata.Bookmark != ""
	q, err := run.simulation.Range(c.name, start, request.EndKey, paginated, metadata.PageSize)
	if err != nil {
		return nil, err
	}
	return c.open(run, q)
}

func getHistoryForKey(c *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.GetHistoryForKey{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	q, err := run.simulation.History(c.name, request.Key)
	if err != nil {
		return nil, err
	}
	return c.open(run, q)
}

func (c *Chaincode) open(run *execution, q query) ([]byte, error) {
	c.mu.Lock()
	c.queries++
	id := strconv.FormatUint(c.queries, 10)
	c.mu.Unlock()
	opened := &openQuery{query: q}
	run.queries[id] = opened
	return run.page(id, opened)
}

func queryNext(_ *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.QueryStateNext{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	q := run.queries[request.Id]
	if q == nil {
		return nil, errors.New("query iterator not found")
	}
	return run.page(request.Id, q)
}

func queryClose(_ *Chaincode, run *execution, payload []byte) ([]byte, error) {
	request := &pb.QueryStateClose{}
	if err := proto.Unmarshal(payload, request); err != nil {
		return nil, err
	}
	delete(run.queries, request.Id)
	return proto.Marshal(&pb.QueryResponse{Id: request.Id})
}

// page encodes the next results. A paginated query's page is sent as a whole, as Fabric does.
func (e *execution) page(id string, q *openQuery) ([]byte, error) {
	response := &pb.QueryResponse{Id: id}
	metadata := q.metadata()
	for {
		result, err := q.take()
		if err != nil {
			return nil, err
		}
		if result == nil {
			break
		}
		if metadata == nil && len(response.Results) == pageLength {
			q.ahead, response.HasMore = result, true
			return proto.Marshal(response)
		}
		response.Results = append(response.Results, &pb.QueryResultBytes{ResultBytes: result})
	}
	if metadata != nil {
		var err error
		if response.Metadata, err = proto.Marshal(q.metadata()); err != nil {
			return nil, err
		}
	}
	delete(e.queries, id)
	return proto.Marshal(response)
}

func (q *openQuery) take() ([]byte, error) {
	if ahead := q.ahead; ahead != nil {
		q.ahead = nil
		return ahead, nil
	}
	return q.next()
}
