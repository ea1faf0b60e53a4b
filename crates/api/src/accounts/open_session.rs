//! What goes over the wire about sessions in a list.

use accounts::SessionView;
use domain::{SessionId, Timestamp, UserAgent};
use http_kit::text;
use serde::Serialize;
use utoipa::ToSchema;

/// One of one's own sessions.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenSession)]
pub(crate) struct OpenSessionBody {
    #[serde(serialize_with = "text::id")]
    #[schema(value_type = String, examples("pfh0haxfpzowht3oi213cqos"))]
    id: SessionId,
    /// When it was opened, by a log-in.
    #[serde(serialize_with = "text::time")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-22T04:16:00.123456Z"))]
    created_at: Timestamp,
    /// When it last got tokens: at the log-in, or by a refresh.
    #[serde(serialize_with = "text::time")]
    #[schema(value_type = String, format = DateTime, examples("2026-11-29T20:16:00.123456Z"))]
    last_used_at: Timestamp,
    /// What the client called itself at the log-in; null when it did not say.
    #[serde(serialize_with = "text::optional_user_agent")]
    #[schema(value_type = Option<String>, required, max_length = 200, examples("Mozilla/5.0 (X11; Linux x86_64)"))]
    user_agent: Option<UserAgent>,
    /// Whether it is the session of this request.
    current: bool,
}

impl OpenSessionBody {
    /// A session as it is seen from within `current`.
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
