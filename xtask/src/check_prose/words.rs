//! Expressions that a plainer one replaces.

/// An expression in lower case, and what to say for it.
const UNCLEAR: &[(&str, &str)] = &[
    ("nobody", "no client, no instance, …"),
    ("somebody", "a client, an author, …"),
    ("whoever", "the client, the caller, …"),
    ("whomever", "the client, the caller, …"),
    ("whosoever", "the client, the caller, …"),
    ("shall", "`must` or `will`"),
    ("lest", "`so that … not`"),
    ("dear", "`expensive`"),
    ("under way", "`in flight` or `running`"),
    ("given up", "`cancelled` or `rolled back`"),
    ("turned away", "`rejected` or `shed`"),
    ("made up for", "`repaired` or `compensated`"),
    ("heard of", "`received`, `replayed` or `observed`"),
    ("hears of", "`receives` or `observes`"),
    ("hear of", "`receive` or `observe`"),
    ("to be had", "`available`"),
    ("belongs into", "`belongs to`"),
    ("belong into", "`belong to`"),
    ("so many", "the number, or `a number of`"),
    ("at the letter", "`exactly`"),
    ("in its own time", "the TTL, or the time"),
];

/// The unclear expressions of a sentence, each with a plainer one.
pub(super) fn unclear(words: &[String]) -> impl Iterator<Item = (String, &'static str)> {
    UNCLEAR.iter().filter_map(move |(expression, better)| {
        let parts: Vec<_> = expression.split(' ').collect();
        words.windows(parts.len()).any(|window| window == parts).then(|| ((*expression).to_owned(), *better))
    })
}

#[cfg(test)]
mod tests {
    use super::unclear;

    fn found(sentence: &str) -> Vec<String> {
        let words: Vec<_> = sentence.split(' ').map(str::to_owned).collect();
        unclear(&words).map(|(used, _)| used).collect()
    }

    #[test]
    fn finds_words_and_phrases() {
        assert_eq!(found("whoever is turned away"), ["whoever", "turned away"]);
    }

    #[test]
    fn leaves_parts_of_them_alone() {
        assert_eq!(found("a page is turned and put away"), Vec::<String>::new());
    }
}
