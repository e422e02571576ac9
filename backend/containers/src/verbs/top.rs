//! `docker top`.

use std::process::Command;

use strata_api::engine::TopResponse;

use crate::{Containers, Error, Kind};

impl Containers {
    /// The processes of a container, as the host's `ps` shows them; `args` are its arguments, `-ef` if empty.
    pub async fn top(&self, name: &str, args: &str) -> Result<TopResponse, Error> {
        let args = if args.is_empty() { "-ef".to_owned() } else { args.to_owned() };
        check(&args)?;
        let container = self.0.find(name)?;
        container.record().state.check_top(&container.id)?;
        let pids = self.0.stores.supervisor.ps(&container.runtime_id()).await;
        let pids = pids.map_err(|error| Error::internal("cannot list its processes", &error))?;
        let answer = self.0.blocking(move |_| run(&args, &pids)).await?;
        let record = container.snapshot();
        self.0.tell(&record, "top", &[]);
        Ok(answer)
    }
}

/// A column that is called PID must be the pid.
fn check(args: &str) -> Result<(), Error> {
    for (at, _) in args.match_indices("PID") {
        let before = args[..at].trim_end();
        let Some(key) = before.strip_suffix('=') else { continue };
        let key = key.rsplit([' ', ',']).next().unwrap_or(key);
        if key != "pid" {
            return Err(Error::new(Kind::Internal, format!("specifying \"{key}=PID\" is not allowed")));
        }
    }
    Ok(())
}

fn run(args: &str, pids: &[i32]) -> Result<TopResponse, Error> {
    let list: Vec<String> = pids.iter().map(ToString::to_string).collect();
    let words: Vec<&str> = args.split(' ').filter(|word| !word.is_empty()).collect();
    let ps = |more: Option<String>| Command::new("ps").args(&words).args(more).output();
    let failed = |error: std::io::Error| Error::internal("ps", &error);
    let mut output = ps(Some(format!("-q{}", list.join(",")))).map_err(failed)?;
    if !output.status.success() {
        // Some options can't be used together with -q.
        output = ps(None).map_err(failed)?;
    }
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let reason = text.lines().next().unwrap_or("failed");
        return Err(Error::new(Kind::Internal, format!("ps: {reason}")));
    }
    parse(&String::from_utf8_lossy(&output.stdout), pids)
}

/// Takes the rows of these processes, and of their threads, out of what `ps` prints.
fn parse(text: &str, pids: &[i32]) -> Result<TopResponse, Error> {
    let mut lines = text.lines();
    let titles: Vec<String> =
        lines.next().unwrap_or("").split_ascii_whitespace().map(ToOwned::to_owned).collect();
    let column = titles.iter().position(|title| title == "PID");
    let column = column.ok_or_else(|| Error::new(Kind::Internal, "Couldn't find PID field in ps output"))?;
    let mut processes = Vec::new();
    let mut ours = false;
    for line in lines {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let Some(pid) = fields.get(column) else { continue };
        if *pid != "-" {
            let number: i32 =
                pid.parse().map_err(|_| Error::new(Kind::Internal, format!("Unexpected pid '{pid}'")))?;
            ours = pids.contains(&number);
        }
        if ours {
            // The last column has spaces of its own.
            let last = titles.len().min(fields.len()) - 1;
            let mut row: Vec<String> = fields[..last].iter().map(|field| (*field).to_owned()).collect();
            row.push(fields[last..].join(" "));
            processes.push(row);
        }
    }
    Ok(TopResponse { processes, titles })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_by_pid_with_threads_and_spaces() {
        let text = "UID   PID CMD\nroot    7 sh -c a b\nroot    8 other\nroot    - thread of 8\nroot    9 x\nroot - thread of 9\n";
        let top = parse(text, &[7, 9]).expect("a table");
        assert_eq!(top.titles, ["UID", "PID", "CMD"]);
        assert_eq!(
            top.processes,
            [["root", "7", "sh -c a b"], ["root", "9", "x"], ["root", "-", "thread of 9"]]
        );
        assert!(parse("UID CMD\n", &[]).is_err());
    }

    #[test]
    fn no_other_column_may_pose_as_the_pid() {
        assert!(check("-eo pid=PID,cmd").is_ok());
        assert!(check("-eo ppid=PID").is_err());
        assert!(check("-ef").is_ok());
    }
}
