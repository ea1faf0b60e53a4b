//! What a client calls itself.

/// What a client calls itself: the `User-Agent` header, for its owner to tell one session from another. One line of 1 to
/// [`UserAgent::MAX_CHARS`] characters without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// Most characters that are kept.
    pub const MAX_CHARS: usize = 200;

    /// What is left of `raw` without control characters and surrounding blanks, cut to the bound; `None` for nothing.
    pub fn clean(raw: &str) -> Option<Self> {
        let visible: String = raw.chars().filter(|character| !character.is_control()).collect();
        let kept: String = visible.trim().chars().take(Self::MAX_CHARS).collect();
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// A name that was stored, and so was cleaned before.
    pub fn from_stored(stored: String) -> Self {
        Self(stored)
    }

    /// The name.
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
        fn takes_control_characters_out() {
            assert_eq!(cleaned(" A\u{7}B\tC\r\n\u{85} "), Some("ABC".to_owned()));
        }

        #[test]
        fn cuts_between_characters() {
            assert_eq!(cleaned(&"é".repeat(300)), Some("é".repeat(200)));
        }

        #[test]
        fn is_nothing_when_nothing_is_left() {
            assert_eq!((cleaned(""), cleaned(" \u{1b}\n ")), (None, None));
        }
    }
}
