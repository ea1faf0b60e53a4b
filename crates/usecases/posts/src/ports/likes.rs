//! What likes of posts and of comments have in common.

/// The outcome of a like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Like {
    /// The like is new.
    Given,
    /// The like existed; nothing changed.
    Already,
    /// The thing to like does not exist.
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}

/// The outcome of taking a like back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlike {
    /// The like was removed.
    TakenBack,
    /// There was no like; nothing changed.
    Nothing,
    /// The thing does not exist.
    NotFound,
    /// The session ended meanwhile, possibly with the account.
    SessionEnded,
}
