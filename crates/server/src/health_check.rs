//! Queries the readiness of a running server: the health check of a container.
//!
//! Called by `thoughts health`. Needs neither the database nor a secret.
//!
//! Invariants:
//! - Only status 200 from the address itself is healthy; proxies and redirects are not used.
//! - The check ends within [`PATIENCE`], however slowly the server sends.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

/// The time limit from the connection to the last byte: longer than the server's own limit for its dependencies (2 s).
const PATIENCE: Duration = Duration::from_secs(4);
/// The most bytes read of a report.
const LONGEST: usize = 64 * 1024;

/// Why there was no response.
#[derive(Debug, thiserror::Error)]
pub enum HealthCheckError {
    /// The server chose a port itself.
    #[error("PORT is 0: the server has chosen a port that is not known here")]
    AnyPort,
    /// The server does not respond, not in HTTP, or not in time.
    #[error("no response from http://{address}/health/ready")]
    NoAnswer {
        address: SocketAddr,
        /// The error of the exchange.
        source: reqwest::Error,
    },
}

/// The server's response. Displayed as status and report, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: StatusCode,
    report: String,
}

impl Answer {
    /// Whether the server can serve requests.
    pub fn is_ready(&self) -> bool {
        self.status == StatusCode::OK
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.report)
    }
}

/// Queries the server that listens at `address`, over loopback if it listens at every address.
///
/// # Errors
/// [`HealthCheckError`] if the server does not respond, or not in HTTP, or not in time.
pub async fn ask(address: SocketAddr) -> Result<Answer, HealthCheckError> {
    if address.port() == 0 {
        return Err(HealthCheckError::AnyPort);
    }
    let address = reachable(address);
    let answer = exchange(address, PATIENCE).await;
    answer.map_err(|source| HealthCheckError::NoAnswer { address, source: source.without_url() })
}

/// The address at which this machine reaches a server that listens at `address`.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, address.port())
}

async fn exchange(address: SocketAddr, patience: Duration) -> reqwest::Result<Answer> {
    // A proxy from the environment would respond instead of the server.
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

    /// Reads one request, lets `answer` write to the client, and returns the request in lower case.
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

    /// Queries a server that sends `answer` and closes the connection.
    async fn query(answer: impl AsRef<[u8]> + Send + 'static) -> Result<Answer, HealthCheckError> {
        let (address, server) = serve(listener(), move |mut stream| {
            // The client closes the connection on a malformed or oversized response.
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
        async fn reports_a_ready_server() {
            let answer = query("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
            assert!(answer.is_ready());
            assert_eq!(answer.to_string(), "200 {}");
        }

        #[tokio::test]
        async fn reports_a_server_that_is_not_ready() {
            let answer = "HTTP/1.1 503 Service Unavailable\r\n\r\n{\"status\":\r\n \"stopping\"}";
            let answer = query(answer).await.unwrap();
            assert!(!answer.is_ready());
            assert_eq!(answer.to_string(), "503 {\"status\": \"stopping\"}");
            assert!(!query("HTTP/1.1 204 No Content\r\n\r\n").await.unwrap().is_ready());
        }

        #[tokio::test]
        async fn follows_no_redirect() {
            let elsewhere = "HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
            assert_eq!(query(elsewhere).await.unwrap().to_string(), "307 ");
        }

        #[tokio::test]
        async fn keeps_the_beginning_of_a_long_report() {
            let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2 * LONGEST));
            assert_eq!(query(long).await.unwrap().report, "x".repeat(LONGEST));
        }

        #[tokio::test]
        async fn fails_without_http() {
            for answer in
                ["", "HTTP/1.1 200 OK\r\n", "SSH-2.0\r\n\r\n", "HTTP/1.1 fine\r\n\r\n", "RTSP/1.0 200 OK\r\n\r\n"]
            {
                let answered = query(answer).await;
                assert!(matches!(answered, Err(HealthCheckError::NoAnswer { .. })), "{answer:?}");
            }
        }

        #[tokio::test]
        async fn fails_without_a_server() {
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
        async fn gives_up_after_the_time_limit() {
            let listener = listener();
            let error = exchange(listener.local_addr().unwrap(), SHORT).await.unwrap_err();
            assert!(error.is_timeout(), "{error:?}");
        }

        #[tokio::test]
        async fn limits_the_time_of_the_whole_report() {
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
