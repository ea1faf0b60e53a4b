//! Parsers of values. The error of a parser is what it expected.

use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use database::Location;
use ipnet::IpNet;
use secrecy::SecretString;
use security::{SigningKey, SigningKeys};
use tracing_subscriber::EnvFilter;
use url::Url;

use super::reader::Parsed;

/// A whole number in a range.
pub(super) fn whole<T: FromStr + PartialOrd + Display>(range: RangeInclusive<T>) -> impl Fn(&str) -> Parsed<T> {
    move |raw| {
        let number = raw.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
    }
}

/// One of a few words, each with its meaning.
pub(super) fn one_of<T: Copy>(words: &[(&str, T)]) -> impl Fn(&str) -> Parsed<T> {
    move |raw| {
        let meaning = words.iter().find(|(word, _)| *word == raw).map(|(_, meaning)| *meaning);
        let expected = || words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
        meaning.ok_or_else(expected)
    }
}

/// Seconds.
const DAY: u64 = 24 * 60 * 60;

/// A time span with its unit, such as `15m`.
pub(super) fn duration(range: RangeInclusive<Duration>) -> impl Fn(&str) -> Parsed<Duration> {
    move |raw| {
        let duration = humantime::parse_duration(raw).ok().filter(|duration| range.contains(duration));
        duration.ok_or_else(|| {
            let [least, most] = [range.start(), range.end()].map(|bound| shown(*bound));
            format!("a duration from {least} to {most}, a number with its unit: `ms`, `s`, `m`, `h` or `d`")
        })
    }
}

/// A bound as the documents write it: whole days as `365d`.
fn shown(bound: Duration) -> String {
    match (bound.as_secs() / DAY, bound.as_secs() % DAY) {
        (days @ 1.., 0) => format!("{days}d"),
        _ => humantime::format_duration(bound).to_string(),
    }
}

/// The address of this machine to listen at.
pub(super) fn address(raw: &str) -> Parsed<IpAddr> {
    raw.parse().map_err(|_| "an IP address, such as `127.0.0.1`, or `0.0.0.0` for all interfaces".to_owned())
}

/// A network; a single address is a network of one.
pub(super) fn network(raw: &str) -> Parsed<IpNet> {
    let address = || raw.parse::<IpAddr>().map(IpNet::from);
    let network = raw.parse::<IpNet>().or_else(|_| address());
    let expected = |_| "IP addresses or networks with commas between, such as `10.0.0.0/8,192.168.1.7`".to_owned();
    network.map(|network| network.trunc()).map_err(expected)
}

/// The origin of web pages, in the form that browsers send.
pub(super) fn origin(raw: &str) -> Parsed<String> {
    const EXPECTED: &str =
        "origins with commas between, each `scheme://host` or `scheme://host:port` with nothing after it";
    if raw.contains('*') {
        return Err(format!(
            "{EXPECTED}; there is no wildcard: every page of the web could call with its reader's rights"
        ));
    }
    let expected = || EXPECTED.to_owned();
    let (_, authority) = raw.split_once("://").ok_or_else(expected)?;
    let url = Url::parse(raw).map_err(|_| expected())?;
    let is_bare = url.has_host() && !authority.contains(['/', '\\', '?', '#', '@', ' ']);
    match url.scheme() {
        "http" | "https" if is_bare => Ok(url.origin().ascii_serialization()),
        // Schemes of the web that have no such origin; for `file`, browsers send `null`.
        "http" | "https" | "file" | "ftp" | "ws" | "wss" => Err(expected()),
        // Of an app: `tauri://localhost`, `capacitor://localhost`. The `url` crate knows no origin for it, so it is kept
        // as written.
        _ if is_bare => Ok(url.as_str().to_ascii_lowercase()),
        _ => Err(expected()),
    }
}

/// A path prefix, or nothing. It begins with `/`, does not end with it, and contains only characters that need no
/// escape in a URL, a header or a page.
pub(super) fn base_path(raw: &str) -> Parsed<String> {
    let is_segment = |segment: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
        segment.chars().all(is_plain) && !matches!(segment, "" | "." | "..")
    };
    match raw.strip_prefix('/') {
        Some(rest) if rest.split('/').all(is_segment) => Ok(raw.to_owned()),
        None if raw.is_empty() => Ok(String::new()),
        _ => Err("a path such as `/thoughts`, of letters, digits and `-._~`, without a `/` at its end".to_owned()),
    }
}

