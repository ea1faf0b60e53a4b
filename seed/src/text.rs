//! What people write, and what they are called. Made of templates and words; no sense, but it looks the part.

mod people;
mod remarks;
mod template;
mod thoughts;
mod words;

pub use people::{Person, bio, person, username};
pub use remarks::remark;
pub use thoughts::thought;

#[cfg(test)]
mod tests;
