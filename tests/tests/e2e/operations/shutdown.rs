//! How the server ends.

use testkit::app::TestApp;
use testkit::on_both_databases;
use tokio::net::TcpStream;

on_both_databases![finishes_what_it_began_and_takes_no_more];

async fn finishes_what_it_began_and_takes_no_more(mut app: TestApp) {
    let ada = app.sign_up("ada").await;
    let body = r#"{"content": "said in time"}"#;
    let head = format!(
        "POST /v1/posts HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\n\
         Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        ada.access_token,
        body.len()
    );
    let mut under_way = app.connect().await;
    under_way.send(head).await;
    // Now the server has begun with it.
    under_way.read_until("100 Continue\r\n\r\n").await;

    app.begin_to_stop();
    while TcpStream::connect(app.address()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    under_way.send(body).await;
    let answer = under_way.finish().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(answer.body.contains("said in time"));

    let db = app.another();
    app.stop().await;
    assert_eq!(db.get("/v1/posts").expect(200).await.each("content"), ["said in time"]);
}
