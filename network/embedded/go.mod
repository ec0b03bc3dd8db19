module quorate.dev/network/embedded

go 1.26
