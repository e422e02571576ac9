//! Figures as people read them: sizes, shares, modes.

/// A number and its unit, apart so that the unit can be set lighter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    value: f64,
    digits: usize,
    /// `B`, `kB`, `MB`, …: powers of 1000, as docker prints them.
    pub unit: &'static str,
}

impl Size {
    /// `bytes` with at most three significant digits.
    pub fn of(bytes: u64) -> Self {
        const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
        let mut value = bytes as f64;
        let mut step = 0;
        // 999.95 would be printed as 1000.0: it belongs to the next unit.
        while value >= 999.5 && step + 1 < UNITS.len() {
            value /= 1000.0;
            step += 1;
        }
        let digits = match value {
            _ if step == 0 => 0,
            v if v < 9.995 => 2,
            v if v < 99.95 => 1,
            _ => 0,
        };
        Self { value, digits, unit: UNITS[step] }
    }

    /// The number without its unit.
    pub fn number(&self) -> String {
        format!("{:.*}", self.digits, self.value)
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.number(), self.unit)
    }
}

/// `12 345 678` with thin spaces, for counts and exact bytes.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len());
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A share of one as a percentage: `87 %`, and `99.9 %` rather than a rounded 100 for what isn't whole.
pub fn percent(share: f64) -> String {
    let hundredths = share * 100.0;
    let whole = hundredths.round();
    if (whole - hundredths).abs() < 1e-9 {
        format!("{whole:.0} %")
    } else if whole == 100.0 || whole == 0.0 || hundredths > 90.0 {
        format!("{:.1} %", (hundredths * 10.0).floor() / 10.0)
    } else {
        format!("{whole:.0} %")
    }
}

/// A mode as `ls` prints it, with the type's letter first: `drwxr-sr-t`.
pub fn rwx(kind: char, mode: u32) -> String {
    let mut text = String::with_capacity(10);
    text.push(kind);
    for (shift, special, set, unset) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')]
    {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => set,
            (false, true) => unset,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (9_994, "9.99 kB"),
            (9_996, "10.0 kB"),
            (12_400_000, "12.4 MB"),
            (999_499, "999 kB"),
            (999_600, "1.00 MB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (bytes, shown) in cases {
            assert_eq!(Size::of(bytes).to_string(), shown);
        }
    }

    #[test]
    fn shares_never_round_to_whole() {
        let shown: Vec<_> = [1.0, 0.99996, 0.875, 0.0, 0.0004, 0.951].map(percent).into();
        assert_eq!(shown, ["100 %", "99.9 %", "88 %", "0 %", "0.0 %", "95.1 %"]);
    }

    #[test]
    fn modes_as_ls_prints_them() {
        assert_eq!(rwx('-', 0o644), "-rw-r--r--");
        assert_eq!(rwx('d', 0o1777), "drwxrwxrwt");
        assert_eq!(rwx('-', 0o4755), "-rwsr-xr-x");
        assert_eq!(rwx('-', 0o6644), "-rwSr-Sr--");
        assert_eq!(rwx('d', 0o1776), "drwxrwxrwT");
    }

    #[test]
    fn groups_by_three() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
