//! `FROM`: contexts, bases, stages and triggers.

use std::{io::BufReader, time::Instant};

use strata_api::progress::Message;
use strata_dockerfile::{Command, Dockerfile, Instruction};
use strata_layers::Packing;
use tokio::sync::mpsc;

use crate::{
    Context, Error, Event, GitAddress, Images, Kind, Listener, Outcome, Source, Step, Stores, build::Build,
    context::UnpackLimits, stage::Stage, workbench::Chain,
};

/// Messages of a pull that may wait.
const BACKLOG: usize = 64;

/// Makes a context of a source. Also tells the Dockerfile's name where the source decides it.
pub(crate) fn open(
    stores: &Stores,
    images: &dyn Images,
    source: Source,
    dockerfile: &str,
    listener: &Listener,
) -> Result<(Context, Option<String>), Error> {
    match source {
        Source::Context(context) => Ok((context, None)),
        Source::Archive(archive, limits) => {
            let context = stores.room.receive(archive, limits);
            listener.check()?;
            Ok((context?, None))
        }
        Source::Remote(address, limits) => remote(stores, images, &address, limits, dockerfile, listener),
    }
}

fn remote(
    stores: &Stores,
    images: &dyn Images,
    address: &str,
    limits: UnpackLimits,
    dockerfile: &str,
    listener: &Listener,
) -> Result<(Context, Option<String>), Error> {
    if GitAddress::is_meant_by(address) {
        let parsed: GitAddress =
            address.parse().map_err(|error: crate::GitError| Error::invalid(error.to_string()))?;
        let context = stores.room.empty()?;
        listener.wait(images.clone_repository(address, context.root()))?;
        return match &parsed.directory {
            Some(directory) => Ok((context.enter(directory)?, None)),
            None => Ok((context, None)),
        };
    }
    if !is_url(address) {
        let message = format!("remoteURL ({address}) could not be recognized as URL");
        return Err(Error::invalid(message));
    }
    let scratch = stores.room.scratch()?;
    let file = scratch.root().join("fetched");
    let fetched = listener.wait(images.fetch(address, &file));
    fetched.map_err(|error| error.about(format!("error downloading remote context {address}")))?;
    let fail = |error: std::io::Error| Error::internal("cannot read what was fetched", &error);
    let start = {
        use std::io::Read as _;
        let mut start = Vec::new();
        std::fs::File::open(&file).and_then(|file| file.take(512).read_to_end(&mut start)).map_err(fail)?;
        start
    };
    let is_tar = start.get(257..262) == Some(b"ustar") || Packing::of(&start) != Packing::None;
    if is_tar {
        let archive = BufReader::new(std::fs::File::open(&file).map_err(fail)?);
        return Ok((stores.room.receive(archive, limits)?, None));
    }
    // A text is a Dockerfile, whatever it is called there.
    let text = std::fs::read(&file).map_err(fail)?;
    let _ = dockerfile;
    Ok((stores.room.of_dockerfile(&text)?, Some("Dockerfile".into())))
}

