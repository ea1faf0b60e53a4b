//! Writes the entity-relationship diagram as a Graphviz source.

use std::fmt::Write as _;

use super::schema::{Column, ForeignKey, Table};

const HEAD: &str = r##"// The entity-relationship diagram. Generated from the migrations by `cargo xtask diagrams`: do not edit.
digraph erd {
  graph [
    bgcolor="white", pad=0.4, rankdir=RL, nodesep=0.4, ranksep=1.5,
    fontname="Verdana,DejaVu Sans,sans-serif", fontsize=11, fontcolor="#52606d", labelloc=b,
    label=<<br/>PK primary key · FK foreign key, with what becomes of the row when the row that it refers to is deleted · UQ unique · ? may be null<br/>Types as SQLite spells them; times are microseconds since the Unix epoch.>
  ]
  node [shape=plain, fontname="Verdana,DejaVu Sans,sans-serif", fontsize=12, fontcolor="#1f2933"]
  edge [dir=both, color="#627d98", penwidth=1.2, arrowsize=0.8]
"##;

/// Weight of edges between ordinary tables, which keeps them short. Edges to the hub may be long.
const SHORT: u8 = 8;

/// Draws the tables and the references between them.
pub(crate) fn draw(tables: &[Table]) -> String {
    let mut dot = HEAD.to_owned();
    for table in tables {
        node(&mut dot, table);
    }
    dot.push('\n');
    let hub = hub(tables);
    for table in tables {
        for key in &table.foreign_keys {
            edge(&mut dot, table, key, if hub == Some(&key.table) { 1 } else { SHORT });
        }
    }
    dot.push_str("}\n");
    dot
}

/// The table with the most references to it.
fn hub(tables: &[Table]) -> Option<&String> {
    let targets: Vec<_> = tables.iter().flat_map(|table| &table.foreign_keys).map(|key| &key.table).collect();
    targets.iter().copied().max_by_key(|name| (targets.iter().filter(|target| *target == name).count(), *name))
}

fn node(dot: &mut String, table: &Table) {
    line(dot, &format!("\n  {} [label=<", table.name));
    line(
        dot,
        r##"    <table border="1" color="#9aa5b1" cellborder="0" cellspacing="0" cellpadding="5" bgcolor="white">"##,
    );
    let title = format!(r#"<b><font color="white">{}</font></b>"#, escaped(&table.name));
    line(dot, &format!(r##"      <tr><td colspan="3" bgcolor="#334e68">{title}</td></tr>"##));
    for column in &table.columns {
        row(dot, table, column);
    }
    for columns in table.unique.iter().filter(|columns| columns.len() > 1) {
        let text = format!("unique ({})", escaped(&columns.join(", ")));
        line(dot, &format!(r#"      <tr><td colspan="3" align="left"><i>{text}</i></td></tr>"#));
    }
    line(dot, "    </table>>]");
}

fn row(dot: &mut String, table: &Table, column: &Column) {
    let name = escaped(&column.name);
    let shown = if column.primary_key { format!("<b>{name}</b>") } else { name.clone() };
    let kind = format!("{}{}", escaped(&column.kind.to_lowercase()), if column.nullable { "?" } else { "" });
    // Graphviz rejects an empty <font>.
    let marks = match marks(table, column).join(" ") {
        none if none.is_empty() => " ".to_owned(),
        marks => marks,
    };
    let cell = if column.primary_key { r##"<td align="left" bgcolor="#f0f4f8""## } else { r#"<td align="left""# };
    line(dot, &format!(r#"      <tr>{cell} port="{name}_left">{shown}</td>"#));
    line(dot, &format!(r##"        {cell}><font color="#627d98">{kind}</font></td>"##));
    let marks = format!(r##"<font color="#b44d12" point-size="10">{marks}</font>"##);
    line(dot, &format!(r#"        {cell} port="{name}_right">{marks}</td></tr>"#));
}

/// Keys and constraints of a column.
fn marks(table: &Table, column: &Column) -> Vec<String> {
    let mut marks = Vec::new();
    if column.primary_key {
        marks.push("PK".to_owned());
    }
    for key in table.foreign_keys.iter().filter(|key| key.columns.contains(&column.name)) {
        marks.push(format!("FK {}", on_delete(key)));
    }
    if table.unique.iter().any(|unique| *unique == [column.name.as_str()]) {
        marks.push("UQ".to_owned());
    }
    marks
}

/// What a deletion of the referenced row does to the row.
fn on_delete(key: &ForeignKey) -> String {
    match key.on_delete.as_str() {
        "NO ACTION" | "RESTRICT" => "refuses".to_owned(),
        action => action.to_lowercase(),
    }
}

fn edge(dot: &mut String, table: &Table, key: &ForeignKey, weight: u8) {
    let (Some(from), Some(to)) = (key.columns.first(), key.referenced.first()) else { return };
    // Crow's feet: how many rows refer to one, and whether a row must refer to one.
    let tail = if is_unique(table, &key.columns) { "teeodot" } else { "crowodot" };
    let optional = table.columns.iter().any(|column| column.nullable && key.columns.contains(&column.name));
    let head = if optional { "teeodot" } else { "teetee" };
    // Ranks run from right to left: edges leave at the left and arrive at the right. A reference to the same table
    // stays at the right, and an empty label reserves room for its loop.
    let (out, room) = if table.name == key.table { ("right:e", ", label=\" \"") } else { ("left:w", "") };
    line(
        dot,
        &format!(
            "  {}:{from}_{out} -> {}:{to}_right:e [arrowtail={tail}, arrowhead={head}, weight={weight}{room}]",
            table.name, key.table
        ),
    );
}

/// Whether the values of these columns are unique.
fn is_unique(table: &Table, columns: &[String]) -> bool {
    let primary: Vec<_> = table.columns.iter().filter(|column| column.primary_key).map(|column| &column.name).collect();
    primary.iter().copied().eq(columns) || table.unique.iter().any(|unique| unique == columns)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn line(dot: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(dot, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, nullable: bool, primary_key: bool) -> Column {
        Column { name: name.to_owned(), kind: "TEXT".to_owned(), nullable, primary_key }
    }

    fn reference(column: &str, table: &str, on_delete: &str) -> ForeignKey {
        ForeignKey {
            columns: vec![column.to_owned()],
            table: table.to_owned(),
            referenced: vec!["id".to_owned()],
            on_delete: on_delete.to_owned(),
        }
    }

    /// A table with an `id` and one reference.
    fn referring(key: ForeignKey, nullable: bool, unique: bool) -> Table {
        let from = key.columns[0].clone();
        Table {
            name: "notes".to_owned(),
            columns: vec![column("id", false, true), column(&from, nullable, false)],
            unique: if unique { vec![vec![from]] } else { Vec::new() },
            foreign_keys: vec![key],
        }
    }

    #[test]
    fn draws_how_many_rows_refer_to_one() {
        let drawn = |nullable, unique| draw(&[referring(reference("user_id", "users", "CASCADE"), nullable, unique)]);
        assert!(
            drawn(false, false)
                .contains("notes:user_id_left:w -> users:id_right:e [arrowtail=crowodot, arrowhead=teetee")
        );
        assert!(drawn(true, false).contains("arrowtail=crowodot, arrowhead=teeodot"));
        assert!(drawn(false, true).contains("arrowtail=teeodot, arrowhead=teetee"));
    }

    #[test]
    fn draws_a_reference_to_the_same_table_as_a_loop() {
        let drawn = draw(&[referring(reference("parent_id", "notes", "CASCADE"), true, false)]);
        assert!(drawn.contains("notes:parent_id_right:e -> notes:id_right:e"), "{drawn}");
    }

    #[test]
    fn marks_keys_and_delete_actions() {
        let table = referring(reference("user_id", "users", "NO ACTION"), true, true);
        assert_eq!(marks(&table, &table.columns[0]), ["PK"]);
        assert_eq!(marks(&table, &table.columns[1]), ["FK refuses", "UQ"]);
    }
}
