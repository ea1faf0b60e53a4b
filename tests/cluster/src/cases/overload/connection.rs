//! A minimal HTTP client, cheap enough that the generator does not distort the measurement.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Time limit of a response, longer than any allowed here.
const PATIENCE: Duration = Duration::from_secs(20);

/// The requests that one connection sends in turn.
#[derive(Debug, Clone)]
pub(super) struct Target {
    port: u16,
    requests: Vec<Vec<u8>>,
}

impl Target {
    /// Alternates `PUT` and `DELETE` of a path.
    pub(super) fn put_and_delete(port: u16, path: &str, token: &str) -> Self {
        let request = |method| {
            format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
        };
        Self { port, requests: ["PUT", "DELETE"].map(request).to_vec() }
    }

    /// Sends the same `GET` repeatedly.
    pub(super) fn get(port: u16, path: &str) -> Self {
        Self { port, requests: vec![format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").into_bytes()] }
    }

    /// Sends the same `POST` repeatedly.
    pub(super) fn post(port: u16, path: &str, body: &str) -> Self {
        let head = format!("POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n");
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        Self { port, requests: vec![request.into_bytes()] }
    }
}

/// The parts of a response that the case evaluates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: bool,
    pub(super) took: Duration,
}

/// A connection that is reopened when the server closes it.
pub(super) struct Connection {
    target: Target,
    stream: Option<TcpStream>,
    received: Vec<u8>,
    next: usize,
}

impl Connection {
    /// A connection that opens with its first request.
    pub(super) fn new(target: Target) -> Self {
        Self { target, stream: None, received: Vec::new(), next: 0 }
    }

    /// Sends the next request and reads the whole response.
    pub(super) async fn ask(&mut self) -> Result<Answer> {
        let began = Instant::now();
        let head = timeout(PATIENCE, self.exchange()).await.context("no answer")??;
        // A rejected request is sent again.
        if head.status < 300 {
            self.next = (self.next + 1) % self.target.requests.len();
        }
        Ok(Answer { status: head.status, retry_after: head.retry_after, took: began.elapsed() })
    }

    async fn exchange(&mut self) -> Result<Head> {
        let mut stream = if let Some(stream) = self.stream.take() {
            stream
        } else {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.target.port)).await?;
            stream.set_nodelay(true)?;
            stream
        };
        stream.write_all(&self.target.requests[self.next]).await?;
        self.received.clear();
        loop {
            if stream.read_buf(&mut self.received).await? == 0 {
                bail!("the connection was closed before the answer's end");
            }
            if let Some(head) = Head::parse(&self.received)?
                && self.received.len() >= head.length
            {
                if !head.close {
                    self.stream = Some(stream);
                }
                return Ok(head);
            }
        }
    }
}

/// The parsed head of a response.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    retry_after: bool,
    close: bool,
    /// Length of the whole response in bytes.
    length: usize,
}

impl Head {
    /// `None` until the head is complete.
    fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let text = std::str::from_utf8(&bytes[..end])?.to_ascii_lowercase();
        let mut lines = text.split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        let status = status_line.split(' ').nth(1).context("no status")?.parse()?;
        let mut head = Self { status, retry_after: false, close: false, length: end + 4 };
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            match (name, value) {
                ("content-length", length) => head.length += length.parse::<usize>()?,
                ("retry-after", _) => head.retry_after = true,
                ("connection", "close") => head.close = true,
                ("transfer-encoding", _) => bail!("an answer in chunks"),
                _ => {}
            }
        }
        Ok(Some(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_head_of_a_response() {
        let text =
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\nRetry-After: 1\r\nConnection: close\r\n\r\nbusy";
        let head = Head::parse(text).unwrap().unwrap();
        assert_eq!((head.status, head.retry_after, head.close), (503, true, true));
        assert_eq!(head.length, text.len() + 1);
        assert_eq!(Head::parse(b"HTTP/1.1 204 No Content\r\nDate").unwrap(), None);
        let head = Head::parse(b"HTTP/1.1 204 No Content\r\ndate: today\r\n\r\n").unwrap().unwrap();
        assert_eq!((head.status, head.retry_after, head.close, head.length), (204, false, false, 40));
    }
}
