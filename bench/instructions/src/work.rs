//! The measured work.

use std::hint::black_box;

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use domain::IdGenerator as _;
use http_kit::cursor::CursorCodec;
use system::CuidGenerator;

use crate::{answers, samples};

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

    /// Runs the work `times` times.
    pub(crate) fn run(self, times: u32) -> Result<()> {
        match self {
            Self::Id => {
                for _ in 0..times {
                    black_box(CuidGenerator.generate());
                }
                Ok(())
            }
            Self::Cursor => cursor(times),
            Self::FeedShared | Self::FeedEncoded | Self::PostUnchanged | Self::Publish => answers::give(self, times),
        }
    }
}

fn cursor(times: u32) -> Result<()> {
    let codec = CursorCodec::new(&[[7; 32]]);
    let cursor = samples::cursor()?;
    for _ in 0..times {
        let text = codec.encode("/v1/posts", black_box(cursor));
        let read = codec.decode("/v1/posts", black_box(&text)).map_err(|_| anyhow!("{text} is not understood"))?;
        anyhow::ensure!(read == cursor, "{text} is read as another cursor");
    }
    Ok(())
}
