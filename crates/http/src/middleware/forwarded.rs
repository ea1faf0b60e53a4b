//! Parses the client addresses that proxies write: `X-Forwarded-For`, and `Forwarded` (RFC 7239).
//!
//! Both are read from the right: each proxy appends its peer, and values that the client sent stand further left.
//! Invariant: no bytes further left change how those to their right are parsed.

use std::borrow::Cow;
use std::iter;
use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue, X_FORWARDED_FOR};

/// The peers that proxies recorded, the nearest first; `None` for a value that is no address, such as `unknown`.
///
/// `Forwarded` is used only without `X-Forwarded-For`. Most proxies write the latter and forward the former as the
/// client sent it.
pub(super) fn hops(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let from_lists = lines(headers, &X_FORWARDED_FOR);
    let from_pairs = if from_lists.is_empty() { lines(headers, &FORWARDED) } else { Vec::new() };
    let from_lists = from_lists.into_iter().rev().flat_map(|line| elements(line, false)).map(address);
    let from_pairs = from_pairs.into_iter().rev().flat_map(|line| elements(line, true)).map(address_of_pairs);
    from_lists.chain(from_pairs)
}

fn lines<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<&'h [u8]> {
    headers.get_all(name).map(HeaderValue::as_bytes).collect()
}

/// The elements of a list, the last first.
fn elements(line: &[u8], has_quotes: bool) -> impl Iterator<Item = &[u8]> {
    split(line, b',', has_quotes).map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// Splits `text` at `separator`, the last part first. If the grammar has quotes, separators inside them do not count.
/// Quotes are matched from the right, so a quote that a client leaves open ends before the values that proxies
/// appended.
fn split(text: &[u8], separator: u8, has_quotes: bool) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut before = text;
    text.rsplit(move |byte| {
        before = before.split_last().map_or(before, |(_, before)| before);
        quoted ^= has_quotes && *byte == b'"' && !is_escaped(before);
        *byte == separator && !quoted
    })
}

/// Whether the byte after `before` is an escaped character of a quoted string: an odd number of backslashes precedes
/// it. The grammar has no backslashes outside of quotes, so none precedes an opening quote.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The address in the first `for` pair of an element of `Forwarded`.
fn address_of_pairs(element: &[u8]) -> Option<IpAddr> {
    let for_whom = split(element, b';', true).filter_map(|pair| {
        let (name, value) = pair.split_at_checked(pair.iter().position(|byte| *byte == b'=')?)?;
        name.trim_ascii().eq_ignore_ascii_case(b"for").then(|| &value[1..])
    });
    address(&unescaped(for_whom.last()?))
}

/// Removes the backslashes of a quoted string.
fn unescaped(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\\') {
        return Cow::Borrowed(value);
    }
    let mut bytes = value.iter().copied();
    iter::from_fn(|| bytes.next().and_then(|byte| if byte == b'\\' { bytes.next() } else { Some(byte) })).collect()
}

/// Parses an address with or without port, brackets and quotes.
fn address(raw: &[u8]) -> Option<IpAddr> {
    let raw = std::str::from_utf8(raw).ok()?.trim();
    let raw = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
    let without_zone = |address: &str| address.split('%').next().and_then(|address| address.parse().ok());
    if let Some(rest) = raw.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return without_zone(address).filter(|address: &IpAddr| address.is_ipv6() && is_port);
    }
    without_zone(raw).or_else(|| {
        let (address, port) = raw.split_once(':')?;
        address.parse::<Ipv4Addr>().ok().filter(|_| is_port(port)).map(IpAddr::V4)
    })
}

