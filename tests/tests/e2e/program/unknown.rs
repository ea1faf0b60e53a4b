//! Variables that the server does not know.

use super::process::run_in;

/// The output of the server when it runs with this `.env`.
async fn said(dot_env: &str, variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), dot_env).unwrap();
    let output = run_in(&folder, "thoughts", &["migrate"], variables).await;
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

const IN_MEMORY: (&str, &str) = ("DATABASE_URL", "sqlite::memory:");

#[tokio::test]
async fn are_named_with_a_suggestion() {
    let said = said("# mine\nSIGNING_KYE=hush\nHTTP_PORT=8080\n", &[IN_MEMORY, ("DATABASE_MIGRATION", "x")]).await;
    assert!(said.contains(".env line 2 sets SIGNING_KYE, which is not known; did you mean SIGNING_KEY?"), "{said}");
    assert!(!said.contains("HTTP_PORT") && !said.contains("hush"), "{said}");
    assert_eq!(said.matches("not known").count(), 1, "{said}");
}

#[tokio::test]
async fn are_named_even_if_the_configuration_is_invalid() {
    let said = said("LOG_FROMAT=json\n", &[("DATABASE_URL", "nonsense"), ("DATABASE_REPLICA_URL", "hush")]).await;
    assert!(said.contains("DATABASE_URL has a value"), "{said}");
    assert!(said.contains("did you mean LOG_FORMAT?"), "{said}");
    assert!(said.contains("DATABASE_REPLICA_URL is not known; did you mean DATABASE_REPLICA_URLS?"), "{said}");
    assert!(!said.contains("hush"), "{said}");
}
