//! What is kept of execs on disk, so that the next server knows them: what was asked for, and how they ended.
//!
//! `containers/<id>/execs/<exec>.json` is there from an exec's start until a while after its end. It isn't synced: what
//! a power cut takes had no process left either.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use strata_api::engine::ExecCreateRequest;
use strata_runtime::{Exit, Known, KnownState, ProcessKey};

use super::exec::{Exec, Progress};
use crate::{Containers, Error, container::Container, containers::Inner, ids::is_id};

/// How long an exec is known after its end: clients ask for its exit code within moments.
pub(super) const REMEMBERED: Duration = Duration::from_secs(300);

/// The file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// What was asked for.
    pub request: ExecCreateRequest,
    /// How it ended; none while it runs.
    pub code: Option<i64>,
}

impl Inner {
    fn exec_records(&self, container: &str) -> PathBuf {
        self.folder(container).join("execs")
    }

    /// Writes what is known of an exec. Blocks.
    pub(super) fn keep_exec(&self, container: &str, exec: &str, kept: &Kept) -> Result<(), Error> {
        let folder = self.exec_records(container);
        let path = folder.join(format!("{exec}.json"));
        let text =
            serde_json::to_vec(kept).map_err(|error| Error::internal("cannot write an exec", &error))?;
        let written = fs::write(&path, &text).or_else(|_| {
            // Its parent is there as long as the container is.
            fs::create_dir(&folder)?;
            fs::write(&path, &text)
        });
        written.map_err(|error| Error::internal(format!("cannot write {}", path.display()), &error))
    }

    /// Forgets an exec, here and on disk. Blocks.
    pub(super) fn forget_exec(&self, container: &str, exec: &str) {
        self.execs().remove(exec);
        // With its container it is gone already.
        let _ = fs::remove_file(self.exec_records(container).join(format!("{exec}.json")));
    }

    /// The execs of a container that an earlier server has written down. Blocks.
    fn kept_execs(&self, container: &str) -> Vec<(String, Kept)> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.exec_records(container)).into_iter().flatten().flatten() {
            let path = entry.path();
            let id = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            let kept = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
            match kept.filter(|_| is_id(&id)) {
                Some(kept) => all.push((id, kept)),
                // Half of one, or not ours.
                None => drop(fs::remove_file(&path)),
            }
        }
        all
    }
}

impl Containers {
    /// Finds the execs of an earlier server again: those that run are watched, of those that ended the code is known.
    pub(super) async fn restore_execs(&self, known: Vec<Known>) -> Result<(), Error> {
        let mut of_container: Vec<(Arc<Container>, Vec<Known>)> =
            self.0.all().into_iter().map(|container| (container, Vec::new())).collect();
        for exec in known {
            let owner = of_container.iter_mut().find(|(one, _)| one.id == exec.key.container.as_str());
            match owner {
                Some((_, execs)) => execs.push(exec),
                None => self.remove_process(&exec.key).await,
            }
        }
        for (container, execs) in of_container {
            let id = container.id.clone();
            let kept = self.0.blocking(move |inner| Ok(inner.kept_execs(&id))).await?;
            for (id, Kept { request, code }) in kept {
                let process = execs.iter().find(|known| is_exec(&known.key, &id));
                let state = process.map(|known| (known.process.pid, &known.state));
                let progress = match (code, state) {
                    (Some(code), _) => Progress::Ended { code },
                    (None, Some((pid, KnownState::Created | KnownState::Running))) => {
                        Progress::Running { pid }
                    }
                    (None, Some((_, KnownState::Ended(exit)))) => {
                        Progress::Ended { code: i64::from(exit.code) }
                    }
                    // Nobody saw its end.
                    (None, None) => Progress::Ended { code: 137 },
                };
                let exec = Exec { container: container.runtime_id(), request, progress };
                self.0.execs().insert(id.clone(), exec);
                if let Progress::Ended { code } = progress {
                    self.settle_exec(&container, &id, code, process.is_some()).await;
                }
            }
            for Known { key, state, .. } in execs {
                match (&key.exec, state) {
                    (Some(id), KnownState::Running | KnownState::Created) => {
                        let id = id.to_string();
                        self.watch_exec(&container, key, id);
                    }
                    _ => self.remove_process(&key).await,
                }
            }
        }
        Ok(())
    }

    /// Waits for the end of an exec, in a task of its own, and removes what the supervisor has of it.
    pub(super) fn watch_exec(&self, container: &Arc<Container>, key: ProcessKey, id: String) {
        let (this, container) = (self.clone(), Arc::clone(container));
        tokio::spawn(async move {
            let exit = this.0.stores.supervisor.wait(&key).await;
            let code = exit.map_or(137, |exit: Exit| i64::from(exit.code));
            if let Some(exec) = this.0.execs().get_mut(&id) {
                exec.progress = Progress::Ended { code };
            }
            this.settle_exec(&container, &id, code, true).await;
            this.remove_process(&key).await;
        });
    }

    /// An exec has ended: everybody is told if that is news, it is written down, and after a while forgotten.
    pub(super) async fn settle_exec(&self, container: &Arc<Container>, id: &str, code: i64, news: bool) {
        let (of, exec) = (container.id.clone(), id.to_owned());
        if news {
            let more = [("execID", id.to_owned()), ("exitCode", code.to_string())];
            self.0.tell(&container.snapshot(), "exec_die", &more);
            let request = self.0.execs().get(id).map(|exec| exec.request.clone());
            if let Some(request) = request {
                let (of, exec) = (of.clone(), exec.clone());
                let kept = Kept { request, code: Some(code) };
                if let Err(error) = self.0.blocking(move |inner| inner.keep_exec(&of, &exec, &kept)).await {
                    // Its container may have been removed in this moment.
                    tracing::debug!(%error, "how an exec ended isn't kept");
                }
            }
        }
        let this = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(REMEMBERED).await;
            let forgotten = this.0.blocking(move |inner| {
                inner.forget_exec(&of, &exec);
                Ok(())
            });
            // It can't fail.
            let _ = forgotten.await;
        });
    }

    async fn remove_process(&self, key: &ProcessKey) {
        if let Err(error) = self.0.stores.supervisor.remove(key).await {
            tracing::warn!(%key, %error, "can't be removed");
        }
    }
}

fn is_exec(key: &ProcessKey, id: &str) -> bool {
    key.exec.as_ref().is_some_and(|exec| exec.as_str() == id)
}
