//! Parses addresses of PostgreSQL.
//!
//! Both drivers accept every address that is accepted here. So a mistake is reported when the settings are read, and
//! not by a driver that repeats the address.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use sea_orm::sqlx::postgres::PgConnectOptions;
use url::Url;

use super::parameters::Unknown;
use super::{Location, ParseLocationError};

/// The parameters of both drivers. Besides these, `options[name]` sets a variable of the session.
pub(super) const KNOWN: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "schema",
];
/// Parameters of other clients (such as Prisma) that can be ignored safely.
const IGNORED: &[&str] =
    &["connection_limit", "pool_timeout", "connect_timeout", "socket_timeout", "pgbouncer", "sslaccept"];
/// Parameters of other clients that an operator may rely on, so they are rejected.
const UNSUPPORTED: &[&str] = &[
    "channel_binding",
    "client_encoding",
    "currentSchema",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "passfile",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "service",
    "ssl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslnegotiation",
    "sslpassword",
    "sslsni",
    "target_session_attrs",
    "targetServerType",
    "tcp_user_timeout",
];

/// Parses the address of a server.
pub(super) fn parse(raw: &str) -> Result<Location, ParseLocationError> {
    let (scheme, rest) = raw.split_once(':').ok_or(ParseLocationError::NotAnAddress)?;
    if !["postgres", "postgresql"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        let is_address = Url::parse(raw).is_ok();
        return Err(if is_address { ParseLocationError::UnknownScheme } else { ParseLocationError::NotAnAddress });
    }
    let rest = rest.strip_prefix("//").ok_or(ParseLocationError::NotAnAddress)?;
    if !ends_its_password_once(rest) {
        return Err(ParseLocationError::Ambiguous);
    }
    let mut url = Url::parse(raw).map_err(|_| ParseLocationError::NotAnAddress)?;
    for part in [url.username(), url.password().unwrap_or_default(), url.path(), url.query().unwrap_or_default()] {
        percent_decode_str(part).decode_utf8().map_err(|_| ParseLocationError::Encoding)?;
    }
    let (mut schema, mut known) = (None, Vec::new());
    for (number, (name, value)) in (1..).zip(url.query_pairs()) {
        check(&name, &value, number)?;
        match &*name {
            "schema" => schema = schema.or(Some(value.into_owned())),
            name if IGNORED.contains(&name) => {}
            _ => known.push((name.into_owned(), value.into_owned())),
        }
    }
    url.set_query(None);
    if !known.is_empty() {
        url.query_pairs_mut().extend_pairs(known);
    }
    let url = String::from(url);
    match url.parse::<PgConnectOptions>() {
        Ok(_) => Ok(Location::Postgres { url, schema }),
        Err(_) => Err(ParseLocationError::NotAnAddress),
    }
}

/// Whether the password ends in one place only, however the text after the scheme is read. A `/`, `?` or `#` in a
/// password ends the part with the host. The rest, with the `@` before the true host, then follows it.
fn ends_its_password_once(rest: &str) -> bool {
    let behind = rest.find(['/', '?', '#']).map_or("", |end| &rest[end..]);
    !behind.contains(['@', '#'])
}

/// Checks the name and the value of a parameter.
fn check(name: &str, value: &str, number: usize) -> Result<(), ParseLocationError> {
    let is_usable = match name {
        "sslmode" | "ssl-mode" => ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
            .contains(&&*value.to_ascii_lowercase()),
        "port" => value.parse::<u16>().is_ok(),
        "hostaddr" => value.parse::<IpAddr>().is_ok(),
        "statement-cache-capacity" => value.parse::<u32>().is_ok(),
        "schema" if !is_plain_identifier(value) => return Err(ParseLocationError::Schema),
        _ => true,
    };
    match KNOWN.iter().find(|known| **known == name) {
        Some(_) if is_usable => Ok(()),
        Some(name) => Err(ParseLocationError::Value { name, expected: expected(name) }),
        None if IGNORED.contains(&name) || sets_a_variable(name) => Ok(()),
        None => Err(Unknown::new(name, number, KNOWN, UNSUPPORTED).into()),
    }
}

fn expected(name: &str) -> &'static str {
    match name {
        "sslmode" | "ssl-mode" => "`disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`",
        "hostaddr" => "an IP address",
        "port" => "a whole number from 0 to 65535",
        _ => "a whole number",
    }
}

/// Whether this is `options[name]`.
fn sets_a_variable(name: &str) -> bool {
    let inner = name.strip_prefix("options[").and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| {
        !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b))
    })
}

fn is_plain_identifier(name: &str) -> bool {
    (1..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
