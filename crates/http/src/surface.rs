//! Surfaces: the parts of the URL space, and how the middlewares treat each of them.
//!
//! A shell describes its part by a [`Surface`]. Middlewares consult the surface and compare no paths themselves. A
//! shell that streams omits [`Layer::Body`], [`Layer::Compression`] and [`Layer::Deadline`] from its stack.

use std::time::Duration;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::web::Data;

use crate::middleware::rate_limit::budget::Budget;
use crate::settings::HttpSettings;

/// A part of the URL space whose requests are treated alike.
#[derive(Debug)]
pub struct Surface {
    /// A prefix that ends with `/` covers all paths below it; any other covers exactly that path.
    pub prefix: &'static str,
    /// Calls that count against another budget than that of their method.
    pub budgets: &'static [(Method, &'static str, Budget)],
    /// Size and time limits of a request.
    pub limits: Limits,
    /// The layers that its requests pass through. A middleware without a [`Layer`] serves every request.
    pub stack: &'static [Layer],
    /// Calls that issue tokens. They ignore the access token of the request, so that a client with an expired one can
    /// get another.
    pub opens_session: &'static [(Method, &'static str)],
    /// Prefixes of paths whose changes concern accounts or sessions. The log lines of such changes name the client's
    /// network, and the user if signed in, for investigations after an attack. Reads are never logged with an
    /// address.
    pub audited: &'static [&'static str],
}

/// Limits of a request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Maximum bytes of a body.
    pub body: usize,
    /// Time limit of the body, and again of the response; `None` for the configured one.
    pub time: Option<Duration>,
}

/// A layer that a surface may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Requests are logged at `info`; without it at `debug`.
    Log,
    /// Responses are compressed for clients that accept it.
    Compression,
    /// The body is read before the handler runs.
    Body,
    /// Requests that exceed their time limit are ended.
    Deadline,
    /// Access tokens are read; a bad one is rejected.
    Tokens,
    /// Requests count against their client's rate limit and take part in load shedding.
    Budgets,
    /// Unknown query parameters are rejected.
    Parameters,
}

impl Surface {
    /// Unknown paths and operational endpoints: no tokens, no rate limits.
    pub const PLAIN: Self = Self {
        prefix: "/",
        budgets: &[],
        limits: Limits { body: 64 * 1024, time: None },
        stack: &[Layer::Log, Layer::Compression, Layer::Body, Layer::Deadline],
        opens_session: &[],
        audited: &[],
    };

    /// Whether its requests pass through `layer`.
    pub fn has(&self, layer: Layer) -> bool {
        self.stack.contains(&layer)
    }

    /// The budget that a call counts against.
    pub fn budget(&self, method: &Method, path: &str) -> Budget {
        match self.budgets.iter().find(|(its, at, _)| its == method && *at == path) {
            Some((_, _, budget)) => *budget,
            None if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) => Budget::READS,
            None => Budget::WRITES,
        }
    }

    /// Whether a call issues tokens.
    pub fn opens_session(&self, method: &Method, path: &str) -> bool {
        self.opens_session.iter().any(|(its, at)| its == method && *at == path)
    }

    /// Whether the log lines of a request name its client.
    pub fn is_audited(&self, method: &Method, path: &str) -> bool {
        let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        changes && self.audited.iter().any(|prefix| path.starts_with(prefix))
    }

    /// The time limit of a request.
    pub(crate) fn time(&self, request: &ServiceRequest) -> Option<Duration> {
        let configured = || request.app_data::<Data<HttpSettings>>().map(|settings| settings.request_timeout);
        self.limits.time.or_else(configured)
    }

    fn covers(&self, path: &str) -> bool {
        if self.prefix.ends_with('/') { path.starts_with(self.prefix) } else { path == self.prefix }
    }
}