/// The address of a supported database.
pub(super) fn database_url(raw: &str) -> Parsed<Location> {
    let example = "sqlite://data/thoughts.db or postgresql://user:password@host:5432/database";
    Location::parse(raw).map_err(|error| this_one(example, &error))
}

fn this_one(example: &str, error: &dyn Display) -> String {
    format!("an address such as {example}; this one {error}")
}

/// The address of a replica.
pub(super) fn replica_url(raw: &str) -> Parsed<Location> {
    let example = "postgresql://user:password@host:5432/database";
    match Location::parse(raw) {
        Ok(location) if location.is_embedded() => Err(this_one(example, &"is of SQLite")),
        parsed => parsed.map_err(|error| this_one(example, &error)),
    }
}

/// The address of a Redis server.
pub(super) fn redis_url(raw: &str) -> Parsed<SecretString> {
    let raw = raw.trim();
    match redis_adapters::check_url(raw) {
        Ok(()) => Ok(SecretString::from(raw.to_owned())),
        Err(error) => Err(this_one("redis://:password@host:6379", &error)),
    }
}

/// Signing keys; the first one signs.
pub(super) fn signing_keys(raw: &str) -> Parsed<SigningKeys> {
    let expected = |_| {
        let bytes = SigningKey::MIN_BYTES;
        format!("at least {bytes} bytes a key, with commas between keys; make one with `openssl rand -hex 32`")
    };
    SigningKeys::parse(raw).map_err(expected)
}

/// Log directives.
pub(super) fn directives(raw: &str) -> Parsed<String> {
    let expected = |_| "levels by module with commas between, such as `info` or `info,sqlx=warn`".to_owned();
    EnvFilter::try_new(raw).map(|_| raw.to_owned()).map_err(expected)
}

/// The address of an OpenTelemetry collector.
///
/// Without TLS, which only the database drivers of the server speak. A collector on the same machine can forward with
/// TLS.
pub(super) fn collector(raw: &str) -> Parsed<Url> {
    let expected = || "the address of a collector without TLS or password, such as `http://localhost:4318`".to_owned();
    let url = Url::parse(raw).map_err(|_| expected())?;
    let is_plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
    if is_plain && url.query().is_none() && url.fragment().is_none() { Ok(url) } else { Err(expected()) }
}

/// A user name for basic authentication. It contains no colon, which would end it (RFC 7617).
pub(super) fn user_name(raw: &str) -> Parsed<String> {
    let bad = raw.contains(|c: char| c == ':' || c.is_control());
    if bad { Err("a name without a colon".to_owned()) } else { Ok(raw.to_owned()) }
}

