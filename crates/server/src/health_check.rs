//! Asks a running server whether it can serve: the health check of a container.
//!
//! `thoughts health` calls it. It needs neither the database nor a secret.
//!
//! Only status 200 from the address itself is healthy: no proxy is asked and no redirect is followed.
//! All of it ends within [`PATIENCE`], however slowly the server sends.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

/// Time limit from the connection to the last byte: longer than the server itself gives its dependencies (2 s).
const PATIENCE: Duration = Duration::from_secs(4);
/// Most bytes that are kept of a report; the rest is not read.
const LONGEST: usize = 64 * 1024;

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum HealthCheckError {
    /// The server was to choose a port by itself.
    #[error("PORT is 0: the server has chosen a port that is not known here")]
    AnyPort,
    /// The server does not answer, not in HTTP, or not in time.
    #[error("no answer from http://{address}/health/ready")]
    NoAnswer {
        /// Where.
        address: SocketAddr,
        /// What went wrong on the way there or back.
        source: reqwest::Error,
    },
}

/// What the server says of itself. Shows itself as status and report, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: StatusCode,
    report: String,
}

impl Answer {
    /// Whether requests may be sent there.
    pub fn is_ready(&self) -> bool {
        self.status == StatusCode::OK
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.report)
    }
}

/// Asks the server that listens at `address`; at loopback when it listens at every address.
///
/// # Errors
/// [`HealthCheckError`] when it does not answer, or not in HTTP, or not in time.
pub async fn ask(address: SocketAddr) -> Result<Answer, HealthCheckError> {
    if address.port() == 0 {
        return Err(HealthCheckError::AnyPort);
    }
    let address = reachable(address);
    let answer = exchange(address, PATIENCE).await;
    answer.map_err(|source| HealthCheckError::NoAnswer { address, source: source.without_url() })
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

async fn exchange(address: SocketAddr, patience: Duration) -> reqwest::Result<Answer> {
    // A proxy from the environment would answer in the server's place.
    let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(patience).build()?;
    let mut response = client.get(format!("http://{address}/health/ready")).send().await?;
    let mut report = Vec::new();
    while report.len() < LONGEST
        && let Some(piece) = response.chunk().await?
    {
        report.extend_from_slice(&piece);
    }
    report.truncate(LONGEST);
    let report = String::from_utf8_lossy(&report).split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Answer { status: response.status(), report })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use tokio::task::{JoinHandle, spawn_blocking};

    use super::*;

    fn listener() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").unwrap()
    }

    /// Reads one request, lets `answer` write to the client, and says what the request was, in lower case.
    fn serve(
        listener: TcpListener,
        answer: impl FnOnce(TcpStream) + Send + 'static,
    ) -> (SocketAddr, JoinHandle<String>) {
        let address = listener.local_addr().unwrap();
        let server = spawn_blocking(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            answer(stream);
            String::from_utf8_lossy(&request[..length]).to_ascii_lowercase()
        });
        (address, server)
    }

    /// Asks a server that sends `answer` and hangs up.
    async fn ask_one_that_says(answer: impl AsRef<[u8]> + Send + 'static) -> Result<Answer, HealthCheckError> {
        let (address, server) = serve(listener(), move |mut stream| {
            // The client hangs up on an answer that it does not understand, or that is too long.
            let _ = stream.write_all(answer.as_ref());
        });
        let answer = ask(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port())).await;
        let request = server.await.unwrap();
        assert!(request.starts_with("get /health/ready http/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("\r\nhost: {address}\r\n")), "{request}");
        answer
    }

    mod ask {
        use super::*;

        #[tokio::test]
        async fn understands_who_is_ready() {
            let answer = ask_one_that_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
            assert!(answer.is_ready());
            assert_eq!(answer.to_string(), "200 {}");
        }

        #[tokio::test]
        async fn understands_who_is_not() {
            let answer = "HTTP/1.1 503 Service Unavailable\r\n\r\n{\"status\":\r\n \"stopping\"}";
            let answer = ask_one_that_says(answer).await.unwrap();
            assert!(!answer.is_ready());
            assert_eq!(answer.to_string(), "503 {\"status\": \"stopping\"}");
            assert!(!ask_one_that_says("HTTP/1.1 204 No Content\r\n\r\n").await.unwrap().is_ready());
        }

        #[tokio::test]
        async fn follows_no_redirect() {
            let elsewhere = "HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
            assert_eq!(ask_one_that_says(elsewhere).await.unwrap().to_string(), "307 ");
        }

        #[tokio::test]
        async fn keeps_the_beginning_of_a_long_report() {
            let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2 * LONGEST));
            assert_eq!(ask_one_that_says(long).await.unwrap().report, "x".repeat(LONGEST));
        }

        #[tokio::test]
        async fn fails_where_no_http_is_spoken() {
            for answer in
                ["", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n", "HTTP/1.1 fine\r\n\r\n", "RTSP/1.0 200 OK\r\n\r\n"]
            {
                let answered = ask_one_that_says(answer).await;
                assert!(matches!(answered, Err(HealthCheckError::NoAnswer { .. })), "{answer:?}");
            }
        }

        #[tokio::test]
        async fn fails_where_no_server_listens() {
            let address = listener().local_addr().unwrap();
            assert!(matches!(ask(address).await, Err(HealthCheckError::NoAnswer { .. })));
            let unknown = SocketAddr::new(address.ip(), 0);
            assert!(matches!(ask(unknown).await, Err(HealthCheckError::AnyPort)));
        }
    }

    mod exchange {
        use super::*;

        /// Long enough for several trickled bytes.
        const SHORT: Duration = Duration::from_millis(100);

        #[tokio::test]
        async fn does_not_wait_for_ever() {
            let listener = listener();
            let error = exchange(listener.local_addr().unwrap(), SHORT).await.unwrap_err();
            assert!(error.is_timeout(), "{error:?}");
        }

        #[tokio::test]
        async fn does_not_wait_for_ever_for_the_rest_of_a_report() {
            // Each byte arrives in time, the end never does.
            let (address, server) = serve(listener(), |mut stream| {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                while stream.write_all(b"x").is_ok() {
                    thread::sleep(SHORT / 10);
                }
            });
            let error = exchange(address, SHORT).await.unwrap_err();
            assert!(error.is_timeout(), "{error:?}");
            server.await.unwrap();
        }

        #[tokio::test]
        async fn reaches_a_server_over_ipv6() {
            // Some containers have no IPv6.
            let Ok(listener) = TcpListener::bind("[::1]:0") else {
                return;
            };
            let (address, server) = serve(listener, |mut stream| {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            });
            assert!(exchange(address, PATIENCE).await.unwrap().is_ready());
            server.await.unwrap();
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
