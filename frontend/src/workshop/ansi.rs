//! Output of programs as text with colours: ECMA-48's "select graphic rendition", and what moves in a line.
//!
//! A build's output is a log, not a screen: colours and weights are kept, a carriage return begins its line again (that
//! is how progress bars are drawn), a backspace takes a character back, tabs stay, and everything else that an escape
//! sequence or a control character could do is left out. Nothing here makes HTML: a [`Span`] becomes a text node.

/// Lines kept of one step's output; older ones go, and are counted.
pub const MOST_LINES: usize = 5_000;
/// Characters kept of one line.
const MOST_WIDTH: usize = 4_000;

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Look {
    /// The text's colour.
    pub ink: Option<Colour>,
    /// The colour behind it.
    pub paper: Option<Colour>,
    /// Bold.
    pub bold: bool,
    /// Faint.
    pub faint: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underlined: bool,
    /// Colours exchanged.
    pub inverse: bool,
}

/// A colour that a program asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// One of the sixteen that the page's theme has, 0 to 15.
    Named(u8),
    /// Its own.
    Rgb(u8, u8, u8),
}

/// Text that looks the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// How it looks.
    pub look: Look,
    /// The text; printable characters and tabs only.
    pub text: String,
}

/// Output as far as it came.
#[derive(Clone, Debug, Default)]
pub struct Screen {
    lines: Vec<Vec<(char, Look)>>,
    line: Vec<(char, Look)>,
    column: usize,
    look: Look,
    state: State,
    /// Lines that were too many.
    dropped: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum State {
    #[default]
    Ground,
    Escape,
    /// Parameters of a control sequence so far.
    Control(String),
    /// Within an operating system command or the like, until its end; true after an escape in it.
    Text(bool),
    /// One more byte, as in `ESC ( B`.
    Skip,
}

impl Screen {
    /// Takes what came.
    pub fn push(&mut self, text: &str) {
        for c in text.chars() {
            self.take(c);
        }
    }

    /// How many lines there are, the one that is being written too if something is in it.
    pub fn len(&self) -> usize {
        self.lines.len() + usize::from(!self.line.is_empty())
    }

    /// Whether nothing was printed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many lines went because there were too many.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// The lines from `first` on.
    pub fn lines(&self, first: usize) -> Vec<Vec<Span>> {
        let last = (!self.line.is_empty()).then_some(&self.line);
        self.lines.iter().chain(last).skip(first).map(|line| spans(line)).collect()
    }

    /// The last `count` lines as plain text.
    pub fn tail(&self, count: usize) -> String {
        let plain = |line: &Vec<(char, Look)>| line.iter().map(|(c, _)| *c).collect::<String>();
        let last = (!self.line.is_empty()).then_some(&self.line);
        let all: Vec<String> = self.lines.iter().chain(last).map(plain).collect();
        all[all.len().saturating_sub(count)..].join("\n")
    }

    fn take(&mut self, c: char) {
        match std::mem::take(&mut self.state) {
            State::Ground => self.ground(c),
            State::Escape => {
                self.state = match c {
                    '[' => State::Control(String::new()),
                    ']' | 'P' | 'X' | '^' | '_' => State::Text(false),
                    '(' | ')' | '*' | '+' | '#' | '%' | ' ' => State::Skip,
                    '\u{1b}' => State::Escape,
                    _ => State::Ground,
                }
            }
            State::Control(mut parameters) => match c {
                '\u{40}'..='\u{7e}' => self.control(c, &parameters),
                '\u{1b}' => self.state = State::Escape,
                // A sequence that never ends is no sequence.
                '\u{20}'..='\u{3f}' if parameters.len() < 64 => {
                    parameters.push(c);
                    self.state = State::Control(parameters);
                }
                _ => self.ground(c),
            },
            State::Text(escaped) => {
                let ended = c == '\u{7}' || c == '\u{9c}' || escaped && c == '\\' || c == '\n';
                if !ended {
                    self.state = State::Text(c == '\u{1b}');
                }
                if c == '\n' {
                    self.end_line();
                }
            }
            State::Skip => {}
        }
    }

