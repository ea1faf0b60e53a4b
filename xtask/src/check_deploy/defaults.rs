//! Compares the gateway's defaults in the compose file with their documentation.

use std::collections::BTreeMap;

/// The `NGINX_…` variables of a compose file and their defaults: `${NGINX_RATE:-300r/s}`.
pub(super) fn of_the_gateway(compose: &str) -> BTreeMap<&str, &str> {
    compose.split("${NGINX_").skip(1).filter_map(|rest| rest.split_once('}')?.0.split_once(":-")).collect()
}

/// Variables for which the head of the compose file or the page states another default.
pub(super) fn told_otherwise(compose: &str, page: &str) -> Vec<String> {
    let says = |text: &str, what: &str| text.split([' ', ',', '\n', '.', ';']).any(|word| word == what);
    let mut wrong = Vec::new();
    for (name, default) in of_the_gateway(compose) {
        let head = format!("NGINX_{name}={default}");
        if !says(compose, &head) {
            wrong.push(format!("the head of docker-compose.yml does not say {head}"));
        }
        let told = format!("`NGINX_{name}` (`{default}`)");
        if !page.split_whitespace().collect::<Vec<_>>().join(" ").contains(&told) {
            wrong.push(format!("docs/operations.md does not say {told}"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPOSE: &str = "#   NGINX_RATE=300r/s, NGINX_BURST=1000  the bucket\n\
        NGINX_RATE: ${NGINX_RATE:-300r/s}\nNGINX_BURST: ${NGINX_BURST:-1000}\n";

    #[test]
    fn reads_the_defaults() {
        assert_eq!(of_the_gateway(COMPOSE), [("BURST", "1000"), ("RATE", "300r/s")].into());
    }

    #[test]
    fn names_the_document_with_another_default() {
        let page = "`NGINX_RATE` (`300r/s`) and `NGINX_BURST`\n(`1000`) are";
        assert_eq!(told_otherwise(COMPOSE, page), Vec::<String>::new());
        assert_eq!(told_otherwise(COMPOSE, &page.replace("300", "100")).len(), 1);
        assert_eq!(told_otherwise(&COMPOSE.replace("BURST=1000", "BURST=10"), page).len(), 1);
    }
}
