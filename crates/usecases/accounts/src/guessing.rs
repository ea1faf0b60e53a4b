//! How often a password may be guessed.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use domain::{SessionId, Username};

/// Where a request comes from: an IPv4 address, or the /64 network of an IPv6 address, of which a client has all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientNetwork(pub IpAddr);

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A guess at the password of an account, which need not exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Guess {
    /// The account's name.
    pub account: Username,
    /// Who guesses.
    pub guesser: Guesser,
}

/// Who guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guesser {
    /// Whoever logs in from this network.
    Network(ClientNetwork),
    /// Whoever has an access token of this session, and proves the password once more. Nobody else can use up what the
    /// session may guess.
    Session(SessionId),
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
    /// Wrong guesses of one guesser while the account has used its own up. At most `burst`.
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
