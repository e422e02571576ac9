//! `attach/ws`: a process on a WebSocket.

use strata_tests::{Docker, http::Request};
use tungstenite::{Message, client::IntoClientRequest as _, protocol::frame::coding::CloseCode};

use crate::containers::with_box;

/// What came over a socket until it was closed, and whether bytes came as bytes.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    text: String,
    binary: bool,
    reason: String,
}

/// What a process says when it wants something typed.
const READY: &str = "? ";

/// Attaches, types as soon as it is asked, and listens until the end.
fn attach(docker: &Docker, target: &str, typed: &[&str], meanwhile: impl FnOnce()) -> Result<Heard, u16> {
    let request = format!("ws://docker{target}").into_client_request().expect("an address");
    let stream = docker.dial().connect().expect("it listens");
    let (mut socket, _) = match tungstenite::client(request, stream) {
        Ok(open) => open,
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => {
            return Err(answer.status().as_u16());
        }
        Err(error) => panic!("{target}: {error}"),
    };
    meanwhile();
    let mut typed = typed.iter();
    let mut heard = Heard { text: String::new(), binary: true, reason: String::new() };
    loop {
        if heard.text.ends_with(READY) {
            for text in typed.by_ref() {
                socket.send(Message::Text((*text).into())).expect("it is open");
            }
        }
        match socket.read() {
            Ok(Message::Binary(bytes)) => heard.text += &String::from_utf8_lossy(&bytes),
            Ok(Message::Text(text)) => {
                heard.binary = false;
                heard.text += text.as_str();
            }
            Ok(Message::Close(frame)) => {
                if let Some(frame) = frame {
                    assert_eq!(frame.code, CloseCode::Normal);
                    heard.reason = frame.reason.to_string();
                }
                return Ok(heard);
            }
            Ok(_) => {}
            // dockerd just hangs up.
            Err(_) => return Ok(heard),
        }
    }
}

#[test]
fn a_process_on_a_websocket() {
    with_box(|duel| {
        let script = "echo -n '? '; read a; echo got $a; exit 3";
        let (dockerd, strata) = duel.clients();
        let both = |target: &str, typed: &[&str]| {
            let run = |docker: &Docker| {
                attach(docker, target, typed, || {
                    let started = Request::new("POST", "/containers/talker/start").send(&docker.dial());
                    assert!(started.is_ok_and(|answer| answer.status < 400));
                })
            };
            (run(dockerd), run(strata))
        };
        for terminal in [false, true] {
            let tty: &[&str] = if terminal { &["-it"] } else { &["-i"] };
            let args =
                [&["create", "--network", "none", "--name", "talker"], tty, &["box", "sh", "-c", script]];
            duel.prepare(&args.concat());
            for target in [
                "/v1.41/containers/talker/attach/ws?stream=1",
                // Text before API 1.28, and all streams before 1.42 whatever is asked for.
                "/v1.24/containers/talker/attach/ws?stream=1&stdin=1&stdout=1",
            ] {
                let (theirs, mut ours) = both(target, &["x\n"]);
                if let Ok(ours) = &mut ours {
                    assert_eq!(std::mem::take(&mut ours.reason), "the process exited with code 3");
                }
                assert_eq!(theirs, ours, "{target}");
            }
            let past = "/v1.41/containers/talker/attach/ws?logs=1";
            let (theirs, ours) = (attach(dockerd, past, &[], || ()), attach(strata, past, &[], || ()));
            assert_eq!(theirs, ours);
            assert!(ours.is_ok_and(|heard| heard.text.contains("got x")));
            duel.prepare(&["rm", "-f", "talker"]);
        }
        let none = "/v1.41/containers/nosuch/attach/ws?stream=1";
        assert_eq!(attach(strata, none, &[], || ()), Err(404));
    });
}

#[test]
fn keys_detach_and_that_is_told() {
    with_box(|duel| {
        duel.prepare(&["run", "-dit", "--network", "none", "--name", "stays", "box", "sh"]);
        let (_, strata) = duel.clients();
        let target = "/containers/stays/attach/ws?stream=1&stdin=1&stdout=1&detachKeys=a,b";
        let ask = || drop(strata.run(&["exec", "stays", "sh", "-c", "echo -n '? ' > /dev/console"]));
        let heard = attach(strata, target, &["a", "b"], ask).expect("open");
        assert_eq!(heard.reason, "detached by its keys");
        // It may be told a moment later.
        let tells =
            || strata.run(&["events", "--since", "1m", "--until", "0s", "--format", "{{.Action}}"]).ok();
        let begun = std::time::Instant::now();
        while !tells().lines().contains(&"detach") {
            assert!(begun.elapsed().as_secs() < 10, "{}", tells());
        }
        duel.same(&["inspect", "-f", "{{.State.Running}}", "stays"]);
        duel.same(&["rm", "-f", "stays"]);
    });
}
