//! Carries out a removal, slice by slice.
//!
//! Called by the server's remover, after a request that hides something and at an interval.
//!
//! Invariants:
//! - A slice has between 25 and 500 rows. It shrinks when slices take longer than 50 ms, and grows when they are
//!   fast.
//! - A removal of which several slices in a row remove nothing is left for later.
//!
//! On failure the removal stays requested, and any instance continues it later.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{Cuid, RepositoryError};

use crate::Removal;
use crate::ports::{Progress, RemovalRepository};

/// The size of the first slice of a removal.
const FIRST: u16 = 200;
/// The least and the greatest size of a slice.
const FEWEST: u16 = 25;
const MOST: u16 = 500;
/// The longest time that a slice should take: other writers wait for its row locks, and on SQLite for the one writer.
const LONGEST: Duration = Duration::from_millis(50);

/// Slices in a row that may remove nothing, as concurrent removals may have removed the rows that they chose.
const TRIES: u8 = 3;

/// Why a removal was interrupted. It is continued later.
#[derive(Debug, thiserror::Error)]
pub enum CarryOutError {
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// Several slices removed nothing, though rows are left: continuing would spin.
    #[error("some rows could not be removed")]
    Stuck,
}

/// How a removal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarriedOut {
    /// No rows are left.
    Done,
    /// Another remover holds it.
    Taken,
    /// The caller stopped it.
    Stopped,
}

/// Removes the rows of hidden things.
pub struct CarryOut {
    removals: Arc<dyn RemovalRepository>,
}

impl CarryOut {
    /// Creates the use case.
    pub fn new(removals: Arc<dyn RemovalRepository>) -> Self {
        Self { removals }
    }

    /// Pending removals in the order of their ids: those after `after`, at most `most`.
    pub async fn pending(&self, after: Option<Cuid>, most: u16) -> Result<Vec<Removal>, CarryOutError> {
        Ok(self.removals.pending(after, most).await?)
    }

    /// Removes all rows of `removal`, unless another remover holds it.
    pub async fn execute(&self, removal: Removal) -> Result<(), CarryOutError> {
        self.execute_while(removal, || std::future::ready(true)).await.map(drop)
    }

    /// Like [`execute`](Self::execute), while `may_continue` returns `true`. It is awaited before each slice.
    pub async fn execute_while<F>(
        &self,
        mut removal: Removal,
        mut may_continue: impl FnMut() -> F + Send,
    ) -> Result<CarriedOut, CarryOutError>
    where
        F: Future<Output = bool> + Send,
    {
        let (mut size, mut stuck) = (FIRST, 1);
        loop {
            if !may_continue().await {
                return Ok(CarriedOut::Stopped);
            }
            let begun = Instant::now();
            match self.removals.remove_some(removal, size).await? {
                Progress::More => size = next(size, begun.elapsed()),
                Progress::Left(other) => removal = other,
                Progress::Stuck if stuck < TRIES => {
                    stuck += 1;
                    continue;
                }
                Progress::Stuck => return Err(CarryOutError::Stuck),
                Progress::Done => return Ok(CarriedOut::Done),
                Progress::Taken => return Ok(CarriedOut::Taken),
            }
            stuck = 1;
        }
    }
}

/// The size of the next slice after one of `size` rows that took `took`, including its wait for a permit. So slices
/// shrink while other writers are busy.
fn next(size: u16, took: Duration) -> u16 {
    if took > LONGEST {
        (size / 2).max(FEWEST)
    } else if took < LONGEST / 3 {
        (size * 2).min(MOST)
    } else {
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RemovalKind;
    use crate::ports::MockRemovalRepository;

    fn removal() -> Removal {
        Removal { kind: RemovalKind::Post, id: domain::Cuid::parse("tz4a98xxat96iws9zmbrgj3a").unwrap() }
    }

    mod execute {
        use super::*;

        async fn slices(ending: Progress) -> Result<(), CarryOutError> {
            let mut removals = MockRemovalRepository::new();
            let mut left = 3;
            removals.expect_remove_some().times(4).returning(move |_, most| {
                assert!((FEWEST..=MOST).contains(&most));
                left -= 1;
                let progress = if left < 0 { ending } else { Progress::More };
                Ok(progress)
            });
            CarryOut::new(Arc::new(removals)).execute(removal()).await
        }

        #[tokio::test]
        async fn continues_until_nothing_is_left_or_another_remover_holds_it() {
            for ending in [Progress::Done, Progress::Taken] {
                assert!(slices(ending).await.is_ok());
            }
        }

        #[tokio::test]
        async fn continues_with_the_rest() {
            let left = Removal { kind: RemovalKind::Comment, ..removal() };
            let mut removals = MockRemovalRepository::new();
            removals.expect_remove_some().times(2).returning(move |asked, _| {
                let progress = if asked == left { Progress::Done } else { Progress::Left(left) };
                Ok(progress)
            });
            assert!(CarryOut::new(Arc::new(removals)).execute(removal()).await.is_ok());
        }

        #[tokio::test]
        async fn stops_between_slices_when_told() {
            let mut removals = MockRemovalRepository::new();
            removals.expect_remove_some().times(2).returning(|_, _| Ok(Progress::More));
            let mut left = 3;
            let may_continue = || {
                left -= 1;
                std::future::ready(left > 0)
            };
            let ended = CarryOut::new(Arc::new(removals)).execute_while(removal(), may_continue).await;
            assert!(matches!(ended, Ok(CarriedOut::Stopped)));
        }

        #[tokio::test]
        async fn stops_after_a_few_slices_that_remove_nothing() {
            let mut removals = MockRemovalRepository::new();
            let mut slices = 0;
            removals.expect_remove_some().times(8).returning(move |_, _| {
                slices += 1;
                let progress = if [3, 5].contains(&slices) { Progress::More } else { Progress::Stuck };
                Ok(progress)
            });
            let ended = CarryOut::new(Arc::new(removals)).execute(removal()).await;
            assert!(matches!(ended, Err(CarryOutError::Stuck)));
        }

        #[tokio::test]
        async fn stops_when_the_store_fails() {
            let mut removals = MockRemovalRepository::new();
            removals
                .expect_remove_some()
                .once()
                .returning(|_, _| Err(RepositoryError::unavailable("removals.remove_some", "gone")));
            assert!(CarryOut::new(Arc::new(removals)).execute(removal()).await.is_err());
        }
    }

    #[test]
    fn slices_shrink_when_slow_and_are_bounded() {
        let (slow, usual, fast) = (LONGEST * 2, LONGEST / 2, Duration::ZERO);
        assert_eq!((next(200, slow), next(200, usual), next(200, fast)), (100, 200, 400));
        assert_eq!((next(FEWEST, slow), next(MOST, fast)), (FEWEST, MOST));
    }
}
