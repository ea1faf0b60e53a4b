//! Determines the client's address, directly or through trusted proxies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Once;

use actix_web::HttpRequest;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{FORWARDED, X_FORWARDED_FOR};
use actix_web::web::Data;
use ipnet::IpNet;

use super::forwarded::hops;
use crate::settings::HttpSettings;
use crate::targets;

/// Requests whose client address a trusted proxy did not state legibly.
const UNREADABLE: &str = "http_unreadable_clients_total";

/// The client's address: the peer, or the address that trusted proxies forwarded for.
///
/// Hops are read from the right, because each proxy appends its peer. The first address that is not a trusted proxy
/// is the client. Values that the client itself sent stand further left and are never reached. If a hop cannot be
/// parsed, the proxy that wrote it counts as the client, and its clients share one budget. That is counted as a
/// metric and logged once.
pub fn client_address(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip());
    let settings = request.app_data::<Data<HttpSettings>>();
    // Without trusted proxies, the peer is the client.
    let Some(settings) = settings.filter(|settings| !settings.trusted_proxies.is_empty()) else {
        return canonical(peer);
    };
    match resolve(peer, hops(request.headers()), &settings.trusted_proxies) {
        Ok(client) => client,
        Err(proxy) => {
            static SAID: Once = Once::new();
            metrics::counter!(UNREADABLE).increment(1);
            SAID.call_once(|| {
                tracing::warn!(target: targets::CLIENTS, %proxy, "a proxy does not say in X-Forwarded-For or Forwarded whom it forwards for");
            });
            proxy
        }
    }
}

/// Whether a trusted proxy forwarded the request, so that headers it sets can be believed.
pub(crate) fn comes_by_trusted_proxy(request: &ServiceRequest) -> bool {
    let peer = request.peer_addr().map(|address| canonical(address.ip()));
    let settings = request.app_data::<Data<HttpSettings>>();
    peer.zip(settings).is_some_and(|(peer, settings)| settings.trusted_proxies.iter().any(|its| its.contains(&peer)))
}

/// Whether the request came from this machine and through no proxy.
pub fn is_local(request: &HttpRequest) -> bool {
    request.peer_addr().is_some_and(|peer| peer.ip().is_loopback())
        && !request.headers().contains_key(X_FORWARDED_FOR)
        && !request.headers().contains_key(FORWARDED)
}

/// The client, or as an error the proxy whose peer cannot be parsed.
fn resolve(peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>, trusted: &[IpNet]) -> Result<IpAddr, IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut client = canonical(peer);
    for hop in hops {
        if !is_trusted(client) {
            break;
        }
        client = canonical(hop.ok_or(client)?);
    }
    Ok(client)
}

/// Converts an IPv4-mapped IPv6 address to IPv4.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The unit that limits apply to: an IPv4 address, or the /64 network of an IPv6 address, which one client owns as a
/// whole.
pub fn client_network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(raw: &str) -> IpAddr {
        raw.parse().unwrap()
    }

    mod resolve {
        use super::*;

        #[test]
        fn believes_only_trusted_proxies() {
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            let client = |peer, hops: &[&str]| {
                let hops = hops.iter().rev().map(|hop| hop.parse().ok());
                super::super::resolve(address(peer), hops, &trusted).map_err(|proxy| proxy.to_string())
            };
            assert_eq!(client("203.0.113.9", &["1.1.1.1"]), Ok(address("203.0.113.9")));
            assert_eq!(client("10.0.0.1", &["1.1.1.1"]), Ok(address("1.1.1.1")));
            assert_eq!(client("::ffff:10.0.0.1", &["1.1.1.1"]), Ok(address("1.1.1.1")));
            assert_eq!(client("10.0.0.1", &["6.6.6.6", "1.1.1.1", "10.0.0.2"]), Ok(address("1.1.1.1")));
            assert_eq!(client("10.0.0.1", &["garbage", "1.1.1.1"]), Ok(address("1.1.1.1")));
            assert_eq!(client("10.0.0.1", &["1.1.1.1", "garbage"]), Err("10.0.0.1".to_owned()));
            assert_eq!(client("10.0.0.1", &["garbage", "10.0.0.2"]), Err("10.0.0.2".to_owned()));
            assert_eq!(client("10.0.0.1", &[]), Ok(address("10.0.0.1")));
        }
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        assert_eq!(client_network(address("2001:db8:1:2:3:4:5:6")), address("2001:db8:1:2::"));
    }
}
