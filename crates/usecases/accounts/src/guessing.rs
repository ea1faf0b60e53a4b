//! How often a password may be guessed.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use domain::{SessionId, Username};

/// Where a request comes from: an IPv4 address, or the /64 network of an IPv6 address, of which a client has all.
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
    /// The account's name.
    pub account: Username,
    /// Who guesses.
    pub guesser: Guesser,
}

/// Who guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guesser {
    /// Whoever logs in from this network.
    Network(ClientNetwork),
    /// Whoever has an access token of this session, and proves the password once more. Nobody else can use up what the
    /// session may guess.
    Session(SessionId),
}

impl Guesser {
    /// What is held to a budget of its own while guessing is strict, beside each guesser in it. An IPv4 address has none:
    /// those beside it belong to strangers.
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

/// How many wrong guesses are let through. They slow whoever guesses, and lock nobody out: a guesser who has not guessed
/// wrong of late may always try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessBounds {
    /// Wrong guesses of one guesser at one account that are let through at once.
    pub burst: u32,
    /// How long one of them takes to be given back.
    pub refill: Duration,
    /// Wrong guesses of all guessers at one account after which each of them is held to `strict_burst`.
    pub account_burst: u32,
    /// How long one of those takes to be given back.
    pub account_refill: Duration,
    /// Wrong guesses of one guesser while the account has used its own up, and of all guessers of one site together. At
    /// most `burst`.
    pub strict_burst: u32,
}

impl GuessBounds {
    /// What people need who mistype, and not more: ten wrong guesses, then one a minute. After a hundred at one account,
    /// whoever they are from, three and then one a minute.
    pub const STANDARD: Self = Self {
        burst: 10,
        refill: Duration::from_mins(1),
        account_burst: 100,
        account_refill: Duration::from_mins(1),
        strict_burst: 3,
    };
}