pub(crate) fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// The name that a `FROM` gives its stage, in lower case; empty for none.
pub(crate) fn stage_name(from: &Instruction) -> String {
    match &from.command {
        Command::From(from) => {
            from.alias.as_ref().map(|(_, name)| name.text.to_lowercase()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// What a `FROM` names, as written.
pub(crate) fn base_text(from: &Instruction) -> &str {
    match &from.command {
        Command::From(from) => &from.image.text,
        _ => "",
    }
}

impl Build {
    /// Does a `FROM`, with the triggers of its base. Also tells what it was on before those.
    pub(crate) fn begin_stage(
        &mut self,
        stage: usize,
        number: usize,
        instructions: &[Instruction],
    ) -> Result<(Stage, Chain), Error> {
        let begun = Instant::now();
        let instruction = &instructions[0];
        let Command::From(from) = &instruction.command else {
            return Err(Error::invalid("no build stage in current context"));
        };
        let name = stage_name(instruction);
        if !name.is_empty() && self.finished.iter().any(|finished| finished.name == name) {
            return Err(Error::invalid(format!("{name} stage name already used")));
        }
        self.listener.check()?;
        self.begin_step(number, stage, instruction.lines, instruction.code());
        self.cache.reset();
        let args = self.args().clone();
        let word = |text: &str| self.expander.word(text, &args.globals());
        let base = word(&from.image.text)?;
        if base.is_empty() {
            return Err(Error::invalid(format!("base name ({}) should not be blank", from.image.text)));
        }
        let platform = match &from.platform {
            None => self.options.platform.clone(),
            Some(platform) => {
                let text = word(&platform.text)?;
                text.parse::<strata_oci::Platform>()
                    .map_err(|error| Error::invalid(format!("failed to parse platform {text}: {error}")))?;
                Some(text)
            }
        };
        let platform = platform.filter(|platform| !platform.is_empty());
        let chain = self.base(&base, platform.as_deref())?;
        crate::limit::check(chain.layers.len(), number + 1, &instructions[1..])?;
        let (mut stage, triggers) = Stage::begin(chain.clone(), &args);
        if !triggers.is_empty() {
            self.triggers(&mut stage, &triggers)?;
        }
        let base = stage.chain.id.clone();
        self.end_step(None, Outcome::Base, base, None, begun);
        Ok((stage, chain))
    }

    /// The image that a name means: a stage's, one that is here, or one that is pulled.
    pub(crate) fn base(&mut self, name: &str, platform: Option<&str>) -> Result<Chain, Error> {
        let lower = name.to_lowercase();
        if let Some(finished) =
            self.finished.iter().find(|finished| !lower.is_empty() && finished.name == lower)
        {
            return Ok(finished.chain.clone());
        }
        if name == "scratch" {
            return Ok(Chain::default());
        }
        self.image(name, platform)
    }

    /// What a `--from` means: a stage by its name or number, or an image.
    pub(crate) fn source_of(&mut self, current: usize, name: &str) -> Result<Chain, Error> {
        let lower = name.to_lowercase();
        if let Some(finished) =
            self.finished.iter().find(|finished| !lower.is_empty() && finished.name == lower)
        {
            return Ok(finished.chain.clone());
        }
        match name.parse::<i64>() {
            Ok(number) => match usize::try_from(number).ok().and_then(|number| self.finished.get(number)) {
                Some(finished) => Ok(finished.chain.clone()),
                None if usize::try_from(number) == Ok(current) => {
                    Err(Error::invalid("refers to current build stage"))
                }
                None => Err(Error::invalid("index out of bounds")),
            },
            Err(_) if name == "scratch" => Ok(Chain::default()),
            Err(_) => {
                let platform = self.options.platform.clone();
                self.image(name, platform.as_deref())
            }
        }
    }

    /// An image that is here, or is pulled.
    pub(crate) fn image(&mut self, name: &str, platform: Option<&str>) -> Result<Chain, Error> {
        let mut found = self.images.find(name)?;
        if let (Some(image), Some(platform)) = (&found, platform) {
            let wanted: strata_oci::Platform =
                platform.parse().map_err(|error| Error::invalid(format!("{platform}: {error}")))?;
            let config = self.images.config(&image.id)?;
            let actual =
                strata_oci::Platform::new(&config.os, &config.architecture, config.variant.as_deref());
            if actual.serves(&wanted).is_none() {
                found = None;
            }
        }
        let is_id = found.as_ref().is_some_and(|image| image.id.to_string().contains(name));
        if found.is_none() || (self.options.pull && !is_id) {
            self.pull(name, platform)?;
            found = self.images.find(name)?;
        }
        let image = found.ok_or_else(|| Error::new(Kind::NotFound, format!("No such image: {name}")))?;
        let chain = self.bench.chain(&image.id)?;
        chain.ok_or_else(|| Error::new(Kind::NotFound, format!("No such image: {name}")))
    }

    fn pull(&self, name: &str, platform: Option<&str>) -> Result<(), Error> {
        let step = self.number();
        let (messages, mut received) = mpsc::channel::<Message>(BACKLOG);
        let telling = async {
            while let Some(message) = received.recv().await {
                self.listener.tell_later(Event::Pull { step, message }).await;
            }
        };
        let pulling = self.images.pull(name, platform, &self.options.logins, messages);
        self.listener.wait(async {
            let (pulled, ()) = tokio::join!(pulling, telling);
            pulled
        })
    }

    fn triggers(&mut self, stage: &mut Stage, triggers: &[String]) -> Result<(), Error> {
        self.listener.tell(Event::Triggers { count: triggers.len() });
        for trigger in triggers {
            self.listener.check()?;
            stage.go_on();
            let file = Dockerfile::parse(trigger);
            let [instruction] = &file.instructions[..] else {
                return Err(Error::invalid("onbuild trigger should be a single expression"));
            };
            if matches!(instruction.command, Command::Invalid) {
                let message =
                    file.diagnostics.first().map_or_else(String::new, |found| found.message.to_string());
                return Err(Error::invalid(message));
            }
            let of_from = self.step.clone();
            if let Some(step) = of_from.clone() {
                let step = Step { text: instruction.code().to_owned(), trigger: true, ..step };
                self.listener.tell(Event::StepStarted(step.clone()));
                self.step = Some(step);
            }
            self.one(stage, instruction)?;
            self.step = of_from;
        }
        Ok(())
    }
}
