//! Ports and addresses that nothing uses yet.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, Result};
use tokio::process::Command;

/// A port of this machine for each of the names.
pub(crate) fn free<const N: usize>() -> Result<[u16; N]> {
    let mut listeners = Vec::with_capacity(N);
    for _ in 0..N {
        listeners.push(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?);
    }
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// The first three numbers of a network that no other network of Docker has.
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
    }

    #[test]
    fn takes_the_first_network_that_is_free() {
        assert_eq!(choose("172.17.0.0/16 ").as_deref(), Some("10.87.64"));
        assert_eq!(choose("10.87.64.0/24 \n10.87.65.0/24").as_deref(), Some("10.87.66"));
    }
}
