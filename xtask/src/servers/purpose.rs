//! The purpose of a server: it decides where to look first, and whether writes are durable.

/// The purpose of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Tests of correctness.
    Tests,
    Benchmarks,
}

/// A way to get a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Container,
    /// The machine's own programs.
    Machine,
}

impl Purpose {
    /// The ways in order of preference. Docker translates addresses between a container and its clients, which tests
    /// do not notice and benchmarks measure.
    pub(crate) fn ways(self) -> [Way; 2] {
        match self {
            Self::Tests => [Way::Container, Way::Machine],
            Self::Benchmarks => [Way::Machine, Way::Container],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, Way};

    #[test]
    fn benchmarks_avoid_container_networks() {
        assert_eq!(Purpose::Benchmarks.ways()[0], Way::Machine);
        assert_eq!(Purpose::Tests.ways()[0], Way::Container);
    }
}
