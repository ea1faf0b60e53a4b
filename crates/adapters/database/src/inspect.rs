//! Examines a server without changing it.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use sea_orm_migration::MigratorTrait;

use crate::location::Location;
use crate::not_reached::NotReached;
use crate::{ConnectError, DatabaseOptions, Role, open, pools, schema};

/// The result of an inspection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The current role of the server.
    pub role: Role,
    /// Whether every migration of this version was applied.
    pub is_migrated: bool,
    /// The first right found missing that an instance needs, such as "INSERT on posts".
    pub forbidden: Option<String>,
}

/// The first missing right on the existing tables, or on the sequences of their columns. A replica only needs `SELECT`.
/// A role without any right to read fails earlier, at the table of migrations.
const FORBIDDEN: &str = "WITH mine AS ( \
        SELECT pg_class.oid, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
        WHERE nspname = current_schema() AND relkind = 'r' AND relname = ANY ($1) \
    ) \
    SELECT missing FROM ( \
        SELECT relname, privilege, privilege || ' on ' || relname AS missing FROM mine \
        CROSS JOIN unnest(CASE WHEN pg_is_in_recovery() THEN ARRAY['SELECT'] \
                               ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] END) AS privilege \
        WHERE NOT has_table_privilege(mine.oid, privilege) \
        UNION ALL \
        SELECT mine.relname, 'USAGE', 'USAGE on ' || sequence.relname FROM mine \
        JOIN pg_depend ON refobjid = mine.oid JOIN pg_class AS sequence ON sequence.oid = objid \
        WHERE NOT pg_is_in_recovery() \
            AND CASE WHEN sequence.relkind = 'S' THEN NOT has_sequence_privilege(sequence.oid, 'USAGE') END \
    ) AS all_missing ORDER BY relname, privilege LIMIT 1";

/// Examines the server at `location`: its role, its migrations, and the rights on `tables`. Connecting may take up to
/// `limit`. `None` when a server would create the database first: a missing SQLite file, or a database in memory.
///
/// # Errors
/// [`ConnectError`] when the server is out of reach or refuses the connection.
pub async fn inspect<M: MigratorTrait>(
    location: &Location,
    tables: &[&str],
    limit: Duration,
) -> Result<Option<Inspection>, ConnectError> {
    let options =
        DatabaseOptions { max_connections: 1, acquire_timeout: limit, ..DatabaseOptions::new(location.clone()) };
    let found = match location {
        Location::SqliteMemory => return Ok(None),
        Location::SqliteFile(path) if !path.exists() => return Ok(None),
        Location::SqliteFile(path) => {
            of_file::<M>(path, tables, &options).await.map_err(|error| NotReached::file(&error))
        }
        Location::Postgres { url, schema } => of_server::<M>(url, schema.as_deref(), tables, &options).await,
    };
    found.map(Some).map_err(|source| ConnectError { location: location.clone(), source })
}

async fn of_file<M: MigratorTrait>(
    path: &Path,
    tables: &[&str],
    options: &DatabaseOptions,
) -> Result<Inspection, DbErr> {
    let connection = sea_orm::Database::connect(pools::sqlite_to_read(path.to_owned(), options)).await?;
    let found = look::<M>(&connection, tables).await?;
    // Opening the file writes nothing.
    let writable = File::options().append(true).open(path);
    Ok(Inspection { forbidden: writable.err().map(|error| format!("writing: {error}")), ..found })
}

async fn of_server<M: MigratorTrait>(
    url: &str,
    schema: Option<&str>,
    tables: &[&str],
    options: &DatabaseOptions,
) -> Result<Inspection, NotReached> {
    let address = open::parsed(url)?;
    pools::reach(&address, options.acquire_timeout).await?;
    let pool = pools::postgres(pools::with_session_settings(address, options), schema, 1, options);
    let looked = async { look::<M>(&sea_orm::Database::connect(pool).await?, tables).await };
    looked.await.map_err(|error| NotReached::from(&error))
}

async fn look<M: MigratorTrait>(connection: &DatabaseConnection, tables: &[&str]) -> Result<Inspection, DbErr> {
    let is_migrated = schema::pending::<M>(connection).await?.is_none();
    let role = if is_replica(connection).await? { Role::Replica } else { Role::Primary };
    let forbidden = forbidden(connection, tables).await?;
    connection.close_by_ref().await?;
    Ok(Inspection { role, is_migrated, forbidden })
}

async fn forbidden(connection: &DatabaseConnection, tables: &[&str]) -> Result<Option<String>, DbErr> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let tables: Vec<String> = tables.iter().map(|&table| table.to_owned()).collect();
    let question = Statement::from_sql_and_values(DbBackend::Postgres, FORBIDDEN, [tables.into()]);
    let row = connection.query_one_raw(question).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

async fn is_replica(connection: &DatabaseConnection) -> Result<bool, DbErr> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(false);
    }
    let question = Statement::from_string(DbBackend::Postgres, "SELECT pg_is_in_recovery()");
    let row = connection.query_one_raw(question).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("role".to_owned()))?.try_get_by_index(0)
}
