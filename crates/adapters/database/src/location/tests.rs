use super::*;
use ParseLocationError as E;

fn postgres(raw: &str) -> (String, Option<String>) {
    match Location::parse(raw) {
        Ok(Location::Postgres { url, schema }) => (url, schema),
        other => panic!("{raw}: {other:?}"),
    }
}

fn refused(raw: &str) -> ParseLocationError {
    Location::parse(raw).expect_err(raw)
}

mod of_postgres {
    use super::*;

    #[test]
    fn may_have_the_form_that_prisma_writes() {
        let (url, schema) = postgres("postgresql://docker:docker@localhost:5432/thoughts?schema=public");
        assert_eq!(url, "postgresql://docker:docker@localhost:5432/thoughts");
        assert_eq!(schema.as_deref(), Some("public"));
        assert_eq!(postgres("postgres://h/db?sslmode=require&connection_limit=5").0, "postgres://h/db?sslmode=require");
    }

    #[test]
    fn keeps_every_parameter_that_the_drivers_know() {
        for known in super::super::postgres::KNOWN.iter().filter(|known| **known != "schema") {
            let value = match *known {
                "sslmode" | "ssl-mode" => "prefer",
                "hostaddr" => "127.0.0.1",
                "port" | "statement-cache-capacity" => "7",
                _ => "x",
            };
            let raw = format!("postgres://h/db?{known}={value}");
            assert_eq!(postgres(&raw).0, raw);
        }
        assert_eq!(postgres("postgres://h/db?options[work_mem]=8MB").0, "postgres://h/db?options%5Bwork_mem%5D=8MB");
    }

    #[test]
    fn may_be_at_a_socket_and_have_odd_passwords() {
        for raw in [
            "postgres:///db?host=/run/postgresql",
            "postgres://me@%2Frun%2Fpostgresql/db",
            "postgres://me:p@ss@h/db",
            "postgres://me:100%@h/db",
            "postgres://me:p%2F%40%3F%23@h/db",
            "postgres://me@[::1]:5433/db",
            "POSTGRES://h/db",
            "  postgres://h/db\n",
        ] {
            assert!(matches!(Location::parse(raw), Ok(Location::Postgres { .. })), "{raw}: {:?}", refused(raw));
        }
    }

    /// Parsers read these in different ways, and would show part of the password as the host or the database.
    #[test]
    fn is_rejected_when_the_end_of_the_password_is_ambiguous() {
        for raw in [
            "postgres://app:p@SEC/RET@db/t",
            "postgres://app:12/SECRET@db/t",
            "postgres://app:12?SECRET@db/t",
            "postgres://app:12#SECRET@db/t",
            "postgres://db/t#SECRET",
            "postgres://db/t?password=p@SECRET",
        ] {
            assert_eq!(refused(raw), E::Ambiguous, "{raw}");
        }
        for raw in ["postgres:app:SECRET@db/t", "postgres:/app:SECRET@db/t", "postgres://app:SEC/RET", "postgres"] {
            assert_eq!(refused(raw), E::NotAnAddress, "{raw}");
        }
        assert_eq!(refused("postgres://app:%ff@db/t"), E::Encoding);
    }

    #[test]
    fn is_rejected_with_unknown_parameters() {
        let said = |parameters: &str| refused(&format!("postgres://app@db/t?{parameters}")).to_string();
        for (parameters, expected) in [
            ("pasword=SECRET", "has the parameter `pasword`, which is unknown; did you mean `password`?"),
            ("SSLMODE=SECRET", "has the parameter `SSLMODE`, which is unknown; did you mean `sslmode`?"),
            ("channel_binding=SECRET", "has the parameter `channel_binding`, which is not supported; leave it out"),
            (
                "port=1&SECRET=SECRET",
                "has an unknown parameter, number 2 (its name is not shown: it may be part of a password)",
            ),
        ] {
            assert_eq!(said(parameters), expected);
        }
    }