/// The surfaces of a server.
#[derive(Debug)]
pub struct Surfaces(Vec<&'static Surface>);

impl Surfaces {
    /// If several surfaces cover a path, the longest prefix wins. Paths are compared with the first surfaces first:
    /// put the busiest one there.
    pub fn new(surfaces: impl IntoIterator<Item = &'static Surface>) -> Self {
        let mut ordered: Vec<&'static Surface> = Vec::new();
        for surface in surfaces {
            // Before the shorter prefixes that cover it.
            let wider = ordered.iter().position(|other| other.covers(surface.prefix));
            ordered.insert(wider.unwrap_or(ordered.len()), surface);
        }
        Self(ordered)
    }

    /// The surface that covers a path; [`Surface::PLAIN`] if none does.
    pub fn of(&self, path: &str) -> &'static Surface {
        self.0.iter().copied().find(|surface| surface.covers(path)).unwrap_or(&Surface::PLAIN)
    }

    /// The surface of a request, by the decoded path that the router matches.
    pub(crate) fn of_request(request: &ServiceRequest) -> &'static Surface {
        let surfaces = request.app_data::<Data<Self>>();
        surfaces.map_or(&Surface::PLAIN, |surfaces| surfaces.of(request.match_info().as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static API: Surface = Surface { prefix: "/v1/", ..Surface::PLAIN };
    static STREAM: Surface = Surface { prefix: "/v1/streaming", stack: &[Layer::Log], ..Surface::PLAIN };
    static OTHER: Surface = Surface {
        prefix: "/v2/",
        budgets: &[(Method::POST, "/v2/sessions", Budget::CREDENTIALS)],
        opens_session: &[(Method::POST, "/v2/sessions")],
        audited: &["/v2/sessions"],
        ..Surface::PLAIN
    };

    #[test]
    fn the_longest_prefix_wins_in_any_order() {
        static LIST: Surface = Surface { prefix: "/v1/streaming/list/", ..Surface::PLAIN };
        static BELOW: Surface = Surface { prefix: "/v1/streaming/", ..Surface::PLAIN };
        for [a, b, c] in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let all = [&API, &BELOW, &LIST];
            let surfaces = Surfaces::new([all[a], &STREAM, all[b], all[c]]);
            let of = |path| surfaces.of(path).prefix;
            assert_eq!(of("/v1/posts"), "/v1/");
            assert_eq!(of("/v1/streaming"), "/v1/streaming");
            assert_eq!(of("/v1/streaming/user"), "/v1/streaming/");
            assert_eq!(of("/v1/streaming/list/1"), "/v1/streaming/list/");
            for path in ["/v1", "/v2/posts", "*", ""] {
                assert_eq!(of(path), "/", "{path}");
            }
        }
    }

    #[test]
    fn a_prefix_without_a_slash_covers_one_path() {
        assert_eq!(Surfaces::new([&API, &STREAM]).of("/v1/streaming/").prefix, "/v1/");
    }

    #[test]
    fn calls_have_the_budget_of_their_method_or_their_own() {
        let budget = |method, path| OTHER.budget(&method, path);
        assert_eq!(budget(Method::POST, "/v2/sessions"), Budget::CREDENTIALS);
        assert_eq!(budget(Method::GET, "/v2/sessions"), Budget::READS);
        assert_eq!(budget(Method::POST, "/v2/posts"), Budget::WRITES);
        assert_eq!(budget(Method::DELETE, "/v2/sessions/current"), Budget::WRITES);
    }

    #[test]
    fn only_changes_are_audited() {
        assert!(OTHER.is_audited(&Method::DELETE, "/v2/sessions/current"));
        assert!(!OTHER.is_audited(&Method::GET, "/v2/sessions"));
        assert!(!OTHER.is_audited(&Method::POST, "/v2/posts"));
        assert!(OTHER.opens_session(&Method::POST, "/v2/sessions"));
        assert!(!OTHER.opens_session(&Method::DELETE, "/v2/sessions"));
    }
}
