//! The measured work.

use clap::ValueEnum;

/// A piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    /// Generating an id
    Id,
    /// Encoding and decoding a cursor
    Cursor,
    /// Serving the public feed from an encoded page
    FeedShared,
    /// Serving the public feed from a page that is not encoded yet
    FeedEncoded,
    /// Serving a 304 for a post
    PostUnchanged,
    /// Publishing a post: reading and validating the body, and the response
    Publish,
}

impl Work {
    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
