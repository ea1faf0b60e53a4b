//! The parts of the URL space that this shell serves.

use http_kit::surface::{Layer, Surface, Surfaces};

use crate::accounts;

/// All surfaces. Operational paths use [`Surface::PLAIN`]. Health checks come every few seconds and are not logged.
pub(crate) static SURFACES: &[Surface] = &[
    Surface {
        prefix: "/v1/",
        budgets: accounts::BUDGETS,
        stack: &[
            Layer::Log,
            Layer::Compression,
            Layer::Body,
            Layer::Deadline,
            Layer::Tokens,
            Layer::Budgets,
            Layer::Parameters,
        ],
        opens_session: accounts::OPENS_SESSION,
        audited: accounts::AUDITED,
        ..Surface::PLAIN
    },
    documentation("/openapi.json"),
    documentation("/docs"),
    documentation("/docs/"),
    Surface { prefix: "/health/", stack: &[Layer::Compression, Layer::Body, Layer::Deadline], ..Surface::PLAIN },
];

/// Documentation counts against the rate limits as the API does, and needs no token.
const fn documentation(prefix: &'static str) -> Surface {
    let stack = &[Layer::Log, Layer::Compression, Layer::Body, Layer::Deadline, Layer::Budgets];
    Surface { prefix, stack, ..Surface::PLAIN }
}

/// The surface that covers a path.
pub(crate) fn of(path: &str) -> &'static Surface {
    Surfaces::new(SURFACES).of(path)
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::*;
    use http_kit::rate_limit::Budget;

    fn has(path: &str) -> [bool; 4] {
        [Layer::Log, Layer::Tokens, Layer::Budgets, Layer::Parameters].map(|layer| of(path).has(layer))
    }

    #[test]
    fn each_surface_has_its_layers() {
        assert_eq!(has("/v1/posts"), [true, true, true, true]);
        for path in ["/openapi.json", "/docs", "/docs/", "/docs/index.css"] {
            assert_eq!(has(path), [true, false, true, false], "{path}");
        }
        for path in ["/", "/metrics", "/v1", "/openapi.json/", "/docsx", "/nothing"] {
            assert_eq!(has(path), [true, false, false, false], "{path}");
        }
        assert_eq!(has("/health/live"), [false; 4]);
    }

    #[test]
    fn calls_that_check_a_password_use_the_credentials_budget() {
        let budget = |method, path| of(path).budget(&method, path);
        assert_eq!(budget(Method::POST, "/v1/sessions"), Budget::CREDENTIALS);
        assert_eq!(budget(Method::PATCH, "/v1/users/me"), Budget::CREDENTIALS);
        assert_eq!(budget(Method::GET, "/v1/users"), Budget::READS);
        assert_eq!(budget(Method::POST, "/v1/posts"), Budget::WRITES);
        assert_eq!(budget(Method::DELETE, "/v1/sessions/current"), Budget::WRITES);
    }
}
