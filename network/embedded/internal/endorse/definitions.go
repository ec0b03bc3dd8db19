package endorse

import (
	"fmt"
	"maps"
	"slices"

	pb "github.com/hyperledger/fabric-protos-go-apiv2/peer"
	lb "github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"
	"google.golang.org/protobuf/proto"

	"quorate.dev/network/embedded/internal/chanconfig"
	"quorate.dev/network/embedded/internal/lifecycle"
)

const notDefined = 404

// aboutLifecycle is as much of _lifecycle as answers questions.
func (q *question) aboutLifecycle() *pb.Response {
	if len(q.args) == 0 {
		return refused("lifecycle scc must be invoked with arguments")
	}
	if len(q.args) != 2 {
		return refused("lifecycle scc operations require exactly two arguments but received %d", len(q.args))
	}
	var ask func([]byte) *pb.Response
	switch q.function() {
	case "QueryChaincodeDefinition":
		ask = q.definition
	case "QueryChaincodeDefinitions":
		ask = q.definitions
	case "CommitChaincodeDefinition", "CheckCommitReadiness", "ApproveChaincodeDefinitionForMyOrg", "QueryApprovedChaincodeDefinition",
		"QueryApprovedChaincodeDefinitions", "InstallChaincode", "QueryInstalledChaincode", "QueryInstalledChaincodes", "GetInstalledChaincodePackage":
		return refused("%s of _lifecycle is not available in the embedded network", q.function())
	default:
		return refused("Failed to authorize invocation due to failed ACL check: Unmapped policy for _lifecycle/%s", q.function())
	}
	if err := q.may(chanconfig.ApplicationWriters); err != nil {
		return refused("Failed to authorize invocation due to failed ACL check: %s", err)
	}
	return ask(q.args[1])
}

func (q *question) undecodable(err error) *pb.Response {
	return refused("failed to invoke backing implementation of '%s': could not decode input arg for *lifecycle.Invocation.%s: %s",
		q.function(), q.function(), err)
}

func (q *question) definition(argument []byte) *pb.Response {
	request := &lb.QueryChaincodeDefinitionArgs{}
	if err := proto.Unmarshal(argument, request); err != nil {
		return q.undecodable(err)
	}
	definition, err := lifecycle.Committed(q.view, request.Name)
	if err != nil {
		return refused("%s", err)
	}
	if definition == nil {
		return &pb.Response{Status: notDefined, Message: fmt.Sprintf("namespace %s is not defined", request.Name)}
	}
	return answer(&lb.QueryChaincodeDefinitionResult{
		Sequence: definition.Sequence, Version: definition.Version, ValidationParameter: definition.ValidationParameter,
		EndorsementPlugin: lifecycle.EndorsementPlugin, ValidationPlugin: lifecycle.ValidationPlugin,
	}, nil)
}

func (q *question) definitions(argument []byte) *pb.Response {
	if err := proto.Unmarshal(argument, &lb.QueryChaincodeDefinitionsArgs{}); err != nil {
		return q.undecodable(err)
	}
	result := &lb.QueryChaincodeDefinitionsResult{}
	for _, name := range slices.Sorted(maps.Keys(q.endorser.Chaincodes)) {
		definition, err := lifecycle.Committed(q.view, name)
		if err != nil {
			return refused("%s", err)
		}
		if definition != nil {
			result.ChaincodeDefinitions = append(result.ChaincodeDefinitions, &lb.QueryChaincodeDefinitionsResult_ChaincodeDefinition{
				Name: name, Sequence: definition.Sequence, Version: definition.Version, ValidationParameter: definition.ValidationParameter,
				EndorsementPlugin: lifecycle.EndorsementPlugin, ValidationPlugin: lifecycle.ValidationPlugin,
			})
		}
	}
	return answer(result, nil)
}
