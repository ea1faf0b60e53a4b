//! Runs the README's tour with a client generated from `openapi.json`. `BASE` is the URL of the server.

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use client::Client;
use client::types::{LogIn, SignUp, Words};
use reqwest::header::{AUTHORIZATION, HeaderMap};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::var("BASE").unwrap_or_else(|_| "http://127.0.0.1:3000".to_owned());
    let username = format!("rs_{}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis());
    let password = "correct horse battery";

    let anonymous = Client::new_with_client(&base, http(HeaderMap::new())?);
    let sign_up = || anonymous.sign_up().body(SignUp::builder().username(username.as_str()).password(password));
    let user = sign_up().send().await?.into_inner();
    assert_eq!(user.username, username);

    let log_in = LogIn::builder().username(username.as_str()).password(password);
    let session = anonymous.log_in().body(log_in).send().await?.into_inner();
    let headers = [(AUTHORIZATION, format!("Bearer {}", session.access_token).parse()?)];
    let client = Client::new_with_client(&base, http(HeaderMap::from_iter(headers))?);

    let publish =
        || client.publish_post().idempotency_key(username.as_str()).body(Words::builder().content("Hello, world."));
    let post = publish().send().await?.into_inner();
    let again = publish().send().await?;
    assert_eq!(again.headers().get("idempotency-replayed").map(|value| value.as_bytes()), Some(&b"true"[..]));
    assert_eq!(again.into_inner().id, post.id, "a repeated call published another post");

    client.like_post().id(post.id.as_str()).send().await?;

    let page = client.public_feed().limit(1).send().await?.into_inner();
    let newest = page.items.first().ok_or("the public feed is empty")?;
    assert_eq!((&newest.id, newest.like_count, newest.edited_at), (&post.id, 1, None));
    assert_eq!(newest.viewer.as_ref().map(|viewer| viewer.liked), Some(true), "the reader does not see their own like");

    match sign_up().send().await {
        Err(client::Error::ErrorResponse(problem)) => assert_eq!(problem.code.to_string(), "username_taken"),
        other => return Err(format!("a name can be had twice: {other:?}").into()),
    }
    println!("Rust: {username} published {}", post.id);
    Ok(())
}

/// The HTTP client. It uses no proxy, because the server is on this machine.
fn http(headers: HeaderMap) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder().no_proxy().default_headers(headers).build()
}
