//! Stamps: which changes a cache entry is known to include.

use crate::known::version::Version;

/// A local counter of changes: it goes up whenever this instance learns of a change, its own included.
///
/// Versions order the changes of all instances. But an instance marks its own changes before it receives the changes
/// that precede them. Moments record the order in which *this instance* learned of them, and so which changes a load
/// includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    /// Before every change; the moment of entries that another instance loaded.
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

/// Which changes an entry is known to include: every change up to `version`, and every change that this instance had
/// learned of by `moment`.
///
/// This holds because loads read from a server that has every change received so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The session in which the entry was made.
    pub(crate) session: u64,
    /// Everything up to here had been received when the load began.
    pub(crate) version: Version,
    /// The moment at which the load began.
    pub(crate) moment: Moment,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn any() -> Stamp {
        Stamp { session: 1, version: Version::new(1, 1), moment: Moment::first() }
    }
}