    fn ground(&mut self, c: char) {
        match c {
            '\u{1b}' => self.state = State::Escape,
            '\u{9b}' => self.state = State::Control(String::new()),
            '\n' => self.end_line(),
            '\r' => self.column = 0,
            '\u{8}' => self.column = self.column.saturating_sub(1),
            '\t' => self.put('\t'),
            c if c.is_control() => {}
            c => self.put(c),
        }
    }

    fn put(&mut self, c: char) {
        if self.column >= MOST_WIDTH {
            return;
        }
        match self.line.get_mut(self.column) {
            Some(there) => *there = (c, self.look),
            None => self.line.push((c, self.look)),
        }
        self.column += 1;
    }

    fn end_line(&mut self) {
        self.lines.push(std::mem::take(&mut self.line));
        self.column = 0;
        // A tenth at a time, so that an endless output doesn't move everything for each line.
        if self.lines.len() >= MOST_LINES + MOST_LINES / 10 {
            let most = self.lines.len() - MOST_LINES;
            self.lines.drain(..most);
            self.dropped += most;
        }
    }

    fn control(&mut self, end: char, parameters: &str) {
        match end {
            'm' => self.rendition(parameters),
            // Erase in line.
            'K' => match parameters {
                "" | "0" => self.line.truncate(self.column),
                "2" => self.line.clear(),
                _ => {}
            },
            'G' => {
                self.column = parameters.parse::<usize>().unwrap_or(1).saturating_sub(1).min(self.line.len())
            }
            'D' => self.column = self.column.saturating_sub(parameters.parse().unwrap_or(1)),
            _ => {}
        }
        self.column = self.column.min(self.line.len());
    }

