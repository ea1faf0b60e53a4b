//! Writes of which nobody saw the end.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::known::tag::Tag;

/// How often doubts are looked at.
pub(crate) const ROUND: Duration = Duration::from_secs(1);

/// In which rounds a doubtful change is announced again. A transaction that was cut off ends within a moment if it ends at
/// all, and the database gives up one that nobody talks to before long. One that was shared with others may still wait for
/// its turn, a connection and locks, a few seconds each.
const AGAIN_IN_ROUNDS: [u8; 3] = [1, 10, 25];

/// More tags than this are taken for all.
const MOST: usize = 1000;

/// Changes by writes that failed or were cut off, and may be committed yet.
///
/// Such a change is announced at once; but if it is committed only after that, somebody may load the old value after they
/// heard of it. So it is announced again later.
#[derive(Default)]
pub(crate) struct Doubts(Mutex<State>);

#[derive(Default)]
struct State {
    /// The rounds that each has seen.
    tags: HashMap<Tag, u8>,
    /// Somebody takes the rounds.
    watched: bool,
}

impl Doubts {
    /// Adds doubtful changes. Answers whether nobody takes the rounds yet: the caller has to.
    pub(crate) fn add(&self, tags: &[Tag]) -> bool {
        let mut state = self.state();
        state.tags.extend(tags.iter().map(|tag| (tag.clone(), 0)));
        if state.tags.len() > MOST {
            state.tags = HashMap::from([(Tag::Everything, 0)]);
        }
        !mem::replace(&mut state.watched, true)
    }

    /// Takes a round: what is to be announced again. `None` ends it, there is no doubt left.
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

    /// Whether there is any.
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
        assert!(!doubts.add(&[Tag::PublicFeed]), "somebody takes the rounds");
        let announced: Vec<_> = std::iter::from_fn(|| doubts.round()).map(|due| due.len()).collect();
        let rounds: Vec<_> = (1..).zip(&announced).filter(|(_, due)| **due > 0).map(|(round, _)| round).collect();
        assert_eq!((rounds.as_slice(), announced.len()), ([1, 10, 25].as_slice(), 25));
        assert!(doubts.add(&[Tag::PublicFeed]), "nobody takes them any more");
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
