//! Runs the measured work.

use std::hint::black_box;

use anyhow::{Result, anyhow};
use domain::IdGenerator as _;
use http_kit::cursor::CursorCodec;
use system::CuidGenerator;

use crate::work::Work;
use crate::{answers, samples};

/// Runs `work` `times` times.
pub(crate) fn run(work: Work, times: u32) -> Result<()> {
    match work {
        Work::Id => {
            for _ in 0..times {
                black_box(CuidGenerator.generate());
            }
            Ok(())
        }
        Work::Cursor => cursor(times),
        Work::FeedShared | Work::FeedEncoded | Work::PostUnchanged | Work::Publish => answers::give(work, times),
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
