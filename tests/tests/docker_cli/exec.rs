//! Further processes: what they are given, what they print and return, and what is known of them.

use serde_json::{Value, json};

use crate::containers::{essence, with_box};
use strata_tests::{
    Docker, Scratch,
    http::{Answer, Request},
};

fn send(docker: &Docker, method: &str, target: &str, body: &Value) -> Answer {
    let request =
        Request::new(method, target).header("Content-Type", "application/json").body(body.to_string());
    request.send(&docker.dial()).unwrap_or_else(|e| panic!("{method} {target}: {e}"))
}

#[test]
fn what_an_exec_is_given() {
    with_box(|duel| {
        duel.prepare(&[
            "run",
            "-d",
            "--network",
            "none",
            "--hostname",
            "here",
            "--name",
            "up",
            "box",
            "sleep",
            "100",
        ]);
        let scratch = Scratch::new("env");
        std::fs::write(scratch.join("file"), "X=1\nY=a b\n# c\n").expect("a file");
        let file = scratch.join("file").display().to_string();
        let cases: [&[&str]; 19] = [
            &["up", "false"],
            &["up", "sh", "-c", "echo out; echo err >&2; exit 9"],
            &["up", "sh", "-c", "kill -9 $$"],
            &["up", "nosuch"],
            &["up", "/etc"],
            &["-w", "/tmp", "up", "pwd"],
            &["-w", "/no/such", "up", "pwd"],
            &["-w", "relative", "up", "pwd"],
            &["-u", "1000", "up", "id"],
            &["-u", "5:6", "up", "id"],
            &["-u", "root:nosuch", "up", "id"],
            &["-u", "nosuch", "up", "id"],
            &["-e", "A=b", "-e", "PATH=/bin:/x", "up", "env"],
            &["--env-file", &file, "up", "env"],
            &["-d", "up", "sh", "-c", "exit 3"],
            &["up"],
            &["nosuch", "true"],
            &["--detach-keys", "nonsense", "up", "true"],
            &["-t", "up", "echo", "to a terminal"],
        ];
        for case in cases {
            duel.same_as(&[&["exec"], case].concat(), essence);
        }
        duel.same(&["inspect", "-f", "{{.ExecIDs}}", "up"]);
        duel.same(&["rm", "-f", "up"]);
    });
}

#[test]
fn what_is_known_of_an_exec() {
    with_box(|duel| {
        duel.prepare(&["run", "-d", "--network", "none", "--name", "up", "box", "sleep", "100"]);
        let (dockerd, strata) = duel.clients();
        let story = |docker: &Docker| {
            let mut told = Vec::new();
            let mut say = |answer: Answer| {
                let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                for own in ["Id", "ID", "ContainerID", "Pid"] {
                    body.as_object_mut().map(|body| body.remove(own));
                }
                told.push((answer.status, body));
                answer
            };
            let create = |body: Value| send(docker, "POST", "/v1.41/containers/up/exec", &body);
            say(create(json!({})));
            say(create(json!({ "Cmd": [] })));
            // Whether output comes in frames is for the start to say, whatever terminal there is.
            for (tty, framed) in [(true, true), (true, false), (false, false), (false, true)] {
                let made =
                    say(create(json!({ "Cmd": ["echo", "hi"], "AttachStdout": true, "Tty": tty }))).json();
                let id = made["Id"].as_str().expect("an id").to_owned();
                say(send(docker, "GET", &format!("/v1.41/exec/{id}/json"), &Value::Null));
                let started =
                    send(docker, "POST", &format!("/v1.41/exec/{id}/start"), &json!({ "Tty": !framed }));
                told_output(&mut say, started);
                say(send(docker, "GET", &format!("/v1.41/exec/{id}/json"), &Value::Null));
            }
            told
        };
        let (expected, found) = (story(dockerd), story(strata));
        assert_eq!(expected, found);
        duel.same(&["rm", "-f", "up"]);
    });
}

/// The bytes of an output, as JSON so that they are compared with the rest.
fn told_output(say: &mut impl FnMut(Answer) -> Answer, mut answer: Answer) {
    answer.body = serde_json::to_vec(&json!(answer.body)).expect("numbers");
    say(answer);
}
