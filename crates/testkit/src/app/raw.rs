//! HTTP written byte by byte, for requests that no regular client sends.

use std::time::Duration;

#[cfg(target_os = "linux")]
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
#[cfg(target_os = "linux")]
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Http;

/// A time limit that no passing test reaches.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection to a server under test.
pub struct RawConnection {
    stream: TcpStream,
    received: Vec<u8>,
}

#[derive(Debug)]
pub struct RawResponse {
    /// The status; 0 if the server closed the connection without a response.
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    /// Everything after the head.
    pub body: String,
}

impl Http {
    /// Sends bytes on a new connection, and reads until the server closes it.
    pub async fn raw(&self, request: impl AsRef<[u8]>) -> RawResponse {
        let mut connection = self.connect().await;
        connection.send(request).await;
        connection.finish().await
    }

    /// Opens a connection.
    ///
    /// # Panics
    /// If the server does not accept it.
    pub async fn connect(&self) -> RawConnection {
        let stream = TcpStream::connect(self.address()).await.unwrap();
        RawConnection { stream, received: Vec::new() }
    }

    /// Opens a connection from another loopback address, which works on Linux without configuration.
    ///
    /// # Panics
    /// If the server does not accept it.
    #[cfg(target_os = "linux")]
    pub async fn connect_from(&self, address: Ipv4Addr) -> RawConnection {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        RawConnection { stream: socket.connect(self.address()).await.unwrap(), received: Vec::new() }
    }
}

impl RawConnection {
    /// Sends bytes. It is no error if the server does not read all of them.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let (mut reader, mut writer) = self.stream.split();
        let writing = async {
            let _ = writer.write_all(bytes.as_ref()).await;
        };
        // A server that responds before it has read everything may wait for its response to be read.
        let reading = async {
            let mut chunk = [0; 8192];
            loop {
                match reader.read(&mut chunk).await {
                    Ok(count) if count > 0 => self.received.extend_from_slice(&chunk[..count]),
                    _ => return std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = writing => {}
            () = reading => {}
        }
    }

    /// Closes the sending side.
    pub async fn half_close(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Reads until `text` was received.
    ///
    /// # Panics
    /// If the server closes the connection first, or takes too long.
    pub async fn read_until(&mut self, text: &str) {
        let wanted = text.as_bytes();
        while !self.received.windows(wanted.len()).any(|window| window == wanted) {
            let mut chunk = [0; 8192];
            let read = timeout(PATIENCE, self.stream.read(&mut chunk)).await;
            match read {
                Ok(Ok(count)) if count > 0 => self.received.extend_from_slice(&chunk[..count]),
                other => panic!("no {text:?} but {other:?} after {}", String::from_utf8_lossy(&self.received)),
            }
        }
        let end = self.received.windows(wanted.len()).position(|window| window == wanted).unwrap() + wanted.len();
        self.received.drain(..end);
    }

    /// Reads until the server closes the connection.
    ///
    /// # Panics
    /// If the server does not close it in time.
    pub async fn finish(mut self) -> RawResponse {
        let mut rest = Vec::new();
        // A connection may be reset after the response, which is complete by then.
        let _ = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.unwrap();
        self.received.extend(rest);
        let text = String::from_utf8_lossy(&self.received).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        RawResponse { status, head: head.to_lowercase(), body: body.to_owned() }
    }
}
