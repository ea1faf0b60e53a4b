//! How domain values are written in JSON.

use domain::{Id, Timestamp};
use serde::Serializer;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
pub(crate) fn time<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(at.to_rfc3339().as_str())
}

#[expect(clippy::ref_option, reason = "serde passes fields by reference")]
pub(crate) fn optional_time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, serializer),
        None => serializer.serialize_none(),
    }
}

pub(crate) fn id<T, S: Serializer>(id: &Id<T>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.as_str())
}

#[expect(clippy::ref_option, reason = "serde passes fields by reference")]
pub(crate) fn optional_id<T, S: Serializer>(id: &Option<Id<T>>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.serialize_str(id.as_str()),
        None => serializer.serialize_none(),
    }
}

#[expect(clippy::ref_option, reason = "serde passes fields by reference")]
pub(crate) fn optional_user_agent<S: Serializer>(
    agent: &Option<domain::UserAgent>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match agent {
        Some(agent) => serializer.serialize_str(agent.as_str()),
        None => serializer.serialize_none(),
    }
}

/// Writes a text of the domain.
macro_rules! as_str {
    ($($name:ident: $text:ty),*) => {$(
        pub(crate) fn $name<S: Serializer>(text: &$text, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(text.as_str())
        }
    )*};
}

as_str!(username: domain::Username, display_name: domain::DisplayName, bio: domain::Bio, content: domain::Content);

#[expect(clippy::ref_option, reason = "serde passes fields by reference")]
pub(crate) fn optional_content<S: Serializer>(
    text: &Option<domain::Content>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match text {
        Some(text) => serializer.serialize_str(text.as_str()),
        None => serializer.serialize_none(),
    }
}
