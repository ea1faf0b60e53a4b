//! Carrying out a removal, slice by slice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{Cuid, RepositoryError};

use crate::Removal;
use crate::ports::{Progress, RemovalRepository};

/// How many rows the first slice of a removal removes.
const FIRST: u16 = 200;
/// No slice is smaller than this, however slow the store is, and none is larger than that, however fast.
const FEWEST: u16 = 25;
const MOST: u16 = 500;
/// About how long a slice may take: others wait for the rows that it holds, and in SQLite for the one writer.
const LONGEST: Duration = Duration::from_millis(50);

/// So many slices in a row may remove nothing: others, who remove other things, may have removed what they chose.
const TRIES: u8 = 3;

/// Why a removal was left off. It is taken up again later.
#[derive(Debug, thiserror::Error)]
pub enum CarryOutError {
    /// The store failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// Slices removed nothing, though something is left: to go on would be to spin.
    #[error("something is left that could not be removed")]
    Stuck,
}

/// How a removal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CarriedOut {
    /// Nothing is left.
    Done,
    /// Somebody else is at it.
    Taken,
    /// It was told not to go on.
    Stopped,
}

/// Removes what is hidden.
pub struct CarryOut {
    removals: Arc<dyn RemovalRepository>,
}

impl CarryOut {
    /// Wires the use case.
    pub fn new(removals: Arc<dyn RemovalRepository>) -> Self {
        Self { removals }
    }

    /// Removals that are requested and not done yet, in the order of their ids: those after `after`, and no more than `most`.
    pub async fn pending(&self, after: Option<Cuid>, most: u16) -> Result<Vec<Removal>, CarryOutError> {
        Ok(self.removals.pending(after, most).await?)
    }

    /// Removes all of it, unless somebody else is at it: then that is left to them.
    pub async fn execute(&self, removal: Removal) -> Result<(), CarryOutError> {
        self.execute_while(removal, || std::future::ready(true)).await.map(drop)
    }

    /// The same, as long as `goes_on`, which is asked before each slice, and may take its time.
    pub async fn execute_while<F>(
        &self,
        mut removal: Removal,
        mut goes_on: impl FnMut() -> F + Send,
    ) -> Result<CarriedOut, CarryOutError>
    where
        F: Future<Output = bool> + Send,
    {
        let (mut size, mut stuck) = (FIRST, 1);
        loop {
            if !goes_on().await {
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

/// The size of the slice after one of `size` that took so long, its wait for a turn included: while others have much to do
/// it is smaller.
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
        async fn goes_on_until_nothing_is_left_or_somebody_else_is_at_it() {
            for ending in [Progress::Done, Progress::Taken] {
                assert!(slices(ending).await.is_ok());
            }
        }

        #[tokio::test]
        async fn goes_on_with_what_is_left_of_it() {
            let left = Removal { kind: RemovalKind::Comment, ..removal() };
            let mut removals = MockRemovalRepository::new();
            removals.expect_remove_some().times(2).returning(move |asked, _| {
                let progress = if asked == left { Progress::Done } else { Progress::Left(left) };
                Ok(progress)
            });
            assert!(CarryOut::new(Arc::new(removals)).execute(removal()).await.is_ok());
        }

        #[tokio::test]
        async fn leaves_off_between_slices_when_it_is_told_to() {
            let mut removals = MockRemovalRepository::new();
            removals.expect_remove_some().times(2).returning(|_, _| Ok(Progress::More));
            let mut left = 3;
            let goes_on = || {
                left -= 1;
                std::future::ready(left > 0)
            };
            let ended = CarryOut::new(Arc::new(removals)).execute_while(removal(), goes_on).await;
            assert!(matches!(ended, Ok(CarriedOut::Stopped)));
        }

        #[tokio::test]
        async fn leaves_off_when_a_few_slices_remove_nothing() {
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
        async fn leaves_off_when_the_store_fails() {
            let mut removals = MockRemovalRepository::new();
            removals
                .expect_remove_some()
                .once()
                .returning(|_, _| Err(RepositoryError::unavailable("removals.remove_some", "gone")));
            assert!(CarryOut::new(Arc::new(removals)).execute(removal()).await.is_err());
        }
    }

    #[test]
    fn slices_are_smaller_when_they_take_long_and_have_bounds() {
        let (slow, usual, fast) = (LONGEST * 2, LONGEST / 2, Duration::ZERO);
        assert_eq!((next(200, slow), next(200, usual), next(200, fast)), (100, 200, 400));
        assert_eq!((next(FEWEST, slow), next(MOST, fast)), (FEWEST, MOST));
    }
}