    #[test]
    fn is_rejected_with_unusable_values() {
        for (name, value) in [
            ("sslmode", "SECRET"),
            ("port", "SECRET"),
            ("port", "65536"),
            ("hostaddr", "SECRET"),
            ("statement-cache-capacity", "SECRET"),
        ] {
            let error = refused(&format!("postgres://app@db/t?{name}={value}"));
            assert!(matches!(error, E::Value { name: blamed, .. } if blamed == name), "{error:?}");
            assert!(!error.to_string().contains("SECRET"), "{error}");
        }
        assert_eq!(refused("postgres://h/db?schema=a%22b"), E::Schema);
    }
}

mod of_sqlite {
    use super::*;

    #[test]
    fn is_a_literal_path() {
        for (raw, path) in [
            ("sqlite://data/thoughts.db", "data/thoughts.db"),
            ("sqlite:data/thoughts.db", "data/thoughts.db"),
            ("sqlite://data/thoughts.db?mode=rwc", "data/thoughts.db"),
            ("sqlite:///var/t.db", "/var/t.db"),
            ("sqlite:///var/my data/t.db", "/var/my data/t.db"),
            ("sqlite:///var/100% sure/t.db", "/var/100% sure/t.db"),
            ("sqlite:///var/a%20b/t%41.db", "/var/a%20b/t%41.db"),
            ("sqlite:///var/#1/t.db", "/var/#1/t.db"),
            ("sqlite:///var/what?/t.db?mode=rwc", "/var/what?/t.db"),
            ("sqlite:///var/me:you@home/t.db", "/var/me:you@home/t.db"),
        ] {
            assert_eq!(Location::parse(raw), Ok(Location::SqliteFile(path.into())), "{raw}");
        }
        for raw in ["sqlite::memory:", "sqlite://:memory:"] {
            assert_eq!(Location::parse(raw), Ok(Location::SqliteMemory), "{raw}");
        }
    }

    #[test]
    fn names_a_file() {
        for raw in ["sqlite:", "sqlite://", "sqlite://data/", "sqlite:?mode=rwc"] {
            assert_eq!(refused(raw), E::NoFile, "{raw}");
        }
        assert_eq!(refused("sqlite:file:t.db"), E::FileUri);
        for raw in ["sqlite://data/what?.db", "sqlite://t.db?", "sqlite://t.db?mode"] {
            assert_eq!(refused(raw), E::QuestionMark, "{raw}");
        }
        for raw in ["sqlite://app:SECRET@db/t", "sqlite://app:SEC/RET@db/t", "sqlite://app:SEC?RET@db/t"] {
            assert_eq!(refused(raw), E::Credentials, "{raw}");
        }
    }

    /// SQLite clients give these modes a meaning that a server cannot honour.
    #[test]
    fn is_rejected_with_an_unsuitable_mode() {
        for (mode, advice) in [("ro", "leave `mode` out"), ("rw", "leave `mode` out"), ("memory", "sqlite::memory:")] {
            let said = refused(&format!("sqlite://t.db?mode={mode}")).to_string();
            assert!(said.starts_with(&format!("has `mode={mode}`; ")) && said.contains(advice), "{said}");
        }
        assert!(matches!(refused("sqlite://t.db?mode=SECRET"), E::Value { name: "mode", .. }));
    }

    #[test]
    fn is_rejected_with_unknown_parameters() {
        let said = |parameters: &str| refused(&format!("sqlite://t.db?{parameters}")).to_string();
        assert_eq!(said("cache=shared"), "has the parameter `cache`, which is not supported; leave it out");
        assert_eq!(said("mod=ro"), "has the parameter `mod`, which is unknown; did you mean `mode`?");
        assert!(said("mode=rwc&key=/SECRET").contains("number 2"));
    }
}

#[test]
fn rejects_text_that_is_no_address() {
    assert_eq!(refused("mysql://h/db"), E::UnknownScheme);
    for raw in ["", "thoughts.db", "data/thoughts.db", "postgres://h/a\tb"] {
        assert_eq!(refused(raw), E::NotAnAddress, "{raw}");
    }
}

