//! Positions in the log of changes.

use std::fmt;

/// The position of a change in the log, in the form of a Redis stream id. Positions are ordered as the changes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version {
    /// The clock of the log's server, in milliseconds since the epoch.
    pub milliseconds: u64,
    /// Orders the changes of one millisecond.
    pub sequence: u64,
}

impl Version {
    /// Precedes every change.
    pub const ZERO: Self = Self { milliseconds: 0, sequence: 0 };

    /// The position `milliseconds-sequence`.
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
