//! What a copy is known to contain.

use crate::known::version::Version;

/// A point in what this instance has learned: it goes up whenever the instance receives of a change, its own ones included.
///
/// Versions order the changes of all instances, but an instance marks its own changes before it has heard of those that
/// precede them. Moments say in which order *it* learned of them, and so what a load that began then contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    /// Before anything was learned; the moment of copies that another instance loaded.
    pub(crate) const NONE: Self = Self(0);
}

#[cfg(test)]
impl Moment {
    pub(crate) fn first() -> Self {
        Self(1)
    }

    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What a copy is known to contain: every change up to `version`, and every change that this instance had learned of by
/// `moment`. Loads read from a place that has all that was heard of, which makes this true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The connection to the log during which it was made.
    pub(crate) session: u64,
    /// Up to where everything had been heard when the load began.
    pub(crate) version: Version,
    /// What had been learned when the load began.
    pub(crate) moment: Moment,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn any() -> Stamp {
        Stamp { session: 1, version: Version::new(1, 1), moment: Moment::first() }
    }
}
