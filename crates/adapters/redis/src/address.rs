//! Parsing the address of Redis.
//!
//! Invariant: no error repeats a part of the address, because in a malformed one any part may belong to the password.

use redis::{ConnectionInfo, IntoConnectionInfo as _};
use url::Url;

/// Parameters of other clients, whose names are safe to show. Any other name may be part of a password.
const UNSUPPORTED: &[&str] = &[
    "client_name",
    "db",
    "family",
    "pass",
    "password",
    "pool_size",
    "ssl",
    "ssl_ca_certs",
    "ssl_cert_reqs",
    "timeout",
    "tls",
    "user",
    "username",
];

/// Why an address is invalid. Its text completes a sentence that begins with "this address", and never repeats a
/// secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// The scheme is missing or another one, or the host is missing.
    #[error("does not have the form redis://[user:password@]host[:port][/database], or rediss:// for TLS")]
    NotAnAddress,
    /// The end of the password is ambiguous.
    #[error("has a @ after the first / or ?, or a #; write / as %2F, ? as %3F, # as %23 and @ as %40 in the password")]
    Ambiguous,
    /// The database is not a number.
    #[error("has a database that is not a number")]
    Database,
    /// The version of the protocol is unknown.
    #[error("has a value of `protocol` (not shown) that is invalid; expected `resp2` or `resp3`")]
    Protocol,
    /// A parameter that only other clients support.
    #[error("has the parameter `{0}`, which is not supported; leave it out")]
    Unsupported(&'static str),
    #[error("has an unknown parameter (its name is not shown: it may be part of a password)")]
    Unknown,
}

/// Checks that `url` is the address of a Redis: `redis://[user:password@]host[:port][/database]`, or `rediss://` for
/// TLS.
///
/// # Errors
/// [`InvalidUrl`], which contains no part of the password.
pub fn check_url(url: &str) -> Result<(), InvalidUrl> {
    parse(url).map(drop)
}

pub(crate) fn parse(raw: &str) -> Result<ConnectionInfo, InvalidUrl> {
    let rest = raw.split_once("://").map(|(_, rest)| rest).ok_or(InvalidUrl::NotAnAddress)?;
    let behind = rest.find(['/', '?', '#']).map_or("", |end| &rest[end..]);
    if behind.contains(['@', '#']) {
        return Err(InvalidUrl::Ambiguous);
    }
    let url = Url::parse(raw).map_err(|_| InvalidUrl::NotAnAddress)?;
    if !matches!(url.scheme(), "redis" | "rediss") || url.host_str().is_none_or(str::is_empty) {
        return Err(InvalidUrl::NotAnAddress);
    }
    for (name, value) in url.query_pairs() {
        match &*name {
            "protocol" if ["2", "3", "resp2", "resp3"].contains(&&*value) => {}
            "protocol" => return Err(InvalidUrl::Protocol),
            name => {
                let known = UNSUPPORTED.iter().find(|unsupported| **unsupported == name);
                return Err(known.map_or(InvalidUrl::Unknown, |name| InvalidUrl::Unsupported(name)));
            }
        }
    }
    let database = url.path().trim_matches('/');
    if !database.is_empty() && database.parse::<u32>().is_err() {
        return Err(InvalidUrl::Database);
    }
    url.into_connection_info().map_err(|_| InvalidUrl::NotAnAddress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_valid_addresses() {
        for url in [
            "redis://localhost",
            "redis://:word@redis:6379/0",
            "rediss://app:w@rd@redis.example:6380/1?protocol=resp3",
            "redis://[::1]:6379",
        ] {
            assert_eq!(check_url(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn errors_reveal_nothing_of_the_address() {
        for (url, wrong) in [
            ("redis", InvalidUrl::NotAnAddress),
            ("http://redis", InvalidUrl::NotAnAddress),
            ("redis:app:HUSH@redis", InvalidUrl::NotAnAddress),
            ("redis://:HUSH", InvalidUrl::NotAnAddress),
            ("redis://app:%ff@redis", InvalidUrl::NotAnAddress),
            ("redis://app:HU/SH@redis", InvalidUrl::Ambiguous),
            ("redis://app:12/HUSH@redis", InvalidUrl::Ambiguous),
            ("redis://app:12?HUSH@redis", InvalidUrl::Ambiguous),
            ("rediss://redis#HUSH", InvalidUrl::Ambiguous),
            ("redis://redis/HUSH", InvalidUrl::Database),
            ("redis://redis?protocol=HUSH", InvalidUrl::Protocol),
            ("redis://redis?password=HUSH", InvalidUrl::Unsupported("password")),
            ("redis://redis?HUSH", InvalidUrl::Unknown),
        ] {
            assert_eq!(check_url(url), Err(wrong), "{url}");
            assert!(!format!("{wrong} {wrong:?}").contains("HU"), "{wrong}");
        }
    }
}
