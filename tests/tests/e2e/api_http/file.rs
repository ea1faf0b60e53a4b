//! Parses `api.http`: the format of the extension REST Client, as far as the file uses it.

use std::collections::HashMap;
use std::path::Path;

use testkit::app::TestResponse;

pub(super) struct ApiFile {
    /// Variables: `@name = value`.
    variables: HashMap<String, String>,
    /// The calls in the order of the file.
    pub(super) calls: Vec<Call>,
}

/// One call, with its variables unresolved.
pub(super) struct Call {
    /// The text after `###`.
    pub(super) title: String,
    /// The name by which other calls refer to its response: `# @name`.
    name: Option<String>,
    /// The expected status: `# →`.
    pub(super) expected: u16,
    pub(super) method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// A call with resolved variables.
pub(super) struct Filled {
    /// Path and query.
    pub(super) path: String,
    /// Headers without `Content-Type`.
    pub(super) headers: Vec<(String, String)>,
    /// Content type and body.
    pub(super) body: Option<(String, String)>,
}

impl ApiFile {
    /// Reads the file of the repository.
    pub(super) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api.http");
        Self::parse(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    fn parse(text: &str) -> Self {
        let mut file = Self { variables: HashMap::new(), calls: Vec::new() };
        for block in text.split("\n###") {
            let (title, block) = block.split_once('\n').unwrap_or((block, ""));
            // The block before the first call contains variables only.
            if let Some(call) = file.parse_call(title.trim(), block) {
                file.calls.push(call);
            }
        }
        file
    }

    fn parse_call(&mut self, title: &str, block: &str) -> Option<Call> {
        let (mut name, mut expected) = (None, None);
        let mut lines = block.lines();
        let request = loop {
            let line = lines.next()?;
            if let Some(comment) = line.strip_prefix('#') {
                let comment = comment.trim();
                name = comment.strip_prefix("@name ").map(ToOwned::to_owned).or(name);
                expected = comment.strip_prefix("→ ").map(|status| status.parse().unwrap()).or(expected);
            } else if let Some(variable) = line.strip_prefix('@') {
                let (name, value) = variable.split_once(" = ").unwrap_or_else(|| panic!("cannot parse {line:?}"));
                self.variables.insert(name.to_owned(), value.to_owned());
            } else if !line.is_empty() {
                break line;
            }
        };
        let (method, target) = request.split_once(' ').unwrap_or_else(|| panic!("cannot parse {request:?}"));
        let headers = lines.by_ref().take_while(|line| !line.is_empty()).map(|line| {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{title}: cannot parse {line:?}"));
            (name.to_owned(), value.to_owned())
        });
        Some(Call {
            title: title.to_owned(),
            name,
            expected: expected.unwrap_or_else(|| panic!("{title} does not say what to expect")),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.collect(),
            body: lines.collect::<Vec<_>>().join("\n").trim().to_owned(),
        })
    }
}

impl Call {
    /// The path as written in the OpenAPI document.
    pub(super) fn pattern(&self) -> String {
        let path = self.target.strip_prefix("{{base}}").unwrap_or(&self.target);
        let path = path.split('?').next().unwrap_or_default();
        let part = |part: &str| match part {
            user if user.starts_with('@') => "{user}".to_owned(),
            id if id.starts_with("{{") => "{id}".to_owned(),
            other => other.to_owned(),
        };
        path.split('/').map(part).collect::<Vec<_>>().join("/")
    }
}

/// The responses so far, which supply values of variables.
pub(super) struct Answers<'a> {
    variables: &'a HashMap<String, String>,
    answers: HashMap<String, TestResponse>,
}

impl<'a> Answers<'a> {
    /// Starts without responses.
    pub(super) fn new(file: &'a ApiFile) -> Self {
        Self { variables: &file.variables, answers: HashMap::new() }
    }

    /// Stores the response of a named call.
    pub(super) fn keep(&mut self, call: &Call, answer: TestResponse) {
        if let Some(name) = &call.name {
            self.answers.insert(name.clone(), answer);
        }
    }

    /// Resolves the variables of a call.
    pub(super) fn fill(&self, call: &Call) -> Filled {
        let headers = call.headers.iter().map(|(name, value)| (name.clone(), self.fill_text(value)));
        let (types, headers): (Vec<_>, Vec<_>) = headers.partition(|(name, _)| name == "Content-Type");
        let content_type = types.into_iter().next().map(|(_, value)| value);
        assert_eq!(content_type.is_some(), !call.body.is_empty(), "{}: a body has a type", call.title);
        Filled {
            path: self.fill_text(&call.target),
            headers,
            body: content_type.map(|content_type| (content_type, self.fill_text(&call.body))),
        }
    }

    fn fill_text(&self, text: &str) -> String {
        let Some((before, rest)) = text.split_once("{{") else {
            return text.to_owned();
        };
        let (name, after) = rest.split_once("}}").unwrap_or_else(|| panic!("cannot parse {text:?}"));
        format!("{before}{}{}", self.value(name), self.fill_text(after))
    }

    fn value(&self, name: &str) -> String {
        match name {
            // The test's client adds the address of the server.
            "base" => String::new(),
            "$guid" => format!("{:032x}", rand::random::<u128>()),
            _ => match self.variables.get(name) {
                Some(value) => self.fill_text(value),
                None => self.of_an_answer(name).unwrap_or_else(|| panic!("unknown variable {{{{{name}}}}}")),
            },
        }
    }

    /// Resolves `NAME.response.body.$.FIELD` or `NAME.response.headers.NAME`. The field may be one of an item, as in
    /// `items[0].id`.
    fn of_an_answer(&self, path: &str) -> Option<String> {
        let (name, place) = path.split_once(".response.")?;
        let answer = self.answers.get(name)?;
        match place.split_once('.')? {
            ("headers", header) => Some(answer.header(header).to_owned()),
            ("body", field) => {
                let pointer = field.strip_prefix('$')?.replace(['.', '['], "/").replace(']', "");
                answer.json.pointer(&pointer)?.as_str().map(ToOwned::to_owned)
            }
            _ => None,
        }
    }
}
