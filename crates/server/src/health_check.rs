//! Asking a running server whether it can serve: what the health check of a container does.
//!
//! Needs neither the database nor a secret, and no client of HTTP: one request, one short answer, one connection.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long all of it may take: longer than the server itself gives its dependencies (2 s).
const PATIENCE: Duration = Duration::from_secs(4);
/// Longest answer that is read.
const LONGEST: u64 = 64 * 1024;

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum HealthCheckError {
    /// The server was to choose a port by itself.
    #[error("PORT is 0: nobody can know which port the server has chosen")]
    AnyPort,
    /// Nobody answers there.
    #[error("no answer from http://{address}/health/ready")]
    NoAnswer {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// What the server says of itself. Shows itself as status and report, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    report: String,
}

impl Answer {
    /// Whether requests may be sent there.
    pub fn is_ready(&self) -> bool {
        self.status == 200
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.report)
    }
}

/// Asks the server that listens at `address`; at loopback when it listens at every address.
///
/// # Errors
/// [`HealthCheckError`] when it does not answer, or not in HTTP, or not in time.
pub fn ask(address: SocketAddr) -> Result<Answer, HealthCheckError> {
    if address.port() == 0 {
        return Err(HealthCheckError::AnyPort);
    }
    let address = reachable(address);
    exchange(address, Instant::now() + PATIENCE).map_err(|source| HealthCheckError::NoAnswer { address, source })
}

/// Where this machine reaches a server that listens at `address`.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, address.port())
}

fn exchange(address: SocketAddr, deadline: Instant) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, time_left(deadline)?)?;
    stream.set_write_timeout(Some(time_left(deadline)?))?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let (mut stream, mut answer, mut piece) = (stream.take(LONGEST), Vec::new(), [0; 4096]);
    loop {
        // A read that waits starts the clock anew: what trickles must not go on for ever.
        stream.get_ref().set_read_timeout(Some(time_left(deadline)?))?;
        match stream.read(&mut piece) {
            Ok(0) => return parse(&answer),
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn time_left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn parse(answer: &[u8]) -> io::Result<Answer> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    let mut words = head.split(' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|status| status.parse().ok());
    let status = status.filter(|_| version.starts_with("HTTP/1.")).ok_or(ErrorKind::InvalidData)?;
    Ok(Answer { status, report: body.split_whitespace().collect::<Vec<_>>().join(" ") })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Asks somebody who says `answer` to every request and hangs up.
    fn ask_one_who_says(answer: &'static str) -> Result<Answer, HealthCheckError> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let answer = ask(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port()));
        let request = server.join().unwrap();
        assert!(request.starts_with("GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1:"), "{request}");
        answer
    }

    mod ask {
        use super::*;

        #[test]
        fn understands_who_is_ready() {
            let answer = ask_one_who_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
            assert!(answer.is_ready());
            assert_eq!(answer.to_string(), "200 {}");
        }

        #[test]
        fn understands_who_is_not() {
            let answer =
                ask_one_who_says("HTTP/1.1 503 Service Unavailable\r\n\r\n{\"status\":\r\n \"stopping\"}").unwrap();
            assert!(!answer.is_ready());
            assert_eq!(answer.to_string(), "503 {\"status\": \"stopping\"}");
            assert!(!ask_one_who_says("HTTP/1.1 204 No Content\r\n\r\n").unwrap().is_ready());
        }

        #[test]
        fn fails_where_nobody_speaks_http() {
            for answer in
                ["", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n", "HTTP/1.1 fine\r\n\r\n", "RTSP/1.0 200 OK\r\n\r\n"]
            {
                assert!(matches!(ask_one_who_says(answer), Err(HealthCheckError::NoAnswer { .. })), "{answer:?}");
            }
        }

        #[test]
        fn fails_where_nobody_listens() {
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            assert!(matches!(ask(address), Err(HealthCheckError::NoAnswer { .. })));
            assert!(matches!(ask(SocketAddr::new(address.ip(), 0)), Err(HealthCheckError::AnyPort)));
        }
    }

    mod exchange {
        use super::*;

        #[test]
        fn does_not_wait_for_ever() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let deadline = Instant::now() + Duration::from_millis(50);
            let error = exchange(address, deadline).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
        }
    }

    mod reachable {
        use super::*;

        #[test]
        fn is_loopback_for_all_addresses() {
            let reached = |address: &str| reachable(address.parse().unwrap()).to_string();
            assert_eq!(reached("0.0.0.0:3000"), "127.0.0.1:3000");
            assert_eq!(reached("[::]:3000"), "[::1]:3000");
            assert_eq!(reached("192.0.2.7:3000"), "192.0.2.7:3000");
        }
    }
}
