//! Signals by name and number.

use crate::Error;

const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// SIGKILL.
pub(crate) const KILL: i32 = 9;
/// SIGTERM.
pub(crate) const TERM: i32 = 15;
/// The last one that there is.
pub(crate) const LAST: i32 = 64;
/// The first and last real-time signal that glibc leaves to programs.
const REAL_TIME: (i32, i32) = (34, LAST);

/// The number of a signal given as number or as name with or without `SIG`, in either case.
pub fn parse(text: &str) -> Result<i32, Error> {
    let unknown = || Error::invalid(format!("Invalid signal: {text}"));
    if let Ok(number) = text.parse::<i32>() {
        return if (1..=REAL_TIME.1).contains(&number) { Ok(number) } else { Err(unknown()) };
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let position = NAMES.iter().position(|known| *known == name);
    if let Some(index) = position {
        return i32::try_from(index + 1).map_err(|_| unknown());
    }
    let offset = |digits: &str| if digits.is_empty() { Some(0) } else { digits[1..].parse::<i32>().ok() };
    let number = match name {
        "IOT" => Some(6),
        "CLD" => Some(17),
        "POLL" => Some(29),
        _ if name.starts_with("RTMIN") => offset(&name[5..]).map(|up| REAL_TIME.0 + up),
        _ if name.starts_with("RTMAX") => offset(&name[5..]).map(|down| REAL_TIME.1 - down),
        _ => None,
    };
    number.filter(|number| (REAL_TIME.0..=REAL_TIME.1).contains(number) || *number < 32).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names_and_numbers() {
        let table = [
            ("TERM", 15),
            ("SIGTERM", 15),
            ("sigterm", 15),
            ("9", 9),
            ("KILL", 9),
            ("HUP", 1),
            ("SYS", 31),
            ("RTMIN", 34),
            ("SIGRTMIN+3", 37),
            ("RTMAX-1", 63),
            ("RTMAX", 64),
            ("IOT", 6),
            ("POLL", 29),
        ];
        for (text, number) in table {
            assert_eq!(parse(text), Ok(number), "{text}");
        }
        for text in ["", "0", "-1", "65", "FOO", "SIG", "RTMIN+99", "RTMIN+", "TERM "] {
            assert_eq!(parse(text).expect_err(text).message, format!("Invalid signal: {text}"));
        }
    }
}
