//! Response bodies of session lists.

use accounts::SessionView;
use domain::{SessionId, Timestamp, UserAgent};
use http_kit::text;
use serde::Serialize;
use utoipa::ToSchema;

/// An open session of the signed-in user.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenSession)]
pub(crate) struct OpenSessionBody {
    /// Id of the session: 24 characters of `a-z` and `0-9`, the first a letter.
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("pfh0haxfpzowht3oi213cqos"))]
    id: SessionId,
    /// Time of the log-in that opened the session.
    #[serde(serialize_with = "text::time")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-22T04:16:00.123456Z"))]
    created_at: Timestamp,
    /// Time at which the session last received tokens, by a log-in or a refresh.
    #[serde(serialize_with = "text::time")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-29T20:16:00.123456Z"))]
    last_used_at: Timestamp,
    /// `User-Agent` of the log-in request, at most 200 characters. Null if the request had none.
    #[serde(serialize_with = "text::optional_user_agent")]
    #[schema(value_type = Option<String>, required, max_length = 200, examples("Mozilla/5.0 (X11; Linux x86_64)"))]
    user_agent: Option<UserAgent>,
    /// True for the session of this request's access token.
    current: bool,
}

impl OpenSessionBody {
    /// The session as seen from the session `current`.
    pub(super) fn of(view: SessionView, current: SessionId) -> Self {
        let SessionView { session, last_used_at } = view;
        Self {
            id: session.id,
            created_at: session.created_at,
            last_used_at,
            user_agent: session.user_agent,
            current: session.id == current,
        }
    }
}
