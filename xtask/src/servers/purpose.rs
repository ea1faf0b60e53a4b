//! What a server is wanted for: it decides where one is looked for first, and how it treats its disc.

/// What a server is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be right.
    Tests,
    /// To be measured.
    Benchmarks,
}

/// A way to come by a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A Docker engine.
    Container,
    /// The machine's own programs.
    Machine,
}

impl Purpose {
    /// Which way is tried first. Between a container and its user there is a translation of addresses, which tests do
    /// not notice and benchmarks measure.
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
    fn benchmarks_avoid_the_network_of_containers() {
        assert_eq!(Purpose::Benchmarks.ways()[0], Way::Machine);
        assert_eq!(Purpose::Tests.ways()[0], Way::Container);
    }
}
