//! gzip and brotli for clients that take them. Nothing of this concerns the database.

use std::io::Read;

use testkit::Engine;
use testkit::app::{TestApp, TestResponse};

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
async fn is_what_the_client_accepts() {
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
async fn does_not_come_into_the_way_of_conditions() {
    let app = start().await;
    let answer = app.get("/v1/posts").header("accept-encoding", "gzip").expect(200).await;
    let known = app.get("/v1/posts").header("accept-encoding", "gzip").header("if-none-match", answer.header("etag"));
    known.expect(304).await;
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
