package records

// ProposeRequest proposes a study, or a new version of one that is not yet approved.
type ProposeRequest struct {
	Schema Schema `json:"schema"`
	Study  ID     `json:"study"`
	Terms  Terms  `json:"terms"`
}

// VoteRequest votes for the own organisation.
type VoteRequest struct {
	Schema      Schema `json:"schema"`
	Study       ID     `json:"study"`
	Version     int64  `json:"version" min:"1" max:"999999"`
	TermsDigest Digest `json:"terms_digest"`
	Motion      Motion `json:"motion"`
	Choice      string `json:"choice" enum:"approve,reject"`
}

// StudyTallyRequest counts what was voted or accepted, and closes it.
type StudyTallyRequest struct {
	Schema Schema  `json:"schema"`
	Study  ID      `json:"study"`
	Motion Closing `json:"motion"`
}

// AcceptRequest agrees, as a participant that holds plan and initial model, to take part.
type AcceptRequest struct {
	Schema      Schema `json:"schema"`
	Study       ID     `json:"study"`
	Version     int64  `json:"version" min:"1" max:"999999"`
	TermsDigest Digest `json:"terms_digest"`
}

// WithdrawRequest takes part no longer.
type WithdrawRequest struct {
	Schema  Schema `json:"schema"`
	Study   ID     `json:"study"`
	Version int64  `json:"version" min:"1" max:"999999"`
}

// StartRequest begins a study that is ready.
type StartRequest struct {
	Schema Schema `json:"schema"`
	Study  ID     `json:"study"`
}

// CompleteRequest ends a study whose rounds are used up.
type CompleteRequest struct {
	Schema Schema `json:"schema"`
	Study  ID     `json:"study"`
}

// SuspendRequest stops a study; Round is the last one that was opened, 0 before the first.
type SuspendRequest struct {
	Schema Schema `json:"schema"`
	Study  ID     `json:"study"`
	Round  int64  `json:"round" min:"0" max:"10000"`
	Reason string `json:"reason" enum:"key,update,data,ledger,legal,other"`
}

// ResumeRequest withdraws the own suspension that has this number.
type ResumeRequest struct {
	Schema Schema `json:"schema"`
	Study  ID     `json:"study"`
	Number int64  `json:"number" min:"1" max:"99999"`
}

// StudyGetRequest asks for a study with its votes and rounds.
type StudyGetRequest struct {
	Schema Schema `json:"schema"`
	Study  ID     `json:"study"`
}

// StudyListRequest asks for all studies.
type StudyListRequest struct {
	Schema Schema `json:"schema"`
}

// States of a study.
const (
	StudyProposed  = "PROPOSED"
	StudyApproved  = "APPROVED"
	StudyReady     = "READY"
	StudyRunning   = "RUNNING"
	StudySuspended = "SUSPENDED"
	StudyCompleted = "COMPLETED"
	StudyRejected  = "REJECTED"
	StudyAborted   = "ABORTED"
)

// Study is a study.
type Study struct {
	Schema      Schema  `json:"schema"`
	Study       ID      `json:"study"`
	Version     int64   `json:"version" min:"1" max:"999999"`
	State       string  `json:"state" enum:"PROPOSED,APPROVED,READY,RUNNING,SUSPENDED,COMPLETED,REJECTED,ABORTED"`
	Proposer    MSPID   `json:"proposer"`
	Terms       Terms   `json:"terms"`
	TermsDigest Digest  `json:"terms_digest"`
	Proposed    Stamp   `json:"proposed"`
	ExpiresTime int64   `json:"expires_time"`
	Closed      *Closed `json:"closed,omitempty"`
	Started     *Stamp  `json:"started,omitempty"`
	Completed   *Stamp  `json:"completed,omitempty"`
	// Suspension is absent until the study is suspended for the first time.
	Suspension *Suspension `json:"suspension,omitempty"`
}

