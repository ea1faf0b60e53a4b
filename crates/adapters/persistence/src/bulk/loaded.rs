//! What became of rows that were to be loaded.

use std::ops::AddAssign;

/// What became of rows that were to be loaded. Every row is in exactly one of these numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Are new.
    pub added: u64,
    /// Were there already, and were left as they are.
    pub already_there: u64,
    /// Refer to something that is not there, or want a name that somebody else has.
    pub skipped: u64,
}

impl Loaded {
    /// All of the rows.
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
