//! Counts open connections, in all and per client network.
//!
//! Called by the server when a connection opens, and by `shed::surplus` for each request. Invariants:
//! Invariants:
//! - Up to the bound, connections are served.
//! - Up to twice the bound, connections are accepted, and their requests get 503. A server that stopped accepting
//!   would leave clients waiting without a response.
//! - Beyond that, connections are closed at once.
//! - The same bounds apply to each client network, so that none can lock out the others. Trusted proxies are exempt,
//!   because they connect on behalf of many clients.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use super::client_address::client_network;

/// The connections of all workers, and those of each client network: an IPv4 address, or a /64 of IPv6.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: ConnectionBounds,
    trusted_proxies: Vec<IpNet>,
    open: AtomicUsize,
    /// Locked when a connection opens or closes, not per request.
    by_network: Mutex<HashMap<IpAddr, usize>>,
}

/// Bounds of served connections. As many again are accepted and get 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionBounds {
    /// Connections in all.
    pub all: usize,
    /// Connections of one client network.
    pub of_a_network: usize,
}

/// An open connection. It is counted until this value is dropped, so keep it in the connection's data.
#[derive(Debug)]
pub struct Connection {
    shared: Arc<Shared>,
    /// The client network that it counts against; `None` for trusted proxies.
    network: Option<IpAddr>,
    is_surplus: bool,
}

impl Connections {
    /// Counts from zero, and serves at most `most` connections.
    pub fn new(most: ConnectionBounds, trusted_proxies: Vec<IpNet>) -> Self {
        Self(Arc::new(Shared { most, trusted_proxies, open: AtomicUsize::default(), by_network: Mutex::default() }))
    }

    /// Counts a new connection from `peer`. `None` means that it must be closed at once.
    pub fn enter(&self, peer: IpAddr) -> Option<Connection> {
        let shared = &self.0;
        let peer = peer.to_canonical();
        let network = client_network(peer);
        let network = (!shared.trusted_proxies.iter().any(|proxies| proxies.contains(&peer))).then_some(network);
        let of_network = network.map_or(0, |network| {
            let mut by_network = shared.by_network();
            let open = by_network.entry(network).or_default();
            *open += 1;
            *open
        });
        let open = shared.open.fetch_add(1, Relaxed) + 1;
        let ConnectionBounds { all, of_a_network } = shared.most;
        let is_surplus = open > all || of_network > of_a_network;
        // If it must be closed, dropping this value takes it out of the counts.
        let connection = Connection { shared: Arc::clone(shared), network, is_surplus };
        let is_answered = open <= all.saturating_mul(2) && of_network <= of_a_network.saturating_mul(2);
        is_answered.then_some(connection)
    }
}

impl Shared {
    fn by_network(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.by_network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Whether the connection exceeds the bound, so that its requests get 503.
    pub fn is_surplus(&self) -> bool {
        self.is_surplus
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Relaxed);
        let Some(network) = self.network else { return };
        let mut by_network = self.shared.by_network();
        if let Some(open) = by_network.get_mut(&network) {
            *open -= 1;
            if *open == 0 {
                by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(all: usize, of_a_network: usize) -> Connections {
        Connections::new(ConnectionBounds { all, of_a_network }, vec!["10.0.0.0/8".parse().unwrap()])
    }

    fn enter(connections: &Connections, peer: &str) -> Option<Connection> {
        connections.enter(peer.parse().unwrap())
    }

    fn surplus(open: &[Connection]) -> Vec<bool> {
        open.iter().map(Connection::is_surplus).collect()
    }

    #[test]
    fn are_served_then_rejected_then_closed() {
        let connections = connections(2, 9);
        let mut open: Vec<Connection> = (0..4).filter_map(|_| enter(&connections, "192.0.2.1")).collect();
        assert_eq!(surplus(&open), [false, false, true, true]);
        assert!(enter(&connections, "192.0.2.1").is_none());
        open.truncate(1);
        assert!(enter(&connections, "192.0.2.1").is_some_and(|connection| !connection.is_surplus()));
    }

    #[test]
    fn no_network_can_lock_out_another() {
        let connections = connections(9, 1);
        for (first, second, other) in [
            ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"),
        ] {
            let open: Vec<Connection> =
                [first, second, first].into_iter().filter_map(|peer| enter(&connections, peer)).collect();
            assert_eq!(surplus(&open), [false, true]);
            assert!(enter(&connections, other).is_some_and(|connection| !connection.is_surplus()));
            drop(open);
            assert!(enter(&connections, first).is_some_and(|connection| !connection.is_surplus()));
        }
        assert!(connections.0.by_network().is_empty(), "networks without connections are removed");
    }

    #[test]
    fn trusted_proxies_are_exempt_from_the_network_bound() {
        let connections = connections(9, 1);
        let open: Vec<Connection> = (0..3).filter_map(|_| enter(&connections, "10.1.2.3")).collect();
        assert_eq!(surplus(&open), [false; 3]);
    }
}
