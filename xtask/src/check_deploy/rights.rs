//! Checks that the compose file's services have no more rights than they need.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The service that writes the secrets of all others, as root.
const MAKER: &str = "secrets";
/// The service that unpacks plugins and writes logs to its root file system.
const WRITES: &str = "grafana";
/// Prefix of the volumes with secrets, and the volume of the service that writes them.
const SECRETS: &str = "secrets";
/// Prefix of the instances' names, and their volume of secrets. It opens only what an instance may access.
const INSTANCES: (&str, &str) = ("app", "secrets-app");

/// A line for each excess right of a service, in the compose file as Docker parses it.
pub(super) fn excesses(compose: &Value) -> Result<Vec<String>> {
    let services = compose["services"].as_object().context("there are no services")?;
    let mut found = Vec::new();
    let mut readers = BTreeMap::<&str, Vec<(&str, &Value)>>::new();
    for (name, service) in services {
        let is_maker = name == MAKER;
        let mut expect = |holds: bool, excess: &str| {
            if !holds {
                found.push(format!("{name} {excess}"));
            }
        };
        expect(is_maker || !is_root(service["user"].as_str()), "runs as root or as the image's default user");
        expect(contains(&service["cap_drop"], "ALL"), "keeps capabilities");
        expect(is_maker || service["cap_add"].is_null(), "is given capabilities");
        expect(contains(&service["security_opt"], "no-new-privileges:true"), "may gain privileges");
        expect(name == WRITES || service["read_only"] == true, "may write to its root file system");
        expect(service["privileged"] != true, "is privileged");
        let mut volumes = 0;
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let source = volume["source"].as_str().unwrap_or_default();
            expect(!source.contains("docker.sock"), "may command the engine");
            if volume["type"] != "volume" || !source.starts_with(SECRETS) || is_maker {
                continue;
            }
            volumes += 1;
            expect(source != SECRETS, "reads the secrets of all services");
            expect(!name.starts_with(INSTANCES.0) || source == INSTANCES.1, "reads secrets that are not for instances");
            expect(volume["read_only"] == true, "may write secrets");
            readers.entry(source).or_default().push((name, &service["image"]));
        }
        expect(volumes <= 1, "reads several volumes of secrets");
    }
    for (volume, readers) in readers {
        // Containers of one image count as one reader.
        if readers.iter().any(|(_, image)| Some(image) != readers.first().map(|(_, image)| image)) {
            let names: Vec<_> = readers.iter().map(|(name, _)| *name).collect();
            found.push(format!("{volume} is read by {}, which are different programs", names.join(" and ")));
        }
    }
    Ok(found)
}

fn is_root(user: Option<&str>) -> bool {
    user.is_none_or(|user| user.is_empty() || matches!(user.split(':').next(), Some("0" | "root")))
}

fn contains(list: &Value, word: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|item| item == word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(secrets: &[&str]) -> Value {
        let volumes: Vec<_> =
            secrets.iter().map(|source| json!({ "type": "volume", "source": source, "read_only": true })).collect();
        json!({
            "image": "thoughts:local", "user": "10001:10001", "cap_drop": ["ALL"], "read_only": true,
            "security_opt": ["no-new-privileges:true"], "volumes": volumes,
        })
    }

    fn found(services: &Value) -> Vec<String> {
        excesses(&json!({ "services": services })).unwrap()
    }

    #[test]
    fn a_confined_service_has_none() {
        let mut maker = service(&["secrets", "secrets-app"]);
        maker["user"] = json!("0:0");
        maker["cap_add"] = json!(["CHOWN"]);
        let app = service(&["secrets-app"]);
        assert!(found(&json!({ "secrets": maker, "app1": app, "app2": app })).is_empty());
    }

    #[test]
    fn names_each_excess_right() {
        let excess = |field: &str, value: Value| {
            let mut service = service(&[]);
            service[field] = value;
            found(&json!({ "redis": service }))
        };
        assert_eq!(excess("user", Value::Null), ["redis runs as root or as the image's default user"]);
        assert_eq!(excess("user", json!("root:redis")).len(), 1);
        assert_eq!(excess("cap_drop", json!(["CHOWN"])), ["redis keeps capabilities"]);
        assert_eq!(excess("cap_add", json!(["CHOWN"])), ["redis is given capabilities"]);
        assert_eq!(excess("security_opt", Value::Null), ["redis may gain privileges"]);
        assert_eq!(excess("read_only", Value::Null), ["redis may write to its root file system"]);
        assert_eq!(excess("privileged", json!(true)), ["redis is privileged"]);
        let engine = json!([{ "type": "bind", "source": "/var/run/docker.sock" }]);
        assert_eq!(excess("volumes", engine), ["redis may command the engine"]);
    }

    #[test]
    fn names_access_to_other_services_secrets() {
        assert_eq!(found(&json!({ "redis": service(&["secrets"]) })), ["redis reads the secrets of all services"]);
        let several = found(&json!({ "redis": service(&["secrets-a", "secrets-b"]) }));
        assert_eq!(several, ["redis reads several volumes of secrets"]);
        let owner = found(&json!({ "app1": service(&["secrets-migrate"]), "migrate": service(&["secrets-migrate"]) }));
        assert_eq!(owner, ["app1 reads secrets that are not for instances"]);
        let mut redis = service(&["secrets-app"]);
        redis["image"] = json!("redis:8");
        let shared = found(&json!({ "app1": service(&["secrets-app"]), "redis": redis }));
        assert_eq!(shared, ["secrets-app is read by app1 and redis, which are different programs"]);
        let mut writer = service(&["secrets-app"]);
        writer["volumes"][0]["read_only"] = Value::Null;
        assert_eq!(found(&json!({ "app": writer })), ["app may write secrets"]);
    }
}