/// A port number, or an obfuscated port (RFC 7239, 6).
fn is_port(port: &str) -> bool {
    port.parse::<u16>().is_ok() || port.starts_with('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(HeaderName, &[u8])]) -> Vec<Option<IpAddr>> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.clone(), HeaderValue::from_bytes(value).unwrap());
        }
        hops(&headers).collect()
    }

    fn ip(raw: &str) -> IpAddr {
        raw.parse().unwrap()
    }

    #[test]
    fn parses_addresses_in_every_form() {
        let forms: [(&[u8], &str); 9] = [
            (b"192.0.2.1", "192.0.2.1"),
            (b" 192.0.2.1:567 ", "192.0.2.1"),
            (b"\"192.0.2.1:567\"", "192.0.2.1"),
            (b"2001:db8::1", "2001:db8::1"),
            (b"[2001:db8::1]", "2001:db8::1"),
            (b"[2001:db8::1]:567", "2001:db8::1"),
            (b"\"[2001:DB8::1]:_hidden\"", "2001:db8::1"),
            (b"fe80::1%eth0", "fe80::1"),
            (b"[fe80::1%25eth0]:80", "fe80::1"),
        ];
        for (raw, expected) in forms {
            assert_eq!(address(raw), Some(ip(expected)), "{}", raw.escape_ascii());
        }
        let none: [&[u8]; 12] = [
            b"",
            b"unknown",
            b"_hidden",
            b"192.0.2",
            b"192.0.2.1:",
            b"192.0.2.1:x",
            b"192.0.2.1:99999",
            b"[192.0.2.1]:80",
            b"[2001:db8::1]80",
            b"[2001:db8::1",
            b"example.com:80",
            b"\xff",
        ];
        for raw in none {
            assert_eq!(address(raw), None, "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn the_nearest_hop_comes_first_across_header_lines() {
        assert_eq!(
            read(&[(X_FORWARDED_FOR, b"192.0.2.1, unknown"), (X_FORWARDED_FOR, b", 192.0.2.3:80 ,")]),
            [Some(ip("192.0.2.3")), None, Some(ip("192.0.2.1"))]
        );
        assert_eq!(
            read(&[
                (FORWARDED, b"for=192.0.2.1;by=203.0.113.60, for=unknown"),
                (FORWARDED, b"proto=https;host=\"a,b\";FOR=\"[2001:db8::1]:80\", proto=http"),
            ]),
            [None, Some(ip("2001:db8::1")), None, Some(ip("192.0.2.1"))]
        );
    }

    #[test]
    fn forwarded_is_used_only_without_x_forwarded_for() {
        let both: [(HeaderName, &[u8]); 2] = [(FORWARDED, b"for=192.0.2.1"), (X_FORWARDED_FOR, b"192.0.2.2")];
        assert_eq!(read(&both), [Some(ip("192.0.2.2"))]);
        assert_eq!(read(&both[..1]), [Some(ip("192.0.2.1"))]);
    }

    #[test]
    fn quoted_separators_do_not_split() {
        let read = |line: &str| read(&[(FORWARDED, line.as_bytes())]);
        let (near, far) = (Some(ip("192.0.2.2")), Some(ip("192.0.2.1")));
        for host in
            ["a;for=6.6.6.6;b", "a,for=6.6.6.6,b", r#"a\",for=6.6.6.6"#, r#"a\";for=6.6.6.6;\""#, r"a\\", r#"\\\""#]
        {
            assert_eq!(read(&format!("for=192.0.2.1, for=192.0.2.2;host=\"{host}\"")), [near, far], "{host}");
            assert_eq!(read(&format!("for=192.0.2.1, host=\"{host}\";for=192.0.2.2")), [near, far], "{host}");
            assert_eq!(read(&format!("for=192.0.2.1;by=\"{host}\", for=192.0.2.2")), [near, far], "{host}");
        }
        assert_eq!(read(r#"for="192.0.2.\2\:80""#), [near]);
        assert_eq!(read(r#"for="\[2001:db8::1\]""#), [Some(ip("2001:db8::1"))]);
        assert_eq!(read("for=unknown;for=192.0.2.2"), [None], "only the first counts");
        assert_eq!(read("for=192.0.2.2\\"), [near]);
    }

    /// Values that a proxy appends are parsed the same, whatever its client sent before them.
    #[test]
    fn bytes_on_the_left_never_change_the_hops_on_the_right() {
        const NOTABLE: &[u8] = b"\"\\,;=[]:%. 1af_for\xff";
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % bound as u64).unwrap()
        };
        for _ in 0..50_000 {
            let claimed: Vec<u8> = (0..next(40)).map(|_| NOTABLE[next(NOTABLE.len())]).collect();
            let appended = |hop: &str| [claimed.as_slice(), b", ", hop.as_bytes()].concat();
            for hop in ["192.0.2.1:80", "[2001:db8::1]:80"] {
                let expected = address(hop.as_bytes());
                assert!(expected.is_some());
                assert_eq!(read(&[(X_FORWARDED_FOR, &appended(hop))])[0], expected, "{}", claimed.escape_ascii());
                let pair = appended(&format!("for=\"{hop}\";proto=https"));
                assert_eq!(read(&[(FORWARDED, &pair)])[0], expected, "{}", claimed.escape_ascii());
            }
        }
    }
}
