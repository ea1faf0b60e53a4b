//! The names of a new use case, and the text that replaces each placeholder of the templates.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// What a use case is about.
struct Noun {
    name: &'static str,
    /// Its type in `domain`, as an argument and without a reference.
    argument: &'static str,
    id: &'static str,
    /// Values of that type in tests: of a use case, of a repository, and of a missing one there.
    example: &'static str,
    stored: &'static str,
    missing: &'static str,
    /// Statements of an end-to-end test that create one, by `bob`.
    published: &'static str,
    /// The extractor of the kit, its pattern, and how it is documented.
    extractor: &'static str,
    extract: &'static str,
    parameter: &'static str,
    /// The path of one, as a route.
    route: &'static str,
}

const NOUNS: [Noun; 3] = [
    Noun {
        name: "post",
        argument: "PostId",
        id: "PostId",
        example: "id(1)",
        stored: "s.post(\"post\", ada).await",
        missing: "id(\"nothing\")",
        published: "let post = bob.publish(\"hello\").await;",
        extractor: "IdPath",
        extract: "IdPath(post): IdPath<domain::Post>",
        parameter: "IdParameter",
        route: "/v1/posts/{id}",
    },
    Noun {
        name: "comment",
        argument: "CommentId",
        id: "CommentId",
        example: "id(1)",
        stored: "s.comment(\"comment\", s.post(\"post\", ada).await, ada).await",
        missing: "id(\"nothing\")",
        published: "let post = bob.publish(\"hello\").await;\nlet comment = bob.comment(&post, \"hello\").await;",
        extractor: "IdPath",
        extract: "IdPath(comment): IdPath<domain::Comment>",
        parameter: "IdParameter",
        route: "/v1/comments/{id}",
    },
    Noun {
        name: "user",
        argument: "&UserRef",
        id: "UserRef",
        example: "UserRef::Id(id(1))",
        stored: "domain::UserRef::Id(s.user(\"bob\").await)",
        missing: "domain::UserRef::Id(id(\"nothing\"))",
        published: "let user = &bob.id;",
        extractor: "UserPath",
        extract: "UserPath(user): UserPath",
        parameter: "UserParameter",
        route: "/v1/users/{user}",
    },
];

/// Keywords, which cannot name a module or a field:
/// [the Rust Reference](https://doc.rust-lang.org/reference/keywords.html).
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The names that a use case goes by.
pub(super) struct Names {
    /// Its crate in `crates/usecases`.
    pub(super) context: String,
    /// In snake case, `pin` of `pin_post`.
    pub(super) verb: String,
    /// The tag of the context's operations in the OpenAPI document.
    tag: String,
    noun: &'static Noun,
}

impl Names {
    /// Names of the use case `name`, such as `pin_post`, in a context of the checkout at `root`.
    ///
    /// # Errors
    /// If there is no such context, or if the name is not a verb and one of the nouns.
    pub(super) fn parse(context: &str, name: &str, root: &Path) -> Result<Self> {
        let is_word = |text: &str| {
            text.split('_').all(|word| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase()))
        };
        if !is_word(context) || !root.join("crates/usecases").join(context).is_dir() {
            bail!("no context `{context}` in crates/usecases, such as posts");
        }
        let parts = name.rsplit_once('_').and_then(|(verb, noun)| {
            Some((verb, NOUNS.iter().find(|known| known.name == noun).filter(|_| is_word(verb))?))
        });
        let (verb, noun) = parts.with_context(|| {
            format!("`{name}` is not a verb and one of `post`, `comment`, `user` in snake case, such as `pin_post`")
        })?;
        if KEYWORDS.contains(&verb) {
            bail!("`{verb}` is a keyword of Rust: choose another verb");
        }
        Ok(Self { context: context.to_owned(), verb: verb.to_owned(), tag: tag_of(context, noun.name, root)?, noun })
    }

    /// `pin_post`.
    pub(super) fn use_case(&self) -> String {
        format!("{}_{}", self.verb, self.noun.name)
    }

    /// The verb with an s: the third person and, as a noun, the plural.
    pub(super) fn verbs(&self) -> String {
        let ends_in = |ends: &[&str]| ends.iter().any(|end| self.verb.ends_with(end));
        match self.verb.strip_suffix('y') {
            Some(stem) if !ends_in(&["ay", "ey", "oy", "uy"]) => format!("{stem}ies"),
            _ if ends_in(&["s", "x", "z", "ch", "sh"]) => format!("{}es", self.verb),
            _ => format!("{}s", self.verb),
        }
    }

    /// `template` with these names in the place of its `<<placeholders>>`.
    pub(super) fn fill(&self, template: &str) -> String {
        let noun = self.noun;
        let (words, route) = (self.verb.replace('_', " "), format!("{}/{}", noun.route, self.verb.replace('_', "-")));
        let operation = pascal(&self.use_case());
        let path = format!("format!(\"{}\")", route.replace("{id}", &format!("{{{}}}", noun.name)));
        let values = [
            ("UseCase", pascal(&self.use_case())),
            ("operation", format!("{}{}", operation[..1].to_lowercase(), &operation[1..])),
            ("Verbs", capital(&self.verbs().replace('_', " "))),
            ("verbs", self.verbs()),
            ("Verb", pascal(&self.verb)),
            ("verb", self.verb.clone()),
            ("Words", capital(&words)),
            ("words", words),
            ("noun", noun.name.to_owned()),
            ("context", self.context.clone()),
            ("Context", pascal(&self.context)),
            ("tag", self.tag.clone()),
            ("Argument", noun.argument.to_owned()),
            ("borrow", if noun.argument.starts_with('&') { "&".to_owned() } else { String::new() }),
            ("Type", noun.id.to_owned()),
            ("example", noun.example.to_owned()),
            ("stored", noun.stored.to_owned()),
            ("missing", noun.missing.to_owned()),
            ("published", noun.published.to_owned()),
            ("Extractor", noun.extractor.to_owned()),
            ("extract", noun.extract.to_owned()),
            ("Parameter", noun.parameter.to_owned()),
            ("route", route),
            ("path", path),
        ];
        values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("<<{name}>>"), value))
    }
}

