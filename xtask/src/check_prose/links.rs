//! Links between documents: the file exists, and so does the heading.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A link to another place in the checkout.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The line where it begins, from 1.
    pub(super) line: usize,
    /// The file, or nothing for the document itself.
    path: String,
    /// The heading, as the address names it.
    anchor: Option<String>,
}

/// The links and pictures of a document, without those to other sites.
pub(super) fn of(document: &str) -> Vec<Link> {
    let links = Parser::new_ext(document, Options::ENABLE_TABLES).into_offset_iter().filter_map(|(event, range)| {
        let (Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }), start) = (event, range.start)
        else {
            return None;
        };
        let (path, anchor) = match dest_url.split_once('#') {
            Some((path, anchor)) => (path, Some(anchor.to_owned())),
            None => (&*dest_url, None),
        };
        let is_elsewhere = path.contains(':');
        let line = 1 + document[..start].matches('\n').count();
        (!is_elsewhere).then(|| Link { line, path: path.to_owned(), anchor })
    });
    links.collect()
}

/// What is wrong with a link of the document at `from`, if anything is.
pub(super) fn fault(link: &Link, from: &Path) -> Option<String> {
    let target: PathBuf = match link.path.as_str() {
        "" => from.to_owned(),
        path => from.parent().unwrap_or(Path::new("")).join(path),
    };
    if !target.exists() {
        return Some(format!("there is no {}", link.path));
    }
    let anchor = link.anchor.as_ref()?;
    let text = std::fs::read_to_string(&target).unwrap_or_default();
    (!anchors(&text).contains(anchor)).then(|| format!("{} has no heading #{anchor}", link.path))
}

/// The anchors of a document's headings, as GitHub makes them: words in lower case, hyphens between, numbers for repetition.
pub(crate) fn anchors(document: &str) -> BTreeSet<String> {
    let mut seen = BTreeMap::<String, usize>::new();
    let mut anchors = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(document, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let anchor = slug(&heading.take().unwrap_or_default());
                let earlier = seen.entry(anchor.clone()).or_default();
                anchors.insert(if *earlier == 0 { anchor } else { format!("{anchor}-{earlier}") });
                *earlier += 1;
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    anchors
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_those_within_the_checkout() {
        let found = of("[a](b.md#c), [d](https://e.example/f)\n\n![g](h.svg) [i](#j)\n");
        let link = |line, path: &str, anchor: Option<&str>| Link {
            line,
            path: path.to_owned(),
            anchor: anchor.map(ToOwned::to_owned),
        };
        assert_eq!(found, [link(1, "b.md", Some("c")), link(3, "h.svg", None), link(3, "", Some("j"))]);
    }

    #[test]
    fn lead_to_files_and_headings_that_exist() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.md");
        std::fs::write(&page, "# One `two`: three!\n\n# Again\n\n# Again\n").unwrap();
        let fault = |link: &str| of(&format!("[x]({link})")).iter().find_map(|link| fault(link, &page));
        for link in ["page.md", "#one-two-three", "page.md#again", "#again-1"] {
            assert_eq!(fault(link), None, "{link}");
        }
        assert_eq!(fault("other.md").unwrap(), "there is no other.md");
        assert_eq!(fault("page.md#again-2").unwrap(), "page.md has no heading #again-2");
    }
}
