//! `cargo xtask`: everything a checkout needs, from set-up to benchmarks.

mod bench;
mod build;
mod demo;
mod place;
mod serve;
mod setup;
mod shell;
mod sizes;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  serve [flags]   set up, build, fill the embedded registry with demo images and start Strata;
                  flags go to `strata serve` (--data DIR, --listen ADDR:PORT, --socket PATH)
  test [step…]    set up and run every check, or only the named steps
  bench [name…]   measure against dockerd, podman, dive and tar, as root; --help lists the names
  docker-py       run docker-py's own tests against dockerd and Strata, as root
  build           target/release/strata with the page inside
  setup [for]     install what is missing for: build (default), test
  tidy            check the architecture rules
  demo DIR        write the demo images as an OCI layout
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match command.as_str() {
        "serve" => serve::serve(&rest),
        // What `serve` starts beside the server; not for people.
        "greet" => serve::greet(&rest),
        "test" => test::test(&rest),
        "bench" => bench::bench(&rest),
        "docker-py" => test::docker_py(),
        "build" => setup::setup(setup::For::Build).and_then(|()| build::build().map(drop)),
        "setup" => setup::For::parse(&rest).and_then(setup::setup),
        "tidy" => tidy::tidy(),
        "demo" => demo::command(&rest),
        "" | "help" | "--help" | "-h" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => Err(anyhow::anyhow!("no such command: {other}\n\n{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
