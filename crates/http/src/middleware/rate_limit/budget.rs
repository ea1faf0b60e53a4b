//! What requests count against, and who is held to it.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use domain::UserId;

/// How many requests of a kind a client may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    name: &'static str,
    burst: u32,
    refill: Duration,
}

impl Budget {
    /// Sign-ups, log-ins and whatever else checks a password: slow to serve, and worth guessing.
    pub const CREDENTIALS: Self = Self { name: "credentials", burst: 60, refill: Duration::from_secs(2) };
    /// Whatever else changes something.
    pub const WRITES: Self = Self { name: "writes", burst: 200, refill: Duration::from_millis(50) };
    /// Whatever changes nothing.
    pub const READS: Self = Self { name: "reads", burst: 600, refill: Duration::from_millis(10) };

    /// Every budget there is.
    pub const ALL: [Self; 3] = [Self::CREDENTIALS, Self::WRITES, Self::READS];

    /// Its name, as in headers, metrics and keys.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Requests at once.
    pub fn burst(&self) -> u32 {
        self.burst
    }

    /// How long one request takes to be given back.
    pub fn refill(&self) -> Duration {
        self.refill
    }

    /// Seconds until an empty budget is full again.
    pub(super) fn window(&self) -> u64 {
        (self.refill * self.burst).as_secs().max(1)
    }

    /// Names a client's budget in a store that instances share: `writes:user:…`, `credentials:net:192.0.2.1`.
    /// Stable: instances of different versions share the store.
    pub fn key(&self, client: &Client) -> String {
        format!("{}:{client}", self.name)
    }
}

/// Who is held to a budget.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Client {
    /// A signed-in user, wherever they are.
    User(UserId),
    /// Whoever asks from an IPv4 address, or from the /64 network of an IPv6 address.
    Network(IpAddr),
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Network(address) => write!(f, "net:{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_shared_store_stay_what_they_are() {
        let network = |raw: &str| Client::Network(raw.parse().unwrap());
        assert_eq!(Budget::CREDENTIALS.key(&network("192.0.2.1")), "credentials:net:192.0.2.1");
        assert_eq!(Budget::READS.key(&network("2001:db8:1:2::")), "reads:net:2001:db8:1:2::");
        let user = Client::User("abcdefghijklmnopqrstuvwx".parse().unwrap());
        assert_eq!(Budget::WRITES.key(&user), "writes:user:abcdefghijklmnopqrstuvwx");
    }
}
