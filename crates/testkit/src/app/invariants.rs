//! Checks that hold for every response.

use super::TestResponse;

/// Headers of every response.
const ALWAYS: [&str; 5] =
    ["x-request-id", "x-content-type-options", "x-frame-options", "referrer-policy", "content-security-policy"];

/// Headers that responses of a status must have.
const BY_STATUS: [(u16, &str); 5] =
    [(401, "www-authenticate"), (405, "allow"), (429, "retry-after"), (503, "retry-after"), (201, "content-type")];

/// Fails the test if one of the checks fails.
pub(super) fn check(method: &str, response: &TestResponse) {
    let TestResponse { request, status, headers, json, .. } = response;
    let shown = || format!("{request} → {status} {headers:?}\n{}", response.text());
    assert!(*status < 500 || *status == 503, "a client can send anything: {}", shown());
    for header in ALWAYS {
        assert!(headers.contains_key(header), "no {header}: {}", shown());
    }
    for (_, header) in BY_STATUS.iter().filter(|(its, _)| its == status) {
        assert!(headers.contains_key(*header), "no {header}: {}", shown());
    }
    if matches!(status, 204 | 304) || method == "HEAD" {
        assert!(response.body.is_empty(), "a body where none may be: {}", shown());
        return;
    }
    let is_health = request.starts_with("GET /health/");
    if *status >= 400 && !is_health {
        assert_eq!(response.header("content-type"), "application/problem+json", "{}", shown());
        assert_eq!(json["status"], *status, "{}", shown());
        assert_eq!(json["request_id"], response.header("x-request-id"), "{}", shown());
        for field in ["type", "title", "detail", "code"] {
            assert!(json[field].as_str().is_some_and(|text| !text.is_empty()), "no {field}: {}", shown());
        }
        assert_eq!(*status == 422, json["errors"].is_array(), "errors go with 422: {}", shown());
    }
}
