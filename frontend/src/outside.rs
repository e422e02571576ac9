//! How far the reading of an image is that isn't pulled.

/// How far a layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody asks for it.
    Unread,
    /// Others are before it.
    Queued,
    /// So many bytes of it came.
    Reading(u64),
    /// It is known what is in it.
    Read,
    /// It can't be read, for this reason.
    Failed(String),
}

impl Phase {
    /// The word that tests hold on to.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Queued => "queued",
            Self::Reading(_) => "reading",
            Self::Read => "read",
            Self::Failed(_) => "failed",
        }
    }
}

/// What the layers add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Layers that were read.
    pub read: usize,
    /// All of them.
    pub layers: usize,
    /// Layers that are on their way, or will be.
    pub going: usize,
    /// Bytes of blobs that came, those of layers that were read whole among them.
    pub came: u64,
    /// Bytes of all blobs.
    pub bytes: u64,
}

impl Tally {
    /// Adds layers up: how far each is, and the bytes of its blob.
    pub fn of<'a>(layers: impl IntoIterator<Item = (&'a Phase, u64)>) -> Self {
        layers.into_iter().fold(Self::default(), |sum, (phase, size)| {
            let (read, going, came) = match phase {
                Phase::Read => (1, 0, size),
                Phase::Reading(came) => (0, 1, (*came).min(size)),
                Phase::Queued => (0, 1, 0),
                Phase::Unread | Phase::Failed(_) => (0, 0, 0),
            };
            Self {
                read: sum.read + read,
                layers: sum.layers + 1,
                going: sum.going + going,
                came: sum.came.saturating_add(came),
                bytes: sum.bytes.saturating_add(size),
            }
        })
    }

    /// Whether nothing is missing.
    pub fn is_whole(self) -> bool {
        self.read == self.layers
    }

    /// How much came, in percent.
    pub fn percent(self) -> u64 {
        if self.is_whole() { 100 } else { (self.came as f64 * 100.0 / self.bytes.max(1) as f64) as u64 }
    }
}

/// The next layer to be read, if fewer than `most` are: the lowest that waits. It is on its way from then on.
pub fn next(phases: &mut [Phase], most: usize) -> Option<usize> {
    let reading = phases.iter().filter(|phase| matches!(phase, Phase::Reading(_))).count();
    let position = phases.iter().position(|phase| *phase == Phase::Queued).filter(|_| reading < most)?;
    phases[position] = Phase::Reading(0);
    Some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_add_up() {
        let phases =
            [Phase::Read, Phase::Reading(30), Phase::Queued, Phase::Failed("no".into()), Phase::Unread];
        let tally = Tally::of(phases.iter().zip([100, 50, 20, 20, 10]));
        assert_eq!(tally, Tally { read: 1, layers: 5, going: 2, came: 130, bytes: 200 });
        assert_eq!((tally.percent(), tally.is_whole()), (65, false));
        assert_eq!(Tally::of([(&Phase::Read, 0)]).percent(), 100, "an empty blob is whole too");
        assert_eq!(Tally::of([(&Phase::Reading(9), 5)]).came, 5, "no more than there is");
        assert!(Tally::default().is_whole(), "an image without layers");
    }

    #[test]
    fn the_lowest_are_first_and_not_too_many_at_once() {
        let mut phases = vec![Phase::Read, Phase::Queued, Phase::Unread, Phase::Queued, Phase::Queued];
        assert_eq!(
            [next(&mut phases, 2), next(&mut phases, 2), next(&mut phases, 2)],
            [Some(1), Some(3), None]
        );
        phases[1] = Phase::Failed(String::new());
        assert_eq!(next(&mut phases, 2), Some(4));
    }
}
