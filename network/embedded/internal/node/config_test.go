package node_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quorate.dev/network/embedded/internal/node"
)

const goodConfig = `{"schema":"quorate.embedded/1","channel":"quorate","chaincode":"quorate","chaincode_version":"0.1.0",
 "batch":{"timeout_ms":10,"max_count":200,"max_bytes":2097152},"client_auth":true,
 "organisations":[{"name":"alder","msp_id":"AlderMSP","ca":"a.pem","tls_ca":"b.pem",
   "peer":{"cert":"c","key":"k"},"admin":{"cert":"c","key":"k"},"tls":{"cert":"c","key":"k"},
   "listen":"127.0.0.1:0","clock_offset_ms":0,"lag_blocks":0}],
 "orderer":{"name":"orderer","msp_id":"OrdererMSP","ca":"a.pem","tls_ca":"/abs/b.pem","node":{"cert":"c","key":"k"},
   "admin":{"cert":"c","key":"k"},"tls":{"cert":"c","key":"k"},"listen":"127.0.0.1:0"}}`

func loadText(t *testing.T, text string) (*node.Config, string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "network.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := node.LoadConfig(path)
	return config, filepath.Dir(path), err
}

func TestPathsAreRelativeToTheConfiguration(t *testing.T) {
	config, folder, err := loadText(t, goodConfig)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := config.Organisations[0].CA, filepath.Join(folder, "a.pem"); got != want {
		t.Errorf("ca is %s, want %s", got, want)
	}
	if got := config.Orderer.TLSCA; got != "/abs/b.pem" {
		t.Errorf("an absolute path became %s", got)
	}
}

func TestWrongConfigurations(t *testing.T) {
	for name, test := range map[string]struct{ old, new, text string }{
		"schema":             {"quorate.embedded/1", "quorate.embedded/2", "schema"},
		"unknown key":        {`"client_auth"`, `"client_autj"`, "unknown field"},
		"unknown key inside": {`"lag_blocks"`, `"lag_block"`, "unknown field"},
		"trailing text":      {`"listen":"127.0.0.1:0"}}`, `"listen":"127.0.0.1:0"}} {}`, "something follows"},
		"not JSON":           {`{"schema"`, `{schema`, "invalid character"},
		"Fabric's version":   {`"channel":"quorate"`, `"fabric_version":"1.4","channel":"quorate"`, "neither 3.1 nor 2.5"},
		"channel":            {`"channel":"quorate"`, `"channel":"Quorate!"`, "channel name"},
		"chaincode":          {`"chaincode":"quorate"`, `"chaincode":"_lifecycle"`, "chaincode name"},
		"version":            {`"0.1.0"`, `""`, "version"},
		"no time":            {`"timeout_ms":10`, `"timeout_ms":0`, "timeout_ms is 0, want 1 to 60000"},
		"no transactions":    {`"max_count":200`, `"max_count":-1`, "max_count"},
		"too many bytes":     {`"max_bytes":2097152`, `"max_bytes":999999999`, "max_bytes"},
		"fraction":           {`"max_count":200`, `"max_count":2.5`, "cannot unmarshal"},
		"name":               {`"name":"alder"`, `"name":"Alder"`, "is not a name"},
		"MSP id":             {`"AlderMSP"`, `"Alder MSP"`, "is not an MSP id"},
		"same name":          {`"name":"alder"`, `"name":"orderer"`, "occurs twice"},
		"same MSP id":        {`"AlderMSP"`, `"OrdererMSP"`, "occurs twice"},
		"no certificate":     {`"peer":{"cert":"c","key":"k"}`, `"peer":{"cert":"c","key":""}`, "cert or key is missing"},
		"no authority":       {`"ca":"a.pem"`, `"ca":""`, "ca and tls_ca are needed"},
		"open to the world":  {`"listen":"127.0.0.1:0","clock`, `"listen":"0.0.0.0:0","clock`, "loopback address only"},
		"a host name":        {`"listen":"127.0.0.1:0","clock`, `"listen":"localhost:0","clock`, "loopback address only"},
		"no port":            {`"listen":"127.0.0.1:0","clock`, `"listen":"127.0.0.1","clock`, "missing port"},
		"impossible port":    {`"listen":"127.0.0.1:0","clock`, `"listen":"127.0.0.1:70000","clock`, "is not a port"},
		"clock":              {`"clock_offset_ms":0`, `"clock_offset_ms":90000000`, "at most a day"},
		"lag":                {`"lag_blocks":0`, `"lag_blocks":65`, "want 0 to 64"},
		"negative lag":       {`"lag_blocks":0`, `"lag_blocks":-1`, "cannot unmarshal"},
		"lag time":           {`"lag_blocks":0`, `"lag_blocks":1,"lag_ms":-1`, "lag_ms"},
		"half a chaincode":   {`"lag_blocks":0`, `"lag_blocks":0,"chaincode_address":"127.0.0.1:9"`, "go together"},
		"nobody":             {goodConfig[strings.Index(goodConfig, `[{`) : strings.Index(goodConfig, `}],`)+2], `[]`, "want 1 to 64"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(goodConfig, test.old) {
				t.Fatalf("%q is not in the configuration", test.old)
			}
			_, _, err := loadText(t, strings.Replace(goodConfig, test.old, test.new, 1))
			if node.ExitCode(err) != node.ExitUsage || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v, want exit 2 with %q", err, test.text)
			}
		})
	}
}

func TestSameAddressTwice(t *testing.T) {
	var config map[string]any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(goodConfig, "127.0.0.1:0", "127.0.0.1:7051")), &config); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := loadText(t, string(raw)); err == nil || !strings.Contains(err.Error(), `address "127.0.0.1:7051" occurs twice`) {
		t.Errorf("got %v", err)
	}
}
