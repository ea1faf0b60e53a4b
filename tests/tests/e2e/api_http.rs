//! Tests `api.http` at the root of the repository: every call of the API, to try by hand.

mod file;

use std::collections::BTreeSet;

use reqwest::Method;
use testkit::app::{TestApp, operations};
use testkit::on_both_databases;
use testkit::operations::assert_complete;

use file::{Answers, ApiFile};

on_both_databases![every_call_gets_the_stated_status];

async fn every_call_gets_the_stated_status(app: TestApp) {
    let file = ApiFile::read();
    let mut answers = Answers::new(&file);
    for call in &file.calls {
        let filled = answers.fill(call);
        let mut request = app.request(Method::from_bytes(call.method.as_bytes()).unwrap(), &filled.path);
        for (name, value) in &filled.headers {
            request = request.header(name, value);
        }
        if let Some((content_type, body)) = filled.body {
            request = request.body(&content_type, body);
        }
        let answer = request.send().await;
        assert_eq!(answer.status, call.expected, "{} answers {}", call.title, answer.text());
        answers.keep(call, answer);
    }
}

#[test]
fn no_call_is_missing() {
    let calls: BTreeSet<_> =
        ApiFile::read().calls.iter().map(|call| format!("{} {}", call.method, call.pattern())).collect();
    assert_complete(operations(), calls, "a call to `api.http`");
}
