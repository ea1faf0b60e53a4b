//! Images for tests and benchmarks: those of the compose file, so that the deployed versions are tested.

use std::fmt;

use anyhow::{Context as _, Result};
use toolkit::root;

const FILE: &str = "docker-compose.yml";

/// An image of the compose file. Displayed as a Docker reference.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) tag: String,
}

impl Image {
    /// The image `name` of the compose file.
    pub(crate) fn of_compose(name: &str) -> Result<Self> {
        let file = std::fs::read_to_string(root().join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
        Self::find(&file, name).with_context(|| format!("{FILE} names no image {name}"))
    }

    fn find(file: &str, name: &str) -> Option<Self> {
        let images = file.lines().filter_map(|line| line.trim().strip_prefix("image: ")?.split_once(':'));
        let (name, tag) = images.into_iter().find(|(found, _)| *found == name)?;
        Some(Self { name: name.to_owned(), tag: tag.to_owned() })
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::Image;

    #[test]
    fn is_found_by_its_name() {
        let file = "services:\n  a:\n    image: postgres-exporter:1.2\n  b:\n    image: postgres:17.12\n";
        let image = Image::find(file, "postgres").unwrap();
        assert_eq!((image.to_string().as_str(), image.tag.as_str()), ("postgres:17.12", "17.12"));
        assert_eq!(Image::find(file, "redis"), None);
    }

    #[test]
    fn both_servers_have_one() {
        for name in ["postgres", "redis"] {
            Image::of_compose(name).unwrap();
        }
    }
}
