//! How long a container has been what it is: docker's English, and the same in Chinese.

use crate::words::Lang;

/// Docker's units of time, in the singular.
const UNITS: [(&str, &str); 7] = [
    ("second", "秒"),
    ("minute", "分钟"),
    ("hour", "小时"),
    ("day", "天"),
    ("week", "周"),
    ("month", "个月"),
    ("year", "年"),
];

/// `Up 3 minutes (healthy)`, `(137) 2 hours ago`, in `lang`. What docker never says stays as it is.
pub fn since(status: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return status.to_owned();
    }
    let (code, rest) = match status.strip_prefix('(').and_then(|rest| rest.split_once(") ")) {
        Some((code, rest)) => (format!("({code}) "), rest),
        None => (String::new(), status),
    };
    let (time, health) = match rest.split_once(" (") {
        Some((time, health)) => (time, format!("（{}）", health_word(health.trim_end_matches(')')))),
        None => (rest, String::new()),
    };
    let up = time.strip_prefix("Up ");
    let ago = time.strip_suffix(" ago");
    match (up, ago, duration(up.or(ago).unwrap_or(time))) {
        (Some(_), _, Some(long)) => format!("{code}已运行 {long}{health}"),
        (_, Some(_), Some(long)) => format!("{code}{long}前{health}"),
        _ => status.to_owned(),
    }
}

fn health_word(word: &str) -> &str {
    match word {
        "healthy" => "健康",
        "unhealthy" => "不健康",
        "health: starting" => "健康检查启动中",
        other => other,
    }
}

fn duration(text: &str) -> Option<String> {
    match text {
        "Less than a second" => return Some("不到 1 秒".into()),
        "About a minute" => return Some("约 1 分钟".into()),
        "About an hour" => return Some("约 1 小时".into()),
        _ => {}
    }
    let (count, unit) = text.split_once(' ')?;
    let (_, unit) = UNITS.iter().find(|(name, _)| unit.strip_suffix('s').unwrap_or(unit) == *name)?;
    count.parse::<u32>().ok().map(|count| format!("{count} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_says_is_said_in_chinese() {
        let cases = [
            ("Up 17 seconds", "已运行 17 秒"),
            ("Up Less than a second", "已运行 不到 1 秒"),
            ("Up About a minute (healthy)", "已运行 约 1 分钟（健康）"),
            ("Up 5 weeks (health: starting)", "已运行 5 周（健康检查启动中）"),
            ("(137) 2 hours ago", "(137) 2 小时前"),
            ("(0) About an hour ago", "(0) 约 1 小时前"),
            ("1 second ago", "1 秒前"),
            ("", ""),
            ("Up soon", "Up soon"),
            ("(x", "(x"),
        ];
        for (english, chinese) in cases {
            assert_eq!(since(english, Lang::Zh), chinese);
            assert_eq!(since(english, Lang::En), english);
        }
    }
}
