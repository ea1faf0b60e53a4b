//! `<<route>>`.

use testkit::app::TestApp;
use testkit::on_both_databases;

use crate::fixtures::UNKNOWN;

on_both_databases![can_be_repeated, of_missing_<<noun>>s_are_not_found];

async fn can_be_repeated(app: TestApp) {
    let [ada, bob] = app.sign_up_all(["ada", "bob"]).await;
    <<published>>
    let path = <<path>>;
    for _ in 0..2 {
        ada.put(&path).expect(204).await;
    }
    for _ in 0..2 {
        ada.delete(&path).expect(204).await;
    }
    for request in [app.put(&path), app.delete(&path)] {
        request.problem(401, "unauthenticated").await;
    }
}

async fn of_missing_<<noun>>s_are_not_found(app: TestApp) {
    let ada = app.sign_up("ada").await;
    let <<noun>> = UNKNOWN;
    let path = <<path>>;
    for request in [ada.put(&path), ada.delete(&path)] {
        request.problem(404, "not_found").await;
    }
}
