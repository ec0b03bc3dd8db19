package records

// Cap is the (ε, δ) that all charges of a data set together may not exceed.
type Cap struct {
	Epsilon Decimal `json:"epsilon"`
	Delta   Delta   `json:"delta"`
}

// RegisterRequest registers a data set; its owner is the caller's organisation.
type RegisterRequest struct {
	Schema      Schema `json:"schema"`
	Dataset     ID     `json:"dataset"`
	Title       Title  `json:"title"`
	Unit        string `json:"unit" enum:"record,group"`
	Adjacency   string `json:"adjacency" enum:"add-or-remove-one"`
	Purposes    []ID   `json:"purposes" min:"1" max:"64"`
	Protection  string `json:"protection" enum:"dp,unprotected"`
	Cap         *Cap   `json:"cap,omitempty"`
	Fingerprint Digest `json:"fingerprint"`
}

// ReviseRequest changes what may change of a data set.
type ReviseRequest struct {
	Schema      Schema `json:"schema"`
	Dataset     ID     `json:"dataset"`
	Title       Title  `json:"title"`
	Purposes    []ID   `json:"purposes" min:"1" max:"64"`
	Cap         *Cap   `json:"cap,omitempty"`
	Fingerprint Digest `json:"fingerprint"`
}

// DatasetRetireRequest withdraws a data set from new work for good.
type DatasetRetireRequest struct {
	Schema  Schema `json:"schema"`
	Dataset ID     `json:"dataset"`
}

// DatasetGetRequest asks for one data set.
type DatasetGetRequest struct {
	Schema  Schema `json:"schema"`
	MSP     MSPID  `json:"msp"`
	Dataset ID     `json:"dataset"`
}

// DatasetListRequest asks for all data sets, or for one owner's.
type DatasetListRequest struct {
	Schema Schema `json:"schema"`
	MSP    MSPID  `json:"msp,omitempty"`
}

// Dataset is a registered data set.
type Dataset struct {
	Schema      Schema `json:"schema"`
	MSP         MSPID  `json:"msp"`
	Dataset     ID     `json:"dataset"`
	Title       Title  `json:"title"`
	Unit        string `json:"unit" enum:"record,group"`
	Adjacency   string `json:"adjacency" enum:"add-or-remove-one"`
	Purposes    []ID   `json:"purposes" min:"1" max:"64"`
	Protection  string `json:"protection" enum:"dp,unprotected"`
	Cap         *Cap   `json:"cap,omitempty"`
	Fingerprint Digest `json:"fingerprint"`
	State       string `json:"state" enum:"ACTIVE,RETIRED"`
	Revision    int64  `json:"revision"`
	Registered  Stamp  `json:"registered"`
	Revised     *Stamp `json:"revised,omitempty"`
}

// Fingerprint says which data set holds the data of a fingerprint.
type Fingerprint struct {
	Schema      Schema `json:"schema"`
	MSP         MSPID  `json:"msp"`
	Dataset     ID     `json:"dataset"`
	Fingerprint Digest `json:"fingerprint"`
}

// Datasets answers dataset:List.
type Datasets struct {
	Schema   Schema    `json:"schema"`
	Datasets []Dataset `json:"datasets"`
}
