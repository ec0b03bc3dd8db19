module quorate.dev/chaincode

go 1.26
