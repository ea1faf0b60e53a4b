//! What is done with each new connection.

use std::any::Any;
use std::time::Duration;

use actix_web::dev::Extensions;
use api::Connections;
use tokio::net::TcpStream;

/// Bounds the number of connections, and how long a client may leave an answer unread or go without a sign of life
/// while it is sent one: the server itself would wait for ever.
pub(crate) fn on_connect(
    connections: Connections,
    patience: Duration,
) -> impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static {
    move |socket, data| {
        let Some(socket) = socket.downcast_ref::<TcpStream>() else {
            return;
        };
        send_at_once(socket);
        bound_patience(socket, patience);
        match connections.enter() {
            Some(connection) => {
                data.insert(connection);
            }
            None => hang_up(socket),
        }
    }
}

/// An answer goes out when it is written. The system would keep the second of two answers back until the client has
/// acknowledged the first, and clients acknowledge after up to 40 ms when they have nothing to send.
fn send_at_once(socket: &TcpStream) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "a connection may delay answers");
    }
}

/// The system ends a connection when what was sent is not acknowledged for so long, or cannot be sent because the
/// client takes nothing. What fits into the system's buffers is out of the server's hands, as is a client that reads
/// ever so slowly.
#[cfg(target_os = "linux")]
fn bound_patience(socket: &TcpStream, patience: Duration) {
    let milliseconds = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(socket, milliseconds) {
        tracing::debug!(%error, "patience with a connection not bounded");
    }
}

#[cfg(not(target_os = "linux"))]
fn bound_patience(_: &TcpStream, _: Duration) {}

/// The server sees a connection that the client has closed, and lets go of it.
fn hang_up(socket: &TcpStream) {
    if let Err(error) = rustix::net::shutdown(socket, rustix::net::Shutdown::Both) {
        tracing::debug!(%error, "a connection too many was gone already");
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn answers_wait_for_no_acknowledgement() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (accepted, client) = tokio::join!(listener.accept(), client);
        let (socket, _client) = (accepted.unwrap().0, client.unwrap());
        assert!(!socket.nodelay().unwrap());
        on_connect(Connections::new(1), Duration::from_secs(1))(&socket, &mut Extensions::new());
        assert!(socket.nodelay().unwrap());
    }
}
