//! The ids of journal entries, which define their order.

use std::fmt;

use redis::{FromRedisValue, ParsingError, Value};

/// The id of a journal entry. Ids always grow, even if the clock is set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EntryId {
    /// The clock of Redis at the append, in milliseconds since 1970; never less than that of the entry before.
    pub milliseconds: u64,
    /// Orders the entries of one millisecond.
    pub sequence: u64,
}

impl EntryId {
    /// Parses the form that Redis uses, `milliseconds-sequence`.
    pub fn parse(text: &str) -> Option<Self> {
        let (milliseconds, sequence) = text.split_once('-')?;
        Some(Self { milliseconds: milliseconds.parse().ok()?, sequence: sequence.parse().ok()? })
    }

    /// The directly preceding id; zero has none and stays zero.
    pub(super) fn before(self) -> Self {
        match (self.milliseconds, self.sequence) {
            (milliseconds, 1..) => Self { milliseconds, sequence: self.sequence - 1 },
            (1.., 0) => Self { milliseconds: self.milliseconds - 1, sequence: u64::MAX },
            (0, 0) => self,
        }
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.milliseconds, self.sequence)
    }
}

impl FromRedisValue for EntryId {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let text = String::from_redis_value(value)?;
        Self::parse(&text).ok_or_else(|| format!("{text:?} is no id of an entry").into())
    }
}

#[cfg(test)]
mod tests {
    use super::EntryId;

    fn id(milliseconds: u64, sequence: u64) -> EntryId {
        EntryId { milliseconds, sequence }
    }

    #[test]
    fn parses_its_own_display() {
        for id in [id(0, 0), id(1_795_408_785_971, 3), id(u64::MAX, u64::MAX)] {
            assert_eq!(EntryId::parse(&id.to_string()), Some(id));
        }
        for text in ["", "-", "1", "1-", "-1", "a-1", "1-2-3"] {
            assert_eq!(EntryId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn is_ordered_by_time_then_sequence() {
        assert!(id(1, 9) < id(2, 0) && id(2, 0) < id(2, 1));
    }

    #[test]
    fn before_is_the_preceding_id() {
        assert_eq!(id(5, 2).before(), id(5, 1));
        assert_eq!(id(5, 0).before(), id(4, u64::MAX));
        assert_eq!(id(0, 0).before(), id(0, 0));
    }
}
