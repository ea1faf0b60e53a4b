//! Generates names and texts from templates and words. They have no meaning but look realistic.

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
