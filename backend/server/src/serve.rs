//! `strata serve`: open, listen, say where, and end when asked.

use std::{fs::DirBuilder, io::Write, os::unix::fs::DirBuilderExt, path::Path, sync::Arc};

use anyhow::Context;
use strata_engine::{Engine, Options, RunOptions};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    Shutdown,
    config::Settings,
    listen, page,
    security::{Accounts, Door, Guard, Hosts, Secret, Sessions, Tokens},
    sites,
};

/// Serves until SIGTERM or SIGINT.
pub async fn serve(settings: Settings) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    make_private(&settings.data)?;
    let engine = open(&settings).await?;
    let tcp = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let address = tcp.local_addr().context("cannot tell the port that was taken")?;
    let unix = listen::UnixSocket::bind(&settings.socket)?;
    engine
        .run_containers(RunOptions { protected_ports: vec![address.port()], ..RunOptions::default() })
        .await;

    let hosts = Hosts::new(address, &settings.allowed_hosts);
    let home = format!("http://{}/", hosts.first());
    let guard = Arc::new(guard(&settings, hosts, address.port())?);
    let shutdown = Shutdown::default();
    let (tcp_site, unix_site) = (sites::tcp(&engine, &guard, &shutdown), sites::unix(&engine, &shutdown));
    let serving = async {
        tokio::join!(
            listen::serve(&tcp, tcp_site, shutdown.clone()),
            listen::serve(&unix.listener, unix_site, shutdown.clone()),
        )
    };
    let ending = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("ending");
        shutdown.begin();
    };
    announce(&home, &guard, &settings.socket)?;
    tokio::join!(serving, ending);
    engine.close().await;
    Ok(())
}

/// The data directory holds secrets and other people's images: it is made for its owner alone.
fn make_private(data: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.with_context(|| format!("cannot make the data directory {}", data.display()))
}

async fn open(settings: &Settings) -> anyhow::Result<Engine> {
    let options = Options {
        mirrors: settings.mirrors.clone(),
        insecure: settings.insecure_registries.clone(),
        concurrency: settings.max_concurrent_downloads,
        private_addresses: settings.build_private_addresses,
        registry_quota: settings.registry_quota,
        registry_proxies: settings.registry_proxies.clone(),
        ..Options::new(&settings.data)
    };
    let opened = tokio::task::spawn_blocking(|| Engine::open(options)).await?;
    opened.with_context(|| format!("cannot use the data directory {}", settings.data.display()))
}

fn guard(settings: &Settings, hosts: Hosts, port: u16) -> anyhow::Result<Guard> {
    let token = Secret::keep(&settings.data.join("token"))?;
    let sessions = Sessions::new(Secret::keep(&settings.data.join("session.key"))?, port);
    let guard = Guard::new(hosts, sessions, token, page::policy());
    Ok(match &settings.registry_accounts {
        Some(path) => {
            let tokens = match settings.registry_tokens {
                true => Some(Tokens::new(Secret::keep(&settings.data.join("registry-tokens.key"))?)),
                false => None,
            };
            guard.with_door(Door::new(Accounts::read(path)?, tokens))
        }
        None => guard,
    })
}

/// The one line on standard output.
fn announce(home: &str, guard: &Guard, socket: &Path) -> anyhow::Result<()> {
    let ticket = guard.issue_ticket()?;
    let mut out = std::io::stdout();
    writeln!(out, "Strata is ready: {home}?token={}", ticket.expose())?;
    out.flush()?;
    tracing::info!("docker clients: DOCKER_HOST=unix://{}", socket.display());
    Ok(())
}
