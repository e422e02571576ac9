//! What a build had, as the beginning of another workshop.

use crate::{
    Error, Kind,
    engine::Inner,
    workshop::shelf::{Built, Fill},
};

impl Inner {
    /// The context of a build as it was, with its Dockerfile up to and with a step; all of it for 0. Of a docker client's build only the
    /// Dockerfile is known.
    pub(in crate::workshop) fn branch(&self, build: &str, step: usize) -> Result<Fill<'static>, Error> {
        let detail = self.build_detail(build)?;
        let missing = |what: &str| Error::new(Kind::NotFound, format!("build {build} has no {what}"));
        let last_line = match step {
            0 => 0,
            step => {
                let row = detail.steps.iter().find(|row| row.step == step && !row.trigger);
                row.ok_or_else(|| missing(&format!("step {step}")))?.last_line
            }
        };
        let text = first_lines(&detail.dockerfile, last_line);
        let Some(workshop) = detail.card.workshop.clone() else {
            return Ok(Fill::Files(vec![("Dockerfile".into(), text.into_bytes())]));
        };
        let record = self.workshops.look(&workshop)?.record;
        Ok(Fill::Built(Built {
            context: self.build_place(Some(&workshop), build).join("context"),
            dockerfile: record.dockerfile,
            text,
            workshop,
        }))
    }
}

/// The first lines of a text; all of it for 0, which is no line.
fn first_lines(text: &str, count: usize) -> String {
    match count {
        0 => text.to_owned(),
        count => text.split_inclusive('\n').take(count).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_ends() {
        assert_eq!(first_lines("a\r\nb\nc", 2), "a\r\nb\n");
        assert_eq!(first_lines("a\nb", 9), "a\nb");
        assert_eq!(first_lines("a\nb", 0), "a\nb");
    }
}
