//! Closes explicit directions of writing (UAX #9): embeddings, overrides and isolates.
//!
//! An open direction would reverse the text that is shown after it. A closing character too many would end the
//! isolate in which a client shows the text. [`closed`] corrects both. A paragraph ends every direction, so each is
//! closed in its own paragraph.

use std::borrow::Cow;
use std::iter;

use icu_properties::props::{BidiClass, EnumeratedProperty};

/// POP DIRECTIONAL FORMATTING closes an embedding or an override.
const PDF: char = '\u{202c}';
/// POP DIRECTIONAL ISOLATE closes an isolate.
const PDI: char = '\u{2069}';

/// The text with every direction closed in its paragraph, the innermost first, and without closing characters that
/// close nothing. The visible text does not change.
pub(super) fn closed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || text.chars().all(|c| Sign::of(c).is_none()) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len());
    // The closing characters of the open directions, the innermost last; and how many of these are isolates.
    let (mut open, mut isolates) = (Vec::new(), 0_usize);
    for c in text.chars() {
        match Sign::of(c) {
            Some(Sign::Opens(closer)) => {
                open.push(closer);
                isolates += usize::from(closer == PDI);
            }
            // The end of an isolate closes what was opened within it. An embedding cannot be closed from inside an
            // isolate.
            Some(Sign::Closes) if c == PDI && isolates > 0 => {
                written.extend(iter::from_fn(|| open.pop().filter(|closer| *closer != PDI)));
                isolates -= 1;
            }
            Some(Sign::Closes) if c == PDF && open.last() == Some(&PDF) => {
                open.pop();
            }
            Some(Sign::Closes) => continue,
            Some(Sign::EndsParagraph) => {
                written.extend(open.drain(..).rev());
                isolates = 0;
            }
            None => {}
        }
        written.push(c);
    }
    written.extend(open.drain(..).rev());
    if written == text { Cow::Borrowed(text) } else { Cow::Owned(written) }
}

/// The effect of a character on directions.
enum Sign {
    /// Opens a direction, which the given character closes.
    Opens(char),
    /// Closes a direction.
    Closes,
    /// Ends a paragraph, and with it all directions.
    EndsParagraph,
}

impl Sign {
    fn of(c: char) -> Option<Self> {
        if c.is_ascii_graphic() || c == ' ' {
            return None;
        }
        match BidiClass::for_char(c) {
            BidiClass::LeftToRightEmbedding
            | BidiClass::LeftToRightOverride
            | BidiClass::RightToLeftEmbedding
            | BidiClass::RightToLeftOverride => Some(Self::Opens(PDF)),
            BidiClass::LeftToRightIsolate | BidiClass::RightToLeftIsolate | BidiClass::FirstStrongIsolate => {
                Some(Self::Opens(PDI))
            }
            BidiClass::PopDirectionalFormat | BidiClass::PopDirectionalIsolate => Some(Self::Closes),
            BidiClass::ParagraphSeparator => Some(Self::EndsParagraph),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_directions_are_closed_in_their_paragraph_innermost_first() {
        for (text, expected) in [
            ("a\u{202e}b", "a\u{202e}b\u{202c}"),
            ("\u{2066}\u{202a}a\nb", "\u{2066}\u{202a}a\u{202c}\u{2069}\nb"),
            ("\u{2067}\u{202e}a\u{2069}b", "\u{2067}\u{202e}a\u{202c}\u{2069}b"),
            ("\u{2068}a\u{2029}b", "\u{2068}a\u{2069}\u{2029}b"),
        ] {
            assert_eq!(closed(text), expected, "{}", text.escape_unicode());
        }
    }

    #[test]
    fn unmatched_closing_characters_are_removed() {
        for (text, expected) in [
            ("a\u{2069}b\u{202c}", "ab"),
            ("\u{2066}a\u{202c}\u{2069}", "\u{2066}a\u{2069}"),
            ("\u{202a}a\u{2069}\u{202c}", "\u{202a}a\u{202c}"),
            ("\u{202a}a\n\u{202c}", "\u{202a}a\u{202c}\n"),
        ] {
            assert_eq!(closed(text), expected, "{}", text.escape_unicode());
        }
    }

    #[test]
    fn closed_directions_and_marks_stay() {
        for text in ["plain", "שלום עולם", "a\u{200e}b\u{200f}\u{61c}", "\u{2068}\u{202b}שלום\u{202c}\u{2069}!", "a\nb"]
        {
            assert!(matches!(closed(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
