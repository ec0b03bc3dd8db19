package main

import "github.com/hyperledger/fabric-gateway/pkg/client"

// Every step of a transaction, each signed by whoever asks: bytes and digest go out, bytes and signature come in.

func (s *session) propose(asked *request) (answer, error) {
	proposal, err := s.contract(s.offline, asked).NewProposal(asked.Function, client.WithArguments(asked.Arguments...))
	if err != nil {
		return nil, err
	}
	bytes, err := proposal.Bytes()
	return answer{"bytes": bytes, "digest": proposal.Digest(), "transaction": proposal.TransactionID()}, err
}

func (s *session) endorse(asked *request) (answer, error) {
	proposal, err := s.offline.NewSignedProposal(asked.Bytes, asked.Signature)
	if err != nil {
		return nil, err
	}
	transaction, err := proposal.Endorse()
	if err != nil {
		return nil, err
	}
	bytes, err := transaction.Bytes()
	return answer{"bytes": bytes, "digest": transaction.Digest(), "result": string(transaction.Result())}, err
}

func (s *session) send(asked *request) (answer, error) {
	transaction, err := s.offline.NewSignedTransaction(asked.Bytes, asked.Signature)
	if err != nil {
		return nil, err
	}
	commit, err := transaction.Submit()
	if err != nil {
		return nil, err
	}
	bytes, err := commit.Bytes()
	return answer{"bytes": bytes, "digest": commit.Digest()}, err
}

func (s *session) status(asked *request) (answer, error) {
	commit, err := s.offline.NewSignedCommit(asked.Bytes, asked.Signature)
	if err != nil {
		return nil, err
	}
	return statusOf(commit, asked)
}
