//! Finds free ports and networks.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use anyhow::{Context as _, Result, bail};
use rand::RngExt as _;
use tokio::process::Command;

/// Below the range of ephemeral ports (from 32768 on Linux). Otherwise a port could be taken while its container
/// restarts.
const DOORS: Range<u16> = 20_000..32_768;

/// Number of ports to try.
const TRIES: usize = 1_000;

/// `N` different free ports of this machine.
pub(crate) fn free<const N: usize>() -> Result<[u16; N]> {
    let mut chance = rand::rng();
    let tried = (0..TRIES).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, chance.random_range(DOORS))));
    // The listeners are kept until all are found, so that the ports differ.
    let listeners: Vec<_> = tried.filter_map(Result::ok).take(N).collect();
    if listeners.len() < N {
        bail!("no {N} ports are free");
    }
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// The first three numbers of a network that no other Docker network uses.
pub(crate) async fn free_network() -> Result<String> {
    let format = "{{range .IPAM.Config}}{{.Subnet}} {{end}}";
    let script =
        format!("docker network ls --quiet | xargs --no-run-if-empty docker network inspect --format '{format}'");
    let output = Command::new("sh").arg("-c").arg(script).output().await?;
    let taken = String::from_utf8_lossy(&output.stdout);
    choose(&taken).context("no network is free")
}

fn choose(taken: &str) -> Option<String> {
    (64..=95).map(|number| format!("10.87.{number}")).find(|prefix| !taken.contains(&format!("{prefix}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ() {
        let [a, b, c] = free::<3>().unwrap();
        assert!(a != b && b != c && a != c);
        assert!([a, b, c].iter().all(|port| DOORS.contains(port)));
    }

    #[test]
    fn takes_the_first_free_network() {
        assert_eq!(choose("172.17.0.0/16 ").as_deref(), Some("10.87.64"));
        assert_eq!(choose("10.87.64.0/24 \n10.87.65.0/24").as_deref(), Some("10.87.66"));
    }
}