    fn rendition(&mut self, parameters: &str) {
        let mut numbers = parameters.split([';', ':']).map(|number| number.parse::<u16>().unwrap_or(0));
        while let Some(number) = numbers.next() {
            let look = &mut self.look;
            match number {
                0 => *look = Look::default(),
                1 => look.bold = true,
                2 => look.faint = true,
                3 => look.italic = true,
                4 => look.underlined = true,
                7 => look.inverse = true,
                22 => (look.bold, look.faint) = (false, false),
                23 => look.italic = false,
                24 => look.underlined = false,
                27 => look.inverse = false,
                30..=37 => look.ink = Some(Colour::Named((number - 30) as u8)),
                38 => look.ink = extended(&mut numbers).or(look.ink),
                39 => look.ink = None,
                40..=47 => look.paper = Some(Colour::Named((number - 40) as u8)),
                48 => look.paper = extended(&mut numbers).or(look.paper),
                49 => look.paper = None,
                90..=97 => look.ink = Some(Colour::Named((number - 90 + 8) as u8)),
                100..=107 => look.paper = Some(Colour::Named((number - 100 + 8) as u8)),
                _ => {}
            }
        }
    }
}

/// `5;N` or `2;R;G;B`.
fn extended(numbers: &mut impl Iterator<Item = u16>) -> Option<Colour> {
    let byte = |number: u16| number.min(255) as u8;
    match numbers.next()? {
        5 => Some(match numbers.next()? {
            number @ 0..=15 => Colour::Named(number as u8),
            number @ 16..=231 => {
                let at = number - 16;
                let part = |n: u16| if n == 0 { 0 } else { (55 + 40 * n) as u8 };
                Colour::Rgb(part(at / 36), part(at / 6 % 6), part(at % 6))
            }
            number => {
                let grey = (8 + 10 * (number.min(255) - 232)) as u8;
                Colour::Rgb(grey, grey, grey)
            }
        }),
        2 => Some(Colour::Rgb(byte(numbers.next()?), byte(numbers.next()?), byte(numbers.next()?))),
        _ => None,
    }
}

fn spans(line: &[(char, Look)]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (c, look) in line {
        match spans.last_mut() {
            Some(last) if last.look == *look => last.text.push(*c),
            _ => spans.push(Span { look: *look, text: (*c).into() }),
        }
    }
    spans
}

impl Look {
    /// Whether it looks like text does anyway.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// For a `style` attribute. Numbers and token names only: nothing of the output gets into it.
    pub fn style(&self) -> String {
        const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
        let colour = |colour: Colour| match colour {
            Colour::Named(8) => "var(--ink-3)".to_owned(),
            Colour::Named(n @ 0..=7) => format!("var(--ansi-{})", NAMES[usize::from(n)]),
            Colour::Named(n) => format!("var(--ansi-bright-{})", NAMES[usize::from(n & 7)]),
            Colour::Rgb(r, g, b) => format!("rgb({r} {g} {b})"),
        };
        let (mut ink, mut paper) = (self.ink.map(colour), self.paper.map(colour));
        if self.inverse {
            let under = paper.unwrap_or_else(|| "var(--term-paper)".into());
            (ink, paper) = (Some(under), Some(ink.unwrap_or_else(|| "var(--ink)".into())));
        }
        let mut style = String::new();
        let mut say = |wanted: bool, what: &str| {
            if wanted {
                style.push_str(what);
            }
        };
        say(self.bold, "font-weight:600;");
        say(self.faint, "opacity:.65;");
        say(self.italic, "font-style:italic;");
        say(self.underlined, "text-decoration:underline;");
        say(ink.is_some(), &format!("color:{};", ink.unwrap_or_default()));
        say(paper.is_some(), &format!("background:{};", paper.unwrap_or_default()));
        style
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(text: &str) -> Screen {
        let mut screen = Screen::default();
        screen.push(text);
        screen
    }

    #[test]
    fn lines_are_rewritten_as_on_a_screen() {
        let cases = [
            ("a\nb", "a\nb"),
            (" 10%\r 50%\r100%\n", "100%"),
            ("abc\r\u{1b}[Kx", "x"),
            ("abc\u{8}\u{8}X", "aXc"),
            ("\u{1b}[31mred\u{1b}[0m plain", "red plain"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "alink"),
            ("\u{1b}(Bx\u{1b}=y\u{1b}[?25lz", "xyz"),
            ("\u{1b}[2J\u{1b}[1;1Hx\u{7}\u{0}", "x"),
            ("\u{1b}]never ends\nnext", "\nnext"),
            ("\u{1b}[99999999999999999999Dx", "x"),
            ("<b>&amp;</b>\t|", "<b>&amp;</b>\t|"),
        ];
        for (text, plain) in cases {
            assert_eq!(screen(text).tail(10), plain, "{text:?}");
        }
    }

    #[test]
    fn colours_are_kept_across_pieces() {
        let mut screen = screen("\u{1b}[1;3");
        screen.push("2mgo\u{1b}[22;39;48;5;196m!\u{1b}[m.");
        let line = screen.lines(0).remove(0);
        let bold = Look { ink: Some(Colour::Named(2)), bold: true, ..Look::default() };
        let red = Look { paper: Some(Colour::Rgb(255, 0, 0)), ..Look::default() };
        assert_eq!(line[0], Span { look: bold, text: "go".into() });
        assert_eq!(line[1], Span { look: red, text: "!".into() });
        assert!(line[2].look.is_plain());
        assert_eq!(bold.style(), "font-weight:600;color:var(--ansi-green);");
        assert_eq!(Look { inverse: true, ..red }.style(), "color:rgb(255 0 0);background:var(--ink);");
    }

    #[test]
    fn every_number_is_some_rendition() {
        for number in 0..=300 {
            for text in [
                format!("\u{1b}[{number}mx"),
                format!("\u{1b}[38;5;{number}mx"),
                format!("\u{1b}[48;2;{number}mx"),
            ] {
                assert_eq!(screen(&text).tail(1), "x");
            }
        }
    }

    #[test]
    fn an_endless_output_keeps_its_end() {
        let mut screen = Screen::default();
        for line in 0..3 * MOST_LINES {
            screen.push(&format!("{line}\n"));
        }
        screen.push(&"x".repeat(2 * MOST_WIDTH));
        assert!(screen.len() <= MOST_LINES + MOST_LINES / 10 + 1);
        assert_eq!(screen.dropped() + screen.len(), 3 * MOST_LINES + 1);
        assert_eq!(screen.tail(1).len(), MOST_WIDTH);
    }
}
