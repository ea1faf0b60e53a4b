//! The floor: the id up to which nothing can appear in `outbox` any more.
//!
//! Rows that were moved to the log stay as dead rows in the index, until a vacuum removes them. While a long query keeps
//! the vacuum away, each scan from the lowest id would read all of them again.
//!
//! A row's id is drawn after its transaction got a transaction id, because rows are added after the first change. The
//! sequencer reads the last drawn id first, and takes a transaction id second. All rows up to the first then belong to
//! transactions below the second. Once none of these is running, a pass that finds everything has found these rows.

/// What the floor is raised to, once all transactions before `transaction` have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Candidate {
    id: i64,
    transaction: i64,
}

/// The floor of one process. It begins at 0, below every id.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Floor {
    id: i64,
    candidate: Option<Candidate>,
}

impl Floor {
    /// Ids up to this one need no look.
    pub(super) fn id(&self) -> i64 {
        self.id
    }

    /// Notes the last drawn id, and a transaction id that was taken after that was read.
    pub(super) fn note(&mut self, id: i64, transaction: i64) {
        if self.candidate.is_none() && id > self.id {
            self.candidate = Some(Candidate { id, transaction });
        }
    }

    /// Notes a pass that moved everything it could see, at a moment when all transactions before `oldest_running` had
    /// ended.
    pub(super) fn passed(&mut self, oldest_running: i64) {
        if let Some(candidate) = self.candidate.filter(|candidate| oldest_running > candidate.transaction) {
            self.id = candidate.id;
            self.candidate = None;
        }
    }

    /// Begins at 0 again: after a failure, the next server may have drawn other ids.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_once_all_earlier_transactions_have_ended() {
        let mut floor = Floor::default();
        floor.passed(100);
        assert_eq!(floor.id(), 0);
        floor.note(7, 50);
        floor.passed(50);
        assert_eq!(floor.id(), 0, "transaction 50 itself is running, and so may be earlier ones");
        floor.passed(51);
        assert_eq!(floor.id(), 7);
    }

    #[test]
    fn keeps_a_candidate_until_it_is_reached() {
        let mut floor = Floor::default();
        floor.note(7, 50);
        floor.note(9, 90);
        floor.passed(60);
        assert_eq!(floor.id(), 7);
        floor.note(6, 95);
        floor.passed(100);
        assert_eq!(floor.id(), 7, "it never falls");
    }

    #[test]
    fn begins_again_when_it_is_forgotten() {
        let mut floor = Floor::default();
        floor.note(7, 50);
        floor.passed(60);
        floor.note(9, 70);
        floor.forget();
        floor.passed(100);
        assert_eq!(floor.id(), 0);
    }
}
