//! gzip and brotli for clients that accept them. Independent of the database.

use std::io::Read;

use testkit::Engine;
use testkit::app::{TestApp, TestResponse, operations};
use testkit::operations::Operation;

use crate::fixtures::{Scene, read};

async fn start() -> TestApp {
    let app = TestApp::on(Engine::Sqlite).await;
    let ada = app.sign_up("ada").await;
    for number in 0..20 {
        ada.publish(&format!("post {number}")).await;
    }
    app
}

fn varies_by_encoding(answer: &TestResponse) -> bool {
    answer.joined_header("vary").to_lowercase().split(',').any(|name| name.trim() == "accept-encoding")
}

#[tokio::test]
async fn uses_a_coding_that_the_client_accepts() {
    let app = start().await;
    for path in ["/v1/posts", "/openapi.json"] {
        let plain = app.get(path).expect(200).await;
        assert_eq!(plain.header("content-encoding"), "");
        assert!(varies_by_encoding(&plain), "{path}: {:?}", plain.headers);
        let cases = [("gzip", "gzip"), ("br", "br"), ("gzip;q=0.5, br", "br"), ("identity", ""), ("snappy", "")];
        for (accepted, used) in cases {
            let answer = app.get(path).header("accept-encoding", accepted).expect(200).await;
            assert_eq!(answer.header("content-encoding"), used, "{path} {accepted}");
            assert!(varies_by_encoding(&answer), "{path} {accepted}: {:?}", answer.headers);
            assert_eq!(decoded(used, &answer.body), plain.body, "{path} {accepted}");
            assert!(used.is_empty() || answer.body.len() < plain.body.len());
        }
    }
}

#[tokio::test]
async fn does_not_interfere_with_conditional_requests() {
    let app = start().await;
    let answer = app.get("/v1/posts").header("accept-encoding", "gzip").expect(200).await;
    let known = app.get("/v1/posts").header("accept-encoding", "gzip").header("if-none-match", answer.header("etag"));
    known.expect(304).await;
}

/// Each coding has its own strong tag, and all tags name the same state of the post.
#[tokio::test]
async fn gives_one_resource_a_tag_for_each_coding() {
    let app = start().await;
    let bob = app.sign_up("bob").await;
    let path = format!("/v1/posts/{}", bob.publish(&"much to say ".repeat(20)).await);
    let plain = app.get(&path).expect(200).await;
    let mut tags = vec![plain.header("etag").to_owned()];
    for coding in ["br", "gzip"] {
        let packed = app.get(&path).header("accept-encoding", coding).expect(200).await;
        assert_eq!((packed.header("content-encoding"), decoded(coding, &packed.body)), (coding, plain.body.clone()));
        let tag = packed.header("etag").to_owned();
        assert_eq!(tag, format!("{}-{coding}\"", tags[0].trim_end_matches('"')));
        for known in [&tag, &tags[0]] {
            app.get(&path).header("accept-encoding", coding).header("if-none-match", known).expect(304).await;
        }
        let head = app.head(&path).header("accept-encoding", coding).expect(200).await;
        let length = packed.body.len().to_string();
        assert_eq!((head.header("etag"), head.header("content-length")), (tag.as_str(), length.as_str()));
        tags.push(tag);
    }
    let edit = |words: &str| bob.patch(&path).json(serde_json::json!({ "content": words }));
    edit("less to say").header("if-match", &tags[1]).expect(200).await;
    edit("nothing to say").header("if-match", &tags[2]).problem(412, "precondition_failed").await;
}

/// A cache puts the tag of a 304 on the body that it stored (RFC 9111, 4.3.4).
#[tokio::test]
async fn a_304_has_the_tag_of_its_coding() {
    let app = start().await;
    let scene = Scene::new(&app).await;
    scene.fill_lists().await;
    let long = serde_json::json!({ "content": "much to say ".repeat(20) });
    scene.author.patch(&format!("/v1/posts/{}", scene.resources.post)).json(long).expect(200).await;
    let operations: Vec<_> = operations().into_iter().filter(Operation::is_tagged).collect();
    let mut reads: Vec<_> =
        operations.iter().map(|operation| (scene.path(operation), scene.readers(operation))).collect();
    reads.push(("/docs/favicon-32x32.png".to_owned(), vec![None, Some(&scene.author)]));
    for (path, readers) in reads {
        for coding in ["br", "gzip", "deflate", "identity", "snappy", "gzip, identity;q=0", "*;q=0"] {
            for reader in &readers {
                let ask = || read(&app, &path, *reader).header("accept-encoding", coding);
                let answer = ask().expect(200).await;
                let known = ask().header("if-none-match", answer.header("etag")).expect(304).await;
                assert_eq!(known.header("etag"), answer.header("etag"), "{path} {coding} {}", reader.is_some());
            }
        }
    }
}

fn decoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match encoding {
        "gzip" => flate2::read::GzDecoder::new(body).read_to_end(&mut plain),
        "br" => brotli::Decompressor::new(body, 4096).read_to_end(&mut plain),
        _ => return body.to_vec(),
    }
    .unwrap();
    plain
}
