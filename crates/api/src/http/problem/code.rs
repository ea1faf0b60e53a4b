//! What problems are called: the one list, of which problems and the OpenAPI document are made.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $text:literal,)*) => {
        /// What happened, for programs; stable. There may be more one day.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = ProblemCode)]
        pub enum Code {
            $($(#[$meta])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As it is written in a problem.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// 400: not understood at all, or from a web page that may not call.
    BadRequest = "bad_request",
    /// 400: the cursor does not belong to this list.
    InvalidCursor = "invalid_cursor",
    /// 400: the body is not JSON.
    MalformedBody = "malformed_body",
    /// 401: the name or the password is wrong.
    InvalidCredentials = "invalid_credentials",
    /// 401: the refresh token is not good any more; only a log-in helps.
    InvalidRefreshToken = "invalid_refresh_token",
    /// 401: the token proves nobody.
    InvalidToken = "invalid_token",
    /// 401: there is no token.
    Unauthenticated = "unauthenticated",
    /// 403: only its author may.
    NotTheAuthor = "not_the_author",
    /// 403: the password in the body is not the one in force.
    WrongPassword = "wrong_password",
    /// 404.
    NotFound = "not_found",
    /// 405.
    MethodNotAllowed = "method_not_allowed",
    /// 408: the body did not come in time.
    BodyTimeout = "body_timeout",
    /// 408: the head did not come in time.
    RequestTimeout = "request_timeout",
    /// 409.
    UsernameTaken = "username_taken",
    /// 412.
    PreconditionFailed = "precondition_failed",
    /// 413.
    BodyTooLarge = "body_too_large",
    /// 414.
    UriTooLong = "uri_too_long",
    /// 415.
    UnsupportedMediaType = "unsupported_media_type",
    /// 422: one may not follow oneself.
    CannotFollowSelf = "cannot_follow_self",
    /// 422: the key belongs to another request.
    IdempotencyKeyReused = "idempotency_key_reused",
    /// 422: the comment to reply to is about another post.
    ParentOnOtherPost = "parent_on_other_post",
    /// 422: the comment to reply to is as deep as a thread goes.
    ThreadTooDeep = "thread_too_deep",
    /// 422: a field that the request does not have.
    UnknownField = "unknown_field",
    /// 422: a parameter that the call does not have.
    UnknownParameter = "unknown_parameter",
    /// 422: fields that are not valid.
    ValidationFailed = "validation_failed",
    /// 429.
    RateLimited = "rate_limited",
    /// 431.
    HeadersTooLarge = "headers_too_large",
    /// 500: a fault of the server.
    InternalError = "internal_error",
    /// 501, of a gateway.
    NotImplemented = "not_implemented",
    /// 502, of a gateway: no instance answered.
    BadGateway = "bad_gateway",
    /// 502: the instance is stopping.
    Draining = "draining",
    /// 503: the database cannot be reached.
    DatabaseUnavailable = "database_unavailable",
    /// 503: more is asked than can be answered in time.
    Overloaded = "overloaded",
    /// 503: the database has no room left.
    StorageFull = "storage_full",
    /// 503: it took too long.
    Timeout = "timeout",
    /// 503, of a gateway.
    Unavailable = "unavailable",
    /// 504, of a gateway: no instance answered in time.
    GatewayTimeout = "gateway_timeout",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository_file(path: &str) -> String {
        let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A client that knows the codes of the document understands the gateway as well.
    #[test]
    fn those_of_the_gateway_are_among_them() {
        let gateway = repository_file("nginx/snippets/problems.conf");
        let codes: Vec<_> = gateway
            .split("urn:thoughts:problem:")
            .skip(1)
            .map(|rest| rest.split(|c: char| c != '_' && !c.is_ascii_lowercase()).next().unwrap_or_default())
            .filter(|code| !code.is_empty())
            .collect();
        assert!(codes.len() >= 5, "{codes:?}");
        for code in codes {
            assert!(Code::ALL.iter().any(|known| known.as_str() == code), "{code}");
        }
    }

    #[test]
    fn each_is_written_as_it_is_called() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn each_has_a_row_in_the_guide_for_clients() {
        let guide = repository_file("docs/api.md");
        for code in Code::ALL {
            assert!(guide.contains(&format!("`{code}`")), "{code}");
        }
    }
}
