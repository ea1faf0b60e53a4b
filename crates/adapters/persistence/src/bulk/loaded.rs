//! Counts what happened to the rows of a load.

use std::ops::AddAssign;

/// What happened to the rows of a load. Every row is counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Rows that were added.
    pub added: u64,
    /// Rows that existed already, and were left unchanged.
    pub already_there: u64,
    /// Rows with a missing reference, or with a name that another account has.
    pub skipped: u64,
}

impl Loaded {
    /// The number of all rows.
    pub fn total(self) -> u64 {
        self.added + self.already_there + self.skipped
    }
}

impl AddAssign for Loaded {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.already_there += other.already_there;
        self.skipped += other.skipped;
    }
}