/// The tag of the operations on a noun in a context, such as `comments` in posts. Without one of their own, it is the
/// first tag of the context.
fn tag_of(context: &str, noun: &str, root: &Path) -> Result<String> {
    let folder = root.join("crates/api/src").join(context);
    let files = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut tags = BTreeSet::new();
    for file in files {
        let path = file?.path();
        if path.is_file() {
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            tags.extend(text.split("tag = \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
    let of_noun = tags.take(&format!("{noun}s"));
    of_noun.or(tags.pop_first()).with_context(|| format!("no operation in {} has a tag", folder.display()))
}

fn pascal(snake: &str) -> String {
    snake.split('_').map(capital).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use toolkit::root;

    use super::*;

    fn refusal(context: &str, name: &str) -> String {
        Names::parse(context, name, &root()).err().unwrap().to_string()
    }

    #[test]
    fn are_forms_of_a_verb_and_a_noun() {
        let names = Names::parse("social", "super_watch_user", &root()).unwrap();
        let template = "<<UseCase>> <<operation>> <<Verbs>> <<verbs>> <<Verb>> <<verb>> <<Words>> <<noun>> <<Context>> \
                        <<tag>> <<Argument>> <<route>> <<path>>";
        assert_eq!(
            names.fill(template),
            "SuperWatchUser superWatchUser Super watches super_watches SuperWatch super_watch Super watch user Social \
             feeds &UserRef /v1/users/{user}/super-watch format!(\"/v1/users/{user}/super-watch\")"
        );
    }

    #[test]
    fn have_a_plural_and_a_tag() {
        let of = |context, name| {
            let names = Names::parse(context, name, &root()).unwrap();
            (names.verbs(), names.fill("<<tag>>"))
        };
        let pair = |verbs: &str, tag: &str| (verbs.to_owned(), tag.to_owned());
        assert_eq!(of("posts", "copy_post"), pair("copies", "posts"));
        assert_eq!(of("posts", "watch_comment"), pair("watches", "comments"));
        assert_eq!(of("accounts", "survey_user"), pair("surveys", "accounts"));
        assert_eq!(of("social", "fix_user"), pair("fixes", "feeds"));
    }

    #[test]
    fn are_refused_if_the_forms_do_not_fit() {
        assert!(refusal("nothing", "pin_post").contains("no context `nothing`"));
        assert!(refusal("../adapters", "pin_post").contains("no context"));
        for name in
            ["pin", "post", "_post", "pin_thing", "Pin_post", "pin__post", "pin_post_", "pin-post", "pin_1_post"]
        {
            assert!(refusal("posts", name).contains("such as `pin_post`"), "{name}");
        }
        for keyword in ["move", "await", "type"] {
            assert!(refusal("posts", &format!("{keyword}_post")).contains("another verb"), "{keyword}");
        }
    }
}