// Suspension is how a study was stopped, at last: Number counts all suspensions, Round is the last round that was opened
// before, 0 when none was, and By has one entry for each organisation, in the order of their first suspensions.
type Suspension struct {
	Number int64         `json:"number" min:"1" max:"99999"`
	Round  int64         `json:"round" min:"0" max:"10000"`
	By     []SuspendedBy `json:"by"`
}

// SuspendedBy is an organisation's last suspension of a study. While it stands, Lifted is absent.
type SuspendedBy struct {
	MSP       MSPID   `json:"msp"`
	Times     int64   `json:"times" min:"1" max:"3"`
	Number    int64   `json:"number" min:"1" max:"99999"`
	Reason    string  `json:"reason" enum:"key,update,data,ledger,legal,other"`
	Suspended Stamp   `json:"suspended"`
	Lifted    *Closed `json:"lifted,omitempty"`
}

// SuspendedBy returns an organisation's last suspension of the study.
func (s *Study) SuspendedBy(msp MSPID) (SuspendedBy, bool) {
	if s.Suspension != nil {
		for _, by := range s.Suspension.By {
			if by.MSP == msp {
				return by, true
			}
		}
	}
	return SuspendedBy{}, false
}

// Participant returns an organisation's data set among the participants.
func (s *Study) Participant(msp MSPID, dataset ID) (Participant, bool) {
	for _, p := range s.Terms.Participants {
		if p.MSP == msp && p.Dataset == dataset {
			return p, true
		}
	}
	return Participant{}, false
}

// Organisations returns the participants' organisations, ascending and once each.
func (s *Study) Organisations() []MSPID {
	var list []MSPID
	for _, p := range s.Terms.Participants {
		if len(list) == 0 || list[len(list)-1] != p.MSP {
			list = append(list, p.MSP)
		}
	}
	return list
}

// Vote is one organisation's vote.
type Vote struct {
	Schema      Schema `json:"schema"`
	Study       ID     `json:"study"`
	Version     int64  `json:"version" min:"1" max:"999999"`
	MSP         MSPID  `json:"msp"`
	TermsDigest Digest `json:"terms_digest"`
	Motion      Motion `json:"motion"`
	Choice      string `json:"choice" enum:"approve,reject"`
	Voted       Stamp  `json:"voted"`
}

// Accept is one participant's acceptance.
type Accept struct {
	Schema      Schema `json:"schema"`
	Study       ID     `json:"study"`
	Version     int64  `json:"version" min:"1" max:"999999"`
	MSP         MSPID  `json:"msp"`
	TermsDigest Digest `json:"terms_digest"`
	Accepted    Stamp  `json:"accepted"`
}

// Withdrawal is one participant's withdrawal.
type Withdrawal struct {
	Schema    Schema `json:"schema"`
	Study     ID     `json:"study"`
	Version   int64  `json:"version" min:"1" max:"999999"`
	MSP       MSPID  `json:"msp"`
	Withdrawn Stamp  `json:"withdrawn"`
}

// RoundSummary is a round in its study's view.
type RoundSummary struct {
	Round int64  `json:"round" min:"1" max:"10000"`
	State string `json:"state"`
	Base  Digest `json:"base"`
	Model Digest `json:"model,omitempty"`
}

// StudyView answers study:Get.
type StudyView struct {
	Schema      Schema         `json:"schema"`
	Study       Study          `json:"study"`
	Votes       []Vote         `json:"votes"`
	Accepts     []Accept       `json:"accepts"`
	Withdrawals []Withdrawal   `json:"withdrawals"`
	Rounds      []RoundSummary `json:"rounds"`
}

// StudySummary is a study in the list.
type StudySummary struct {
	Study       ID     `json:"study"`
	Version     int64  `json:"version" min:"1" max:"999999"`
	State       string `json:"state"`
	Title       Title  `json:"title"`
	Proposer    MSPID  `json:"proposer"`
	TermsDigest Digest `json:"terms_digest"`
}

// Studies answers study:List.
type Studies struct {
	Schema  Schema         `json:"schema"`
	Studies []StudySummary `json:"studies"`
}