/// A password for basic authentication.
pub(super) fn password(raw: &str) -> Parsed<SecretString> {
    let bad = raw.contains(char::is_control);
    if bad { Err("no control characters in it".to_owned()) } else { Ok(raw.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::fmt::Debug;

    /// Checks that `parse` rejects each value in `wrong`, a list separated by `, `.
    #[track_caller]
    fn rejects<T: Debug>(parse: impl Fn(&str) -> Parsed<T>, wrong: &str) {
        for raw in wrong.split(", ") {
            assert!(parse(raw).is_err(), "{raw:?} is {:?}", parse(raw));
        }
    }

    /// Checks the values that `parse` returns, as text.
    #[track_caller]
    fn takes<T: Debug + Display>(parse: impl Fn(&str) -> Parsed<T>, right: &[(&str, &str)]) {
        for (raw, expected) in right {
            assert_eq!(parse(raw).unwrap().to_string(), *expected);
        }
    }

    #[test]
    fn whole_takes_the_ends_of_the_range_and_nothing_beyond() {
        takes(whole(0..=65_535_u16), &[("0", "0"), ("65535", "65535")]);
        rejects(whole(0..=65_535_u16), "-1, 65536, 3.5, 0x10, three, 99999999999999999999");
        assert_eq!(whole(1..=1024)("0"), Err("a whole number from 1 to 1024".to_owned()));
    }

    #[test]
    fn one_of_names_the_words() {
        assert_eq!(one_of(&[("on", true), ("off", false)])("off"), Ok(false));
        assert_eq!(one_of(&[("on", true), ("off", false)])("On"), Err("`on` or `off`".to_owned()));
    }

    #[test]
    fn duration_needs_a_unit_and_keeps_within_bounds() {
        let parse = duration(Duration::from_secs(1)..=Duration::from_hours(24));
        for (raw, seconds) in [("1s", 1), ("300s", 300), ("15m", 900), ("1d", DAY)] {
            assert_eq!(parse(raw), Ok(Duration::from_secs(seconds)));
        }
        rejects(&parse, "0s, 0, 999ms, 300, -5m, 2d, 1y, soon, 15x, 99999999999999999999s");
        assert_eq!(
            parse("0s"),
            Err("a duration from 1s to 1d, a number with its unit: `ms`, `s`, `m`, `h` or `d`".to_owned())
        );
        let year = duration(Duration::from_millis(50)..=Duration::from_hours(24 * 365));
        assert!(year("0s").unwrap_err().starts_with("a duration from 50ms to 365d, "));
    }

    #[test]
    fn network_takes_addresses_and_networks_of_both_families() {
        takes(
            network,
            &[
                ("10.1.2.3/8", "10.0.0.0/8"),
                ("192.168.1.7", "192.168.1.7/32"),
                ("fd00::/8", "fd00::/8"),
                ("::1", "::1/128"),
            ],
        );
        rejects(network, "10.0.0.0/33, 10.0.0, localhost, 10.0.0.1:80, *");
    }

    #[test]
    fn base_path_needs_no_escape() {
        takes(base_path, &["", "/thoughts", "/a/b-c_d.e~f", "/A1"].map(|path| (path, path)));
        rejects(base_path, "/, thoughts, /thoughts/, //a, /a//b, /a/../b, /., /a b, /a?b, /a\"b, /é, /a%20b, /<");
    }

    #[test]
    fn origin_is_written_as_browsers_write_it() {
        takes(
            origin,
            &[
                ("https://example.com", "https://example.com"),
                ("HTTPS://Example.COM:443", "https://example.com"),
                ("http://localhost:5173", "http://localhost:5173"),
                ("http://[::1]:8080", "http://[::1]:8080"),
                ("https://bücher.example", "https://xn--bcher-kva.example"),
                ("tauri://localhost", "tauri://localhost"),
                ("Capacitor://LOCALHOST", "capacitor://localhost"),
                ("ionic://localhost:8080", "ionic://localhost:8080"),
            ],
        );
    }

    #[test]
    fn origin_rejects_whatever_is_more_or_less() {
        rejects(
            origin,
            "example.com, https://, https://example.com/, https://example.com/app, null, https://example.com?x, \
             https://example.com#x, https://user@example.com, ftp://example.com, https://example.com:99999, \
             https:/example.com, https://a b, file:///etc, file://localhost, tauri://, tauri://localhost/, \
             tauri://user@localhost, tauri:localhost, https:\\\\example.com",
        );
        for raw in ["*", "https://*.example.com"] {
            assert!(origin(raw).unwrap_err().contains("wildcard"), "{raw}");
        }
    }

    #[test]
    fn database_url_takes_the_kinds_that_are_supported() {
        for raw in ["sqlite::memory:", "sqlite://data/x.db", "postgres://u:p@h/d", "postgresql://h/d"] {
            assert_eq!(database_url(raw), Ok(Location::parse(raw).unwrap()));
        }
        rejects(database_url, "mysql://h/d, data/x.db, SQLITE:x, sqlite://, postgres://h/d?schema=a-b");
    }

    #[test]
    fn signing_keys_counts_bytes() {
        rejects(signing_keys, &"k".repeat(31));
        assert_eq!(signing_keys(&"é".repeat(16)).unwrap().first().expose().len(), 32);
    }

    #[test]
    fn directives_takes_what_the_filter_takes() {
        let right = ["info", "off", "warn,thoughts=debug", "thoughts[request{method=GET}]=trace"];
        takes(directives, &right.map(|raw| (raw, raw)));
        rejects(directives, "info,sqlx=loud, =, a=b=c");
    }

    #[test]
    fn collector_is_reached_without_tls() {
        for raw in ["http://localhost:4318", "http://collector:4318/otlp/", "http://[::1]:4318"] {
            assert!(collector(raw).is_ok(), "{raw}");
        }
        rejects(collector, "localhost:4318, https://otel.example, grpc://h:4317, http://u:p@h, http://h?x=1, http://");
    }

    #[test]
    fn credentials_fit_into_a_header() {
        takes(user_name, &[("prometheus", "prometheus")]);
        rejects(user_name, "a:b, a\nb");
        assert_eq!(password("hush: hush").unwrap().expose_secret(), "hush: hush");
        rejects(password, "hush\n");
    }
}
