//! Rust values in SQLite columns: digests and names as text, sizes and times as 64-bit integers.

use std::{
    error::Error,
    str::FromStr,
    time::{Duration, SystemTime},
};

use rusqlite::{Row, types::Type};

/// Column `index` as a value that is stored as its text.
pub(super) fn parsed<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<T>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    let wrong = |error: T::Err| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error));
    row.get_ref(index)?.as_str()?.parse().map_err(wrong)
}

/// Column `index` as a value that is stored as its text, or NULL.
pub(super) fn parsed_or_null<T>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    match row.get_ref(index)?.as_str_or_null()? {
        Some(_) => parsed(row, index).map(Some),
        None => Ok(None),
    }
}

/// Column `index` as a size or count; the tables refuse negative ones.
pub(super) fn unsigned(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(index)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(index, number))
}

/// A size or count for a column; SQLite's integers end at 2^63 - 1, which no disk holds.
pub(super) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Now, in nanoseconds since 1970.
pub(super) fn now() -> i64 {
    nanoseconds(SystemTime::now())
}

/// A time in nanoseconds since 1970.
pub(super) fn nanoseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// A time from nanoseconds since 1970.
pub(super) fn time(nanoseconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0))
}
