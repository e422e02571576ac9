//! Opening the file: is it ours, is it whole, is it of a version that we know.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, config::DbConfig};

use super::schema::{APPLICATION_ID, MIGRATIONS, TEMPORARY};
use crate::{Durability, OpenError};

/// Opens the database at `path`, or creates it, and brings its schema to the newest version.
///
/// Nothing is written before the file is known to be ours, whole and not newer.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    let fail = |source| failure(path, source);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    let version = inspect(&connection, path)?;
    tune(&connection).map_err(fail)?;
    migrate(&mut connection, version).map_err(fail)?;
    connection.execute_batch(TEMPORARY).map_err(fail)?;
    Ok(connection)
}

/// The schema version of the file, 0 for a new one.
fn inspect(connection: &Connection, path: &Path) -> Result<usize, OpenError> {
    let fail = |source| failure(path, source);
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let tables = number("SELECT count(*) FROM sqlite_schema").map_err(fail)?;
    let application = number("PRAGMA application_id").map_err(fail)?;
    let found = number("PRAGMA user_version").map_err(fail)?;
    if tables == 0 && application == 0 && found == 0 {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.into() });
    }
    let known = MIGRATIONS.len();
    let version = usize::try_from(found).ok().filter(|version| *version <= known);
    let newer = || OpenError::Newer { path: path.into(), found, known: known as i64 };
    let version = version.ok_or_else(newer)?;
    let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(fail)?;
    if check != "ok" {
        return Err(OpenError::Damaged { path: path.into(), what: check });
    }
    Ok(version)
}

/// Says whether the commits that follow wait for the disk. With WAL and FULL an acknowledged one survives a power cut; with NORMAL the
/// file stays whole, and the next synced commit takes those before it along.
pub(super) fn sync_for(connection: &Connection, durability: Durability) -> rusqlite::Result<()> {
    connection.execute_batch(match durability {
        Durability::Machine => "PRAGMA synchronous = FULL",
        Durability::Process => "PRAGMA synchronous = NORMAL",
    })
}

/// WAL, every commit synced; the rest keeps memory and files small.
fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    sync_for(connection, Durability::Machine)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -1024)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "journal_size_limit", 1 << 20)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(64);
    // What is bound to a statement changes nothing of how it is best done, but otherwise has most of them compiled anew each time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn migrate(connection: &mut Connection, version: usize) -> rusqlite::Result<()> {
    let Some(steps) = MIGRATIONS.get(version..).filter(|steps| !steps.is_empty()) else { return Ok(()) };
    // One transaction, so that a kill leaves either no table or all of them.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.commit()
}

fn failure(path: &Path, source: rusqlite::Error) -> OpenError {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenError::Damaged { path: path.into(), what: source.to_string() }
        }
        _ => OpenError::Sql { path: path.into(), source },
    }
}
