//! Builds `pgbench` scripts from captured statements.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::statements::Captured;

/// A `pgbench` script and its variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The text of the file.
    pub text: String,
    /// Names and values.
    pub variables: Vec<(String, String)>,
}

/// The variable by which a client runs the set-up once; 0 at first.
const READY: &str = "ready";

impl Script {
    /// A script that runs the statements of one of `variants`, which differ in their values. Each client has its own
    /// variant.
    ///
    /// It is one script for all variants. With one each, every client would prepare and plan every variant, which a
    /// server does not do for one statement. `pgbench` variables are numeric only, so a client selects its texts by a
    /// query first. Variants with other statements than the majority are dropped.
    pub fn of(variants: Vec<Vec<Captured>>) -> Self {
        let variants = alike(variants);
        let mut script = Self { text: String::new(), variables: vec![(READY.to_owned(), "0".to_owned())] };
        let Some(first) = variants.first() else { return script };
        let mut choices = String::new();
        let mut statements = String::new();
        for (statement, captured) in first.iter().enumerate() {
            for number in 1..=captured.values.len() {
                let of = |variant: &Vec<Captured>| variant[statement].values[number - 1].clone();
                let values: Vec<String> = variants.iter().map(of).collect();
                let name = variable(statement, number);
                if values.iter().all(|value| *value == values[0]) {
                    script.variables.push((name, values[0].clone()));
                } else {
                    let names: Vec<_> = (0..values.len()).map(|variant| format!("{name}_{variant}")).collect();
                    let array: Vec<_> = names.iter().map(|name| format!(":{name}")).collect();
                    // Writing to a string cannot fail.
                    let _ = writeln!(
                        choices,
                        "SELECT (ARRAY[{}])[:client_id % {} + 1] AS {name} \\gset",
                        array.join(", "),
                        values.len()
                    );
                    script.variables.extend(names.into_iter().zip(values));
                }
            }
            let _ = writeln!(statements, "{};", with_variables(&captured.sql, |number| variable(statement, number)));
        }
        if !choices.is_empty() {
            script.text = format!("\\if :{READY}\n\\else\n{choices}\\set {READY} 1\n\\endif\n");
        }
        script.text.push_str(&statements);
        script
    }
}

/// The variable of the value `$number` of a statement.
fn variable(statement: usize, number: usize) -> String {
    format!("v{statement}_{number}")
}

/// The variants that have the most common statements.
fn alike(mut variants: Vec<Vec<Captured>>) -> Vec<Vec<Captured>> {
    let texts = |variant: &[Captured]| variant.iter().map(|captured| captured.sql.clone()).collect::<Vec<_>>();
    let mut counts: HashMap<Vec<String>, usize> = HashMap::new();
    for variant in &variants {
        *counts.entry(texts(variant)).or_default() += 1;
    }
    if let Some((most, _)) = counts.into_iter().max_by_key(|(_, count)| *count) {
        variants.retain(|variant| texts(variant) == most);
    }
    variants
}

/// `sql` with `:variable(n)` for `$n`.
fn with_variables(sql: &str, variable: impl Fn(usize) -> String) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        if let Ok(number) = part[..end].parse() {
            text.push(':');
            text.push_str(&variable(number));
            text.push_str(&part[end..]);
        } else {
            text.push('$');
            text.push_str(part);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(sql: &str, values: &[&str]) -> Captured {
        Captured { sql: sql.to_owned(), values: values.iter().map(|value| (*value).to_owned()).collect() }
    }

    fn variables(script: &Script) -> Vec<String> {
        script.variables.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn one_variant_needs_no_choice() {
        let script = Script::of(vec![vec![captured("SELECT 1 WHERE a = $1", &["x"]), captured("SELECT '$'", &[])]]);
        assert_eq!(script.text, "SELECT 1 WHERE a = :v0_1;\nSELECT '$';\n");
        assert_eq!(variables(&script), ["ready=0", "v0_1=x"]);
    }

    #[test]
    fn clients_choose_among_several() {
        let of = |who| vec![captured("SELECT $1, $2", &[who, "21"])];
        let script = Script::of(vec![of("ada"), of("bob"), vec![captured("SELECT 0", &[])]]);
        let choice = "SELECT (ARRAY[:v0_1_0, :v0_1_1])[:client_id % 2 + 1] AS v0_1 \\gset";
        let expected = format!("\\if :ready\n\\else\n{choice}\n\\set ready 1\n\\endif\nSELECT :v0_1, :v0_2;\n");
        assert_eq!(script.text, expected);
        assert_eq!(variables(&script), ["ready=0", "v0_1_0=ada", "v0_1_1=bob", "v0_2=21"]);
    }
}
