//! JSON forms of domain values, for `#[serde(serialize_with = "…")]`.

use domain::{Bio, Content, DisplayName, Id, Timestamp, UserAgent, Username};
use serde::Serializer;

/// Writes a time as RFC 3339.
pub fn time<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(at.to_rfc3339().as_str())
}

/// Writes a time as RFC 3339, or null.
pub fn optional_time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// Writes an id.
pub fn id<T, S: Serializer>(id: &Id<T>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.as_str())
}

/// Writes an id, or null.
pub fn optional_id<T, S: Serializer>(id: &Option<Id<T>>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.serialize_str(id.as_str()),
        None => serializer.serialize_none(),
    }
}

macro_rules! texts {
    ($($name:ident: $text:ty),*; $($optional:ident: $inner:ty),*) => {
        $(
            #[doc = concat!("Writes a `", stringify!($text), "`.")]
            pub fn $name<S: Serializer>(text: &$text, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(text.as_str())
            }
        )*
        $(
            #[doc = concat!("Writes a `", stringify!($inner), "`, or null.")]
            pub fn $optional<S: Serializer>(text: &Option<$inner>, serializer: S) -> Result<S::Ok, S::Error> {
                match text {
                    Some(text) => serializer.serialize_str(text.as_str()),
                    None => serializer.serialize_none(),
                }
            }
        )*
    };
}

texts!(
    username: Username, display_name: DisplayName, bio: Bio, content: Content;
    optional_content: Content, optional_user_agent: UserAgent
);
