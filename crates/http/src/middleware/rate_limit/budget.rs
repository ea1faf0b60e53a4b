//! Rate limit budgets, and the clients that they apply to.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use domain::UserId;

/// How many requests of a kind a client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    name: &'static str,
    burst: u32,
    refill: Duration,
}

impl Budget {
    /// Sign-up, log-in and other calls that check a password: expensive to serve, and worth guessing.
    pub const CREDENTIALS: Self = Self { name: "credentials", burst: 60, refill: Duration::from_secs(2) };
    /// All other calls that change something.
    pub const WRITES: Self = Self { name: "writes", burst: 200, refill: Duration::from_millis(50) };
    /// Calls that change nothing.
    pub const READS: Self = Self { name: "reads", burst: 600, refill: Duration::from_millis(10) };

    /// All budgets.
    pub const ALL: [Self; 3] = [Self::CREDENTIALS, Self::WRITES, Self::READS];

    /// The name in headers, metrics and keys.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Requests that a full budget grants at once.
    pub fn burst(&self) -> u32 {
        self.burst
    }

    /// The time after which one request is added back to the budget.
    pub fn refill(&self) -> Duration {
        self.refill
    }

    /// Seconds until an empty budget is full again.
    pub(super) fn window(&self) -> u64 {
        (self.refill * self.burst).as_secs().max(1)
    }

    /// The key of a client's budget in a shared store: `writes:user:…`, `credentials:net:192.0.2.1`. It must stay
    /// stable, because instances of different versions share the store.
    pub fn key(&self, client: &Client) -> String {
        format!("{}:{client}", self.name)
    }
}

/// The client that a budget applies to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Client {
    /// A signed-in user, from any address.
    User(UserId),
    /// An IPv4 address, or the /64 network of an IPv6 address.
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
    fn keys_of_the_shared_store_are_stable() {
        let network = |raw: &str| Client::Network(raw.parse().unwrap());
        assert_eq!(Budget::CREDENTIALS.key(&network("192.0.2.1")), "credentials:net:192.0.2.1");
        assert_eq!(Budget::READS.key(&network("2001:db8:1:2::")), "reads:net:2001:db8:1:2::");
        let user = Client::User("abcdefghijklmnopqrstuvwx".parse().unwrap());
        assert_eq!(Budget::WRITES.key(&user), "writes:user:abcdefghijklmnopqrstuvwx");
    }
}
