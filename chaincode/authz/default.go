package authz

import _ "embed"

// Default is the policy text that decides until a consortium votes for another.
//
//go:embed default.cedar
var Default string

// Schema is the Cedar schema of everything that a policy may speak about.
//
//go:embed schema.cedarschema
var Schema string