#[test]
fn shows_a_server_without_user_and_password() {
    let shown = |raw: &str| Location::parse(raw).unwrap().to_string();
    assert_eq!(shown("postgresql://me:secret@db.example:5433/thoughts"), "PostgreSQL at db.example:5433/thoughts");
    assert_eq!(shown("postgresql://me:secret@x/t?host=db.example&dbname=d"), "PostgreSQL at db.example:5432/d");
    assert_eq!(shown("postgresql:///t?host=/run/pg&user=me&password=secret"), "PostgreSQL at /run/pg/t");
    assert_eq!(shown("sqlite://data/t.db"), "SQLite at data/t.db");
}

mod the_address_is_never_shown {
    use super::*;

    const MARKER: &str = "HUSH7";
    /// Well formed and malformed addresses, with and without each optional part.
    const ADDRESSES: &[&str] = &[
        "postgres://app:word@db:5432/thoughts?sslmode=require&application_name=a&options[work_mem]=8MB&schema=public",
        "postgresql://app:w@rd@db/thoughts?password=word&host=db&port=5432&user=app&dbname=t&hostaddr=127.0.0.1",
        "postgres://app:p/word@db/t",
        "postgres://app:p?word@db/t?sslmode=disable",
        "postgres://app:p#word@db/t",
        "postgres://app:12/word@db/t",
        "postgres:app:word@db/t",
        "postgres:/app:word@db/t",
        "postgres//app:word@db/t",
        "postgres://app:word@[::1]:5432/t?sslrootcert=/etc/ca.pem&sslcert=a&sslkey=b&statement-cache-capacity=5",
        "postgres://db/t?pasword=word&target_session_attrs=any&connection_limit=5",
        "mysql://app:word@db:3306/t",
        "app:word@db",
        "sqlite://app:word@db/t",
        "sqlite://app:w/rd@db/t",
        "sqlite://app:w?rd@db/t?mode=rwc",
    ];

    /// The secret at every place: instead of each character, and between any two.
    fn mutations(address: &str) -> impl Iterator<Item = String> {
        let ends = (0..=address.len()).filter(|at| address.is_char_boundary(*at));
        ends.flat_map(|at| {
            let (before, after) = address.split_at(at);
            [
                format!("{before}{MARKER}{after}"),
                format!("{before}{MARKER}{}", after.get(1..).unwrap_or_default()),
                format!("{before}{MARKER}"),
                format!("{MARKER}{after}"),
                format!("{before}={MARKER}{after}"),
                format!("{before}@{MARKER}{after}"),
                format!("{before}&{MARKER}={after}"),
                format!("{before}?{MARKER}={after}"),
                format!("{before}#{MARKER}{after}"),
            ]
        })
    }

    #[test]
    fn before_the_server_was_reached() {
        let (mut taken, mut refused) = (0, 0);
        for mutated in ADDRESSES.iter().flat_map(|address| mutations(address)) {
            let said = match Location::parse(&mutated) {
                // The path of a file is no secret.
                Ok(Location::SqliteFile(_)) => continue,
                Ok(location) => {
                    taken += 1;
                    format!("{location:?}")
                }
                Err(error) => {
                    refused += 1;
                    format!("{error} {error:?}")
                }
            };
            assert!(!said.to_uppercase().contains(MARKER), "{mutated}: {said}");
        }
        assert!(taken > 500 && refused > 5000, "{taken} taken, {refused} refused");
    }

    #[test]
    fn in_parameters_of_sqlite() {
        for parameter in ["mode=rwc", "mode=ro", "cache=shared", "key=word"] {
            for mutated in mutations(parameter) {
                if let Err(error) = Location::parse(&format!("sqlite://data/t.db?{mutated}")) {
                    assert!(!format!("{error} {error:?}").contains(MARKER), "{mutated}: {error}");
                }
            }
        }
    }
}
