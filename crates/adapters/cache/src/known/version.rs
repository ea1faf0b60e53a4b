//! Positions in the log of changes.

use std::fmt;

/// The position of a change in the log, ordered as the changes are; made like the id of an entry of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version {
    /// The time of the log's keeper.
    pub milliseconds: u64,
    /// Tells changes of one millisecond apart.
    pub sequence: u64,
}

impl Version {
    /// Before every change.
    pub const ZERO: Self = Self { milliseconds: 0, sequence: 0 };

    /// A position.
    pub const fn new(milliseconds: u64, sequence: u64) -> Self {
        Self { milliseconds, sequence }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.milliseconds, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_ordered_by_time_then_by_sequence() {
        assert!(Version::ZERO < Version::new(0, 1));
        assert!(Version::new(1, 9) < Version::new(2, 0));
        assert!(Version::new(2, 0) < Version::new(2, 1));
    }
}
