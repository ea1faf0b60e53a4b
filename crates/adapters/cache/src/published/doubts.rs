//! Unconfirmed writes: those whose outcome is unknown, and which may still be committed.
//!
//! Their tags are published at once. A commit may follow that publication, and a reader may load the old value in
//! between. So the tags are published again in later rounds.
//!
//! Invariants: every added tag is published in each of the rounds `AGAIN_IN_ROUNDS`, counted from its last addition.
//! The number of tags is bounded: too many become [`Tag::Everything`].

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::known::tag::Tag;

/// The interval between rounds.
pub(crate) const ROUND: Duration = Duration::from_secs(1);

/// The rounds in which a change is published again.
///
/// A transaction whose connection broke ends at once, or is soon rolled back by the database's idle timeout. A batched
/// one may still wait for its turn, a connection and locks, a few seconds each.
const AGAIN_IN_ROUNDS: [u8; 3] = [1, 10, 25];

/// More tags than this become [`Tag::Everything`].
const MOST: usize = 1000;

/// The tags of unconfirmed writes.
#[derive(Default)]
pub(crate) struct Doubts(Mutex<State>);

#[derive(Default)]
struct State {
    /// Each tag with the number of rounds since it was added.
    tags: HashMap<Tag, u8>,
    /// Whether a task runs the rounds.
    watched: bool,
}

impl Doubts {
    /// Adds the tags of an unconfirmed write. If it returns true, no task runs the rounds, and the caller must start
    /// one.
    pub(crate) fn add(&self, tags: &[Tag]) -> bool {
        let mut state = self.state();
        state.tags.extend(tags.iter().map(|tag| (tag.clone(), 0)));
        if state.tags.len() > MOST {
            state.tags = HashMap::from([(Tag::Everything, 0)]);
        }
        !mem::replace(&mut state.watched, true)
    }

    /// Runs a round, and returns the tags to publish again. `None` if no tag is left; the task of the rounds then ends.
    pub(crate) fn round(&self) -> Option<Vec<Tag>> {
        let mut state = self.state();
        if state.tags.is_empty() {
            state.watched = false;
            return None;
        }
        let mut due = Vec::new();
        state.tags.retain(|tag, rounds| {
            *rounds += 1;
            if AGAIN_IN_ROUNDS.contains(rounds) {
                due.push(tag.clone());
            }
            AGAIN_IN_ROUNDS.iter().any(|again| again > rounds)
        });
        Some(due)
    }

    /// Whether a tag is waiting for further rounds.
    pub(crate) fn is_open(&self) -> bool {
        !self.state().tags.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use testkit::id;

    use super::*;

    #[test]
    fn an_unconfirmed_change_is_published_in_three_rounds() {
        let doubts = Doubts::default();
        assert!(doubts.add(&[Tag::PublicFeed]));
        assert!(!doubts.add(&[Tag::PublicFeed]), "a task runs the rounds");
        let announced: Vec<_> = std::iter::from_fn(|| doubts.round()).map(|due| due.len()).collect();
        let rounds: Vec<_> = (1..).zip(&announced).filter(|(_, due)| **due > 0).map(|(round, _)| round).collect();
        assert_eq!((rounds.as_slice(), announced.len()), ([1, 10, 25].as_slice(), 25));
        assert!(doubts.add(&[Tag::PublicFeed]), "the task has ended");
    }

    #[test]
    fn adding_a_tag_again_restarts_its_rounds() {
        let doubts = Doubts::default();
        doubts.add(&[Tag::PublicFeed]);
        doubts.round();
        doubts.add(&[Tag::PublicFeed]);
        assert_eq!(doubts.round(), Some(vec![Tag::PublicFeed]));
    }

    #[test]
    fn too_many_tags_become_everything() {
        let doubts = Doubts::default();
        for number in 0..=MOST {
            doubts.add(&[Tag::Post(id(&format!("post{number}")))]);
        }
        assert_eq!(doubts.round(), Some(vec![Tag::Everything]));
    }
}
