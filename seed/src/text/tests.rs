use std::collections::HashSet;

use domain::{Bio, Content, DisplayName, Username};

use super::template::next_gap;
use super::*;
use crate::chance;

#[test]
fn fills_every_gap_with_words_that_exist() {
    let templates = [&thoughts::TEMPLATES[..], &remarks::TEMPLATES, &people::TEMPLATES].concat();
    for template in templates.concat() {
        let mut rest = template;
        while let Some((_, gap, after)) = next_gap(rest) {
            assert!(words::of(gap).is_some(), "{gap} in {template:?}");
            rest = after;
        }
    }
}

#[test]
fn writes_valid_texts() {
    for number in 0..20_000 {
        let mut chance = chance::of(42, "texts", number);
        for text in [thought(&mut chance), remark(&mut chance)] {
            let content = Content::parse(&text).unwrap_or_else(|error| panic!("{text:?} {error}"));
            assert_eq!(content.as_str(), text, "is in NFC as it is");
        }
        let bio = bio(&mut chance);
        Bio::parse(&bio).unwrap_or_else(|error| panic!("{bio:?} {error}"));
    }
}

#[test]
fn writes_valid_names() {
    for number in 0..20_000 {
        let mut chance = chance::of(42, "people", number);
        let person = person(&mut chance);
        let (username, shown) = (username(&mut chance, &person), person.display_name(&mut chance));
        Username::parse(&username).unwrap_or_else(|error| panic!("{username:?} {error}"));
        DisplayName::parse(&shown).unwrap_or_else(|error| panic!("{shown:?} {error}"));
    }
}

#[test]
fn writes_texts_of_many_kinds() {
    let texts: Vec<String> = (0..5_000).map(|number| thought(&mut chance::of(42, "kinds", number))).collect();
    let share = |holds: fn(&str) -> bool| texts.iter().filter(|text| holds(text)).count();
    assert!(share(|text| text.contains('\n')) > 500, "several lines");
    assert!(share(|text| !text.is_ascii()) > 1_000, "accents and emoji");
    assert!(share(|text| text.chars().count() > 350) > 150, "long");
    assert!(share(|text| text.chars().count() < 20) > 100, "short");
    assert!(texts.iter().any(|text| text.chars().count() == 1), "the shortest");
    let different = texts.iter().collect::<HashSet<_>>().len();
    assert!(different > 4_200, "{different} of 5,000 are different");
}
