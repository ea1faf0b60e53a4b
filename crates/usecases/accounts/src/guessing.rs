//! Limits on guessing passwords.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use domain::{SessionId, Username};

/// The origin of a request: an IPv4 address, or the /64 network of an IPv6 address, which one client has entirely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientNetwork(pub IpAddr);

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The /48 network of an IPv6 address: what one subscriber may have, with 65,536 client networks in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site(Ipv6Addr);

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A guess at the password of an account, which need not exist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guess {
    /// The user name of the account.
    pub account: Username,
    /// The origin of the guess.
    pub guesser: Guesser,
}

/// The origin of a guess, which has a budget of its own for each account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guesser {
    /// All log-ins from this network.
    Network(ClientNetwork),
    /// A session that proves the password again. Its budget is separate from that of other clients.
    Session(SessionId),
}

impl Guesser {
    /// The site that shares one budget while guessing is strict, in addition to the budget of each guesser in it. An
    /// IPv4 address has none, as neighbouring addresses belong to strangers.
    pub fn site(&self) -> Option<Site> {
        match self {
            Self::Network(ClientNetwork(IpAddr::V6(address))) => {
                let [a, b, c, ..] = address.segments();
                Some(Site(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)))
            }
            Self::Network(ClientNetwork(IpAddr::V4(_))) | Self::Session(_) => None,
        }
    }
}

impl fmt::Display for Guesser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) => write!(f, "net:{network}"),
            Self::Session(session) => write!(f, "session:{session}"),
        }
    }
}

/// How many wrong guesses are allowed. They slow guessing down and lock no account: a guesser without recent wrong
/// guesses may always try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessBounds {
    /// Wrong guesses of one guesser at one account that are allowed at once.
    pub burst: u32,
    /// How long it takes until one of them is available again.
    pub refill: Duration,
    /// Wrong guesses of all guessers at one account after which each of them is limited to `strict_burst`.
    pub account_burst: u32,
    /// How long it takes until one of those is available again.
    pub account_refill: Duration,
    /// Wrong guesses of one guesser while the budget of the account is exhausted, and of all guessers of one site
    /// together. At most `burst`.
    pub strict_burst: u32,
}

impl GuessBounds {
    /// Enough for users who mistype: ten wrong guesses, then one a minute. After a hundred wrong guesses of all
    /// guessers at one account: three, then one a minute.
    pub const STANDARD: Self = Self {
        burst: 10,
        refill: Duration::from_mins(1),
        account_burst: 100,
        account_refill: Duration::from_mins(1),
        strict_burst: 3,
    };
}
