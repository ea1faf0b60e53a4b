//! Detection of the framework's own responses to bytes that are not a valid request: a bare status without a body.

use http_kit::refusal::Refusal;

/// An upper bound of the length of these responses. Every other response is longer, because it has a request id and
/// security headers.
const LONGEST: usize = 160;

/// Finds a bare refusal at the end of `bytes`, which are about to be written. Returns its offset and its kind.
pub(super) fn find(bytes: &[u8]) -> Option<(usize, Refusal)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let window = bytes.len().saturating_sub(LONGEST);
    let begin = window + bytes[window..].windows(BEGIN.len()).rposition(|part| part == BEGIN)?;
    let head = std::str::from_utf8(&bytes[begin..]).ok()?;
    let mut lines = head.split("\r\n");
    let refusal = match lines.next()?.split(' ').nth(1)? {
        "400" => Refusal::Malformed,
        "431" => Refusal::HeadTooLarge,
        _ => return None,
    };
    (lines.next()? == "content-length: 0" && !head.contains("x-request-id")).then_some((begin, refusal))
}

const BEGIN: &[u8] = b"HTTP/1.";

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str =
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Sun, 29 Nov 2026 12:00:00 GMT\r\n\r\n";

    fn found(bytes: &str) -> Option<(usize, Refusal)> {
        find(bytes.as_bytes())
    }

    #[test]
    fn a_bare_refusal_is_found() {
        assert_eq!(found(REFUSED), Some((0, Refusal::Malformed)));
        let before = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(found(&format!("{before}{REFUSED}")), Some((before.len(), Refusal::Malformed)));
        let large = "HTTP/1.0 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        assert_eq!(found(large), Some((0, Refusal::HeadTooLarge)));
    }

    #[test]
    fn a_response_to_a_request_is_not_a_refusal() {
        let headers = "x-request-id: 1\r\n";
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(),
            "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned(),
            format!("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n{headers}\r\n"),
            format!("HTTP/1.1 400 Bad Request\r\ncontent-length: 99\r\n{headers}\r\n"),
            "{}".to_owned(),
            "\r\n\r\n".to_owned(),
        ] {
            assert_eq!(found(&answer), None, "{answer}");
        }
    }
}
