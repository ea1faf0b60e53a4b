//! The prose of Markdown.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Passage;

/// The paragraphs, list items, headings and cells of `source`, whose first line has the number `first`.
pub(super) fn passages(source: &str, first: usize) -> Vec<Passage> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut passages = Vec::new();
    let mut open = Passage { line: first, text: String::new() };
    let mut skipped = 0_u32;
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::MetadataBlock(_) | Tag::HtmlBlock | Tag::Image { .. }) => {
                skipped += 1;
            }
            Event::End(TagEnd::CodeBlock | TagEnd::MetadataBlock(_) | TagEnd::HtmlBlock | TagEnd::Image) => {
                skipped = skipped.saturating_sub(1);
            }
            _ if skipped > 0 => {}
            Event::Text(text) => add(&mut open, &text, source, first, range.start),
            // One word, however much it holds.
            Event::Code(_) => add(&mut open, "Code", source, first, range.start),
            Event::SoftBreak | Event::HardBreak => open.text.push(' '),
            Event::Start(tag) if is_block(&tag) => close(&mut open, &mut passages),
            Event::End(tag) if ends_block(tag) => close(&mut open, &mut passages),
            _ => {}
        }
    }
    close(&mut open, &mut passages);
    passages
}

fn add(open: &mut Passage, text: &str, source: &str, first: usize, start: usize) {
    if open.text.is_empty() {
        open.line = first + source[..start].matches('\n').count();
    }
    open.text.push_str(text);
}

fn close(open: &mut Passage, passages: &mut Vec<Passage>) {
    let text = std::mem::take(&mut open.text);
    if !text.trim().is_empty() {
        passages.push(Passage { line: open.line, text });
    }
}

fn is_block(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Paragraph | Tag::Heading { .. } | Tag::List(_) | Tag::Item | Tag::TableCell | Tag::BlockQuote(_))
}

fn ends_block(tag: TagEnd) -> bool {
    matches!(tag, TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(usize, String)> {
        passages(source, 1).into_iter().map(|Passage { line, text }| (line, text)).collect()
    }

    #[test]
    fn takes_paragraphs_items_headings_and_cells_apart() {
        let source = "# Head\n\nOne\ntwo.\n\n- item\n  goes on\n- next\n\n| a | b |\n|---|---|\n| c | `d` |\n";
        let expected = [
            (1, "Head"),
            (3, "One two."),
            (6, "item goes on"),
            (8, "next"),
            (10, "a"),
            (10, "b"),
            (12, "c"),
            (12, "Code"),
        ];
        assert_eq!(found(source), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn leaves_out_code_comments_pictures_and_addresses() {
        let source = "<!-- quote nobody.rs: nobody -->\n```sh\nnobody\n```\n\n![nobody](a.svg)\n\nSee [the page](https://nobody.example) and `nobody`.\n";
        assert_eq!(found(source), [(8, "See the page and Code.".to_owned())]);
    }
}
