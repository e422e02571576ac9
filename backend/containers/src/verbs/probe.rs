//! Healthchecks: probes are execs, one after the other, as long as the container runs.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use strata_api::engine::ExecCreateRequest;
use strata_runtime::Output;

use crate::{
    Containers,
    container::Container,
    elapsed,
    health::{Check, OUTPUT_LIMIT, Probe},
    state::Status,
};

impl Containers {
    /// Probes a container until it ends, in a task of its own.
    pub(crate) fn probe_health(&self, container: &Arc<Container>, check: Check) {
        let mut interrupted = container.interrupt.subscribe();
        interrupted.mark_unchanged();
        let (this, container) = (self.clone(), Arc::clone(container));
        tokio::spawn(async move {
            loop {
                let pause = {
                    let record = container.record();
                    let health = record.health.clone().unwrap_or_default();
                    check.pause(&health, since(record.state.started))
                };
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = interrupted.changed() => return,
                }
                let running = container.record().state.status;
                match running {
                    Status::Running => {}
                    Status::Paused => continue,
                    _ => return,
                }
                let ran = since(container.record().state.started);
                let probe = tokio::select! {
                    probe = this.probe_once(&container, &check) => probe,
                    _ = interrupted.changed() => return,
                };
                this.judge(&container, &check, probe, ran).await;
            }
        });
    }

    async fn judge(&self, container: &Arc<Container>, check: &Check, probe: Probe, ran: Duration) {
        let verdict = container.record().health.get_or_insert_default().take(check, probe, ran);
        // Only the verdict is worth a write; single probes are forgotten with the server.
        let Some(verdict) = verdict else { return };
        match self.0.change(container, |record| record.clone()).await {
            Ok(record) => self.0.tell(&record, &format!("health_status: {}", verdict.as_str()), &[]),
            Err(error) => tracing::warn!(id = container.id, %error, "its health can't be recorded"),
        }
    }

    async fn probe_once(&self, container: &Arc<Container>, check: &Check) -> Probe {
        let start = Timestamp::now().to_string();
        let (code, output) = match tokio::time::timeout(check.timeout, self.run_probe(container, check)).await
        {
            Ok(Ok(answer)) => answer,
            Ok(Err((id, message))) => {
                self.0.execs().remove(&id);
                (-1, message)
            }
            Err(_) => {
                self.kill_probes(container).await;
                (-1, format!("Health check exceeded timeout ({})", elapsed::exactly(check.timeout)))
            }
        };
        Probe { start, end: Timestamp::now().to_string(), code, output }
    }

    async fn run_probe(
        &self,
        container: &Arc<Container>,
        check: &Check,
    ) -> Result<(i64, String), (String, String)> {
        let request = ExecCreateRequest {
            cmd: Some(check.command.clone()),
            attach_stdout: true,
            attach_stderr: true,
            detach_keys: PROBE.into(),
            ..ExecCreateRequest::default()
        };
        let none = |error: crate::Error| (String::new(), error.message);
        let id = self.create_exec(&container.id, request).await.map_err(none)?;
        let started = self.start_exec(&id, true, None).await;
        let attached = started.map_err(|error| (id.clone(), error.message))?;
        let Some(mut attached) = attached else { return Ok((-1, String::new())) };
        let mut output = Vec::new();
        while let Some(item) = attached.output.next().await {
            match item {
                Output::Stdout(bytes) | Output::Stderr(bytes) => {
                    let room = OUTPUT_LIMIT.saturating_sub(output.len());
                    output.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
                Output::Overrun => {}
                Output::Exit(exit) => {
                    return Ok((i64::from(exit.code), String::from_utf8_lossy(&output).into_owned()));
                }
            }
        }
        Ok((-1, String::from_utf8_lossy(&output).into_owned()))
    }

    /// Kills the probes of a container that took too long.
    async fn kill_probes(&self, container: &Arc<Container>) {
        let probes: Vec<String> = {
            let execs = self.0.execs();
            let own = execs.iter().filter(|(_, exec)| {
                exec.container.as_str() == container.id && exec.request.detach_keys == PROBE
            });
            own.map(|(id, _)| id.clone()).collect()
        };
        for id in probes {
            self.kill_exec(&id).await;
        }
    }
}

/// Marks an exec as a probe: nobody can type these keys, as a probe has no input.
const PROBE: &str = "ctrl-_,ctrl-_,ctrl-_";

fn since(started: Option<Timestamp>) -> Duration {
    started.map_or(Duration::ZERO, |started| {
        Duration::try_from(Timestamp::now().duration_since(started)).unwrap_or_default()
    })
}
