//! Sessions in lists.

use domain::{Session, Timestamp};

/// A session as its user sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    pub session: Session,
    /// When it last received tokens: at its log-in or its latest refresh.
    pub last_used_at: Timestamp,
}
