//! Accepting a connection: limits and socket options.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_http::error::DispatchError;
use http_kit::connections::Connections;
use tokio::net::TcpStream;

use super::stream::Stream;
use super::watch::Watch;

/// Accepts a connection, if the limits allow it. On an error the framework closes it.
pub(super) fn accept(
    socket: TcpStream,
    connections: &Connections,
    watch: &Watch,
    patience: Duration,
) -> Result<(Stream, Option<SocketAddr>), DispatchError> {
    let peer = socket.peer_addr().map_err(DispatchError::Io)?;
    let connection = connections.enter(peer.ip());
    let connection = connection.ok_or_else(|| DispatchError::Io(io::ErrorKind::QuotaExceeded.into()))?;
    prepare(&socket, patience);
    Ok((Stream::new(socket, watch.add(), connection), Some(peer)))
}

fn prepare(socket: &TcpStream, patience: Duration) {
    send_at_once(socket);
    bound_patience(socket, patience);
}

/// Sends every response at once (`TCP_NODELAY`). The system would otherwise delay a second response until the client
/// acknowledges the first, which takes up to 40 ms.
fn send_at_once(socket: &TcpStream) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "a connection may delay answers");
    }
}

/// Has the system close a connection when sent data is not acknowledged, or cannot be sent, for `patience`. Data in the
/// system's buffers, and clients that read very slowly, are not covered.
#[cfg(target_os = "linux")]
fn bound_patience(socket: &TcpStream, patience: Duration) {
    let milliseconds = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(socket, milliseconds) {
        tracing::debug!(%error, "cannot bound the time of a connection");
    }
}

#[cfg(not(target_os = "linux"))]
fn bound_patience(_: &TcpStream, _: Duration) {}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use http_kit::connections::ConnectionBounds;
    use tokio::net::TcpListener;
    use tokio::task::LocalSet;

    use super::*;

    async fn accepted() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (accepted, client) = tokio::join!(listener.accept(), client);
        (accepted.unwrap().0, client.unwrap())
    }

    #[tokio::test]
    async fn responses_wait_for_no_acknowledgement() {
        let (socket, _client) = accepted().await;
        assert!(!socket.nodelay().unwrap());
        prepare(&socket, Duration::from_secs(1));
        assert!(socket.nodelay().unwrap());
    }

    #[tokio::test]
    async fn a_surplus_connection_is_closed() {
        let connections = Connections::new(ConnectionBounds { all: 9, of_a_network: 0 }, Vec::new());
        let (socket, _client) = accepted().await;
        let taken_in = LocalSet::new()
            .run_until(async { accept(socket, &connections, &Watch::begin(), Duration::from_secs(1)) })
            .await;
        assert!(taken_in.is_err());
    }
}
