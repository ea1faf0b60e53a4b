//! The `User-Agent` of a client.

/// The `User-Agent` of a client, by which a user recognises a session. One line of 1 to [`UserAgent::MAX_CHARS`]
/// characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// The most characters that are kept.
    pub const MAX_CHARS: usize = 200;

    /// `raw` without control characters and surrounding white space, cut to the maximum; `None` if nothing is left.
    pub fn clean(raw: &str) -> Option<Self> {
        let visible: String = raw.chars().filter(|character| !character.is_control()).collect();
        let kept: String = visible.trim().chars().take(Self::MAX_CHARS).collect();
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// A name that was cleaned before it was stored.
    pub fn from_stored(stored: String) -> Self {
        Self(stored)
    }

    /// The text of the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    mod clean {
        use super::*;

        fn cleaned(raw: &str) -> Option<String> {
            UserAgent::clean(raw).map(|agent| agent.as_str().to_owned())
        }

        #[test]
        fn removes_control_characters() {
            assert_eq!(cleaned(" A\u{7}B\tC\r\n\u{85} "), Some("ABC".to_owned()));
        }

        #[test]
        fn cuts_between_characters() {
            assert_eq!(cleaned(&"é".repeat(300)), Some("é".repeat(200)));
        }

        #[test]
        fn is_none_when_nothing_is_left() {
            assert_eq!((cleaned(""), cleaned(" \u{1b}\n ")), (None, None));
        }
    }
}
