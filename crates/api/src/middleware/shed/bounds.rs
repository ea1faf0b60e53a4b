//! How much may be done at once.

/// How many requests of each kind may be under way at once. Each kind has places of its own, so that none of them can
/// take those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency {
    /// What changes nothing.
    pub reads: Bounds,
    /// What changes something.
    pub writes: Bounds,
    /// What checks a password.
    pub credentials: Bounds,
}

/// How many requests of one kind may be under way at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// For as long as it takes. Enough to keep the machine busy: more would not be answered sooner, but all of them
    /// later.
    pub steady: usize,
    /// For a moment. What comes all at once and is over soon is better served late than turned away.
    pub burst: usize,
}

impl Concurrency {
    /// What suits an instance with so many threads that answer requests and so many connections to its database.
    ///
    /// As many reads as there are connections: more would only wait for one. Of writes four times as many, as most of them
    /// share transactions with others. Passwords are hashed on half the cores. A burst is what connections and threads get
    /// done with in a few hundredths of a second.
    pub fn for_machine(workers: usize, connections: u32) -> Self {
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        let many = connections.saturating_mul(4);
        Self {
            reads: Bounds::new(connections, many),
            writes: Bounds::new(many, many),
            credentials: Bounds::new(workers.max(2), connections),
        }
    }

    /// As many of every kind, whatever comes of it: for tests that look at something else.
    pub fn fixed(places: usize) -> Self {
        let bounds = Bounds::new(places, places);
        Self { reads: bounds, writes: bounds, credentials: bounds }
    }
}

impl Bounds {
    fn new(steady: usize, burst: usize) -> Self {
        Self { steady, burst: burst.max(steady) }
    }
}
