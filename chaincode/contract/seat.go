package contract

import (
	"fmt"

	"quorate.dev/chaincode/ledger"
	"quorate.dev/chaincode/records"
)

// A seat is a participant's place in a round.
type seat struct {
	study       *records.Study
	round       *records.Round
	participant records.Participant
}

// seat returns the place of one of the caller's data sets.
func (c *call) seat(id records.ID, number int64, dataset records.ID) (seat, error) {
	study, err := c.study(id)
	if err != nil {
		return seat{}, err
	}
	round, err := c.round(id, number)
	if err != nil {
		return seat{}, err
	}
	participant, found := study.Participant(c.Caller.MSP, dataset)
	if !found {
		return seat{}, ledger.Refuse(ledger.Denied, "the data set %s of %s is not a participant of study %s (terms)", dataset, c.Caller.MSP, id)
	}
	return seat{study, round, participant}, nil
}

func (s seat) reserveKey() ledger.Key {
	return ledger.ReserveKey(s.study.Study, s.round.Round, s.participant.MSP, s.participant.Dataset)
}

func (s seat) commitKey() ledger.Key {
	return ledger.CommitKey(s.study.Study, s.round.Round, s.participant.MSP, s.participant.Dataset)
}

func (s seat) declineKey() ledger.Key {
	return ledger.DeclineKey(s.study.Study, s.round.Round, s.participant.MSP, s.participant.Dataset)
}

func (s seat) event(kind string) records.Event {
	return records.Event{Type: kind, Study: s.study.Study, Round: s.round.Round, MSP: s.participant.MSP, Dataset: s.participant.Dataset}
}

// checkOpen wants a running study and an open round.
func (s seat) checkOpen() error {
	if err := checkRunning(s.study); err != nil {
		return err
	}
	return checkRound(s.round, records.RoundOpen)
}

func checkRunning(study *records.Study) error {
	if study.State != records.StudyRunning {
		return wrongState("study "+string(study.Study), study.State, records.StudyRunning)
	}
	return nil
}

// checkNotSuspended keeps the round of a suspended study open: who was charged for it can still commit when it goes on.
func checkNotSuspended(study *records.Study) error {
	if study.State == records.StudySuspended {
		return checkRunning(study)
	}
	return nil
}

func checkRound(round *records.Round, expected string) error {
	if round.State != expected {
		return wrongState(nameOf(round), round.State, expected)
	}
	return nil
}

func nameOf(round *records.Round) string {
	return fmt.Sprintf("round %d of study %s", round.Round, round.Study)
}

// checkTakingPart wants a participant that has neither withdrawn from the study nor declined the round.
func (c *call) checkTakingPart(s seat) error {
	withdrawn, err := c.hasWithdrawn(s.study, s.participant.MSP)
	if err != nil {
		return err
	}
	if withdrawn {
		return wrongState("the participant "+string(s.participant.MSP), "withdrawn", "one that takes part")
	}
	decline, err := ledger.Get[records.Decline](c.Tx, s.declineKey())
	if err != nil || decline != nil {
		return conflictIf(err, "%s has declined round %d for data set %s", s.participant.MSP, s.round.Round, s.participant.Dataset)
	}
	return nil
}

// A standing is what a participant has said in a round.
type standing struct {
	seat
	commit    *records.Commit
	refused   bool
	declined  bool
	withdrawn bool
}

// standings reads what every participant has said, in canonical order.
func (c *call) standings(study *records.Study, round *records.Round) ([]standing, error) {
	list := make([]standing, 0, len(study.Terms.Participants))
	for _, participant := range study.Terms.Participants {
		c.expectStanding(seat{study, round, participant})
	}
	for _, participant := range study.Terms.Participants {
		s, err := c.standing(seat{study, round, participant})
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (c *call) expectStanding(at seat) {
	c.Expect(at.commitKey(), at.declineKey(), withdrawKey(at.study, at.participant.MSP))
	if at.study.Terms.Privacy.Private() {
		c.Expect(at.reserveKey())
	}
}

func (c *call) standing(at seat) (standing, error) {
	s := standing{seat: at}
	var err error
	if s.commit, err = ledger.Get[records.Commit](c.Tx, at.commitKey()); err != nil {
		return s, err
	}
	decline, err := ledger.Get[records.Decline](c.Tx, at.declineKey())
	if err != nil {
		return s, err
	}
	s.declined = decline != nil
	if at.study.Terms.Privacy.Private() {
		reservation, err := ledger.Get[records.Reservation](c.Tx, at.reserveKey())
		if err != nil {
			return s, err
		}
		s.refused = reservation != nil && reservation.Status == records.Refused
	}
	s.withdrawn, err = c.hasWithdrawn(at.study, at.participant.MSP)
	return s, err
}

// missing is the reason of a participant that has said nothing.
const missing = "missing"

// leftOut returns why a participant has no included update, or nothing when it has one.
func (s standing) leftOut() string {
	switch {
	case s.withdrawn:
		return "withdrawn"
	case s.commit != nil && s.commit.Status == records.OnTime:
		return ""
	case s.commit != nil:
		return "late"
	case s.refused:
		return "refused"
	case s.declined:
		return "declined"
	default:
		return missing
	}
}
