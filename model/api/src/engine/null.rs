//! `null` where Go means "nothing given".

use serde::{Deserialize, Deserializer};

/// Reads a value, or the default for `null`.
pub(super) fn as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A struct whose fields are spelled in `PascalCase` and may all be absent or `null`.
///
/// A part after `..` is flattened: its fields are read from and written to the same object, in that place.
macro_rules! wire {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)*
        }
        $(.. {
            $(#[$part_meta:meta])* pub $part:ident: $part_type:ty,
            $($(#[$more_meta:meta])* pub $more:ident: $more_type:ty,)*
        })?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(deserialize_with = "super::null::as_default")]
                pub $field: $type,
            )*
            $(
                $(#[$part_meta])*
                #[serde(flatten)]
                pub $part: $part_type,
                $(
                    $(#[$more_meta])*
                    #[serde(deserialize_with = "super::null::as_default")]
                    pub $more: $more_type,
                )*
            )?
        }
    };
}
pub(super) use wire;
