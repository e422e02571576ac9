//! `docker images`.

use std::collections::HashSet;

use strata_api::engine::ImageSummary;
use strata_catalog::{Catalog as _, Image, RepoDigest, Tagged};
use strata_oci::{ImageId, Repository};

use crate::{
    Engine, Error, Filters,
    engine::Inner,
    filters::glob,
    names::{digest_name, tag_name, unix_seconds},
    usage::shared_sizes,
};

const KNOWN: [&str; 6] = ["before", "dangling", "label", "reference", "since", "until"];

impl Engine {
    /// The images that pass the filters `reference`, `label`, `dangling`, `before`, `since` and `until`, newest first.
    ///
    /// Images without a name that others were made from are listed with `all` only. `SharedSize` is counted only when asked for.
    pub async fn images(
        &self,
        all: bool,
        filters: &Filters,
        shared_size: bool,
    ) -> Result<Vec<ImageSummary>, Error> {
        let filters = filters.clone();
        self.blocking(move |inner| inner.list(all, &filters, shared_size)).await
    }
}

impl Inner {
    pub(crate) fn list(
        &self,
        all: bool,
        filters: &Filters,
        shared_size: bool,
    ) -> Result<Vec<ImageSummary>, Error> {
        filters.only(&KNOWN)?;
        let dangling = filters.flag("dangling")?;
        let created_of = |names: &[String]| -> Result<Option<i64>, Error> {
            let created = names.iter().map(|name| Ok(unix_seconds(self.find(name)?.created.as_deref())));
            Ok(created.collect::<Result<Vec<_>, Error>>()?.into_iter().min())
        };
        let before = created_of(filters.get("before"))?;
        let since = created_of(filters.get("since"))?;
        let until = filters.get("until").iter().map(|text| moment(text)).collect::<Result<Vec<_>, _>>()?;
        let images = self.catalog.images()?;
        let steps = steps(&images);
        let (mut rows, mut listed) = (Vec::new(), Vec::new());
        for image in &images {
            if steps.contains(&image.id) && (!all || dangling == Some(true)) {
                continue;
            }
            let created = unix_seconds(image.created.as_deref());
            let in_time = before.is_none_or(|limit| created < limit)
                && since.is_none_or(|limit| created > limit)
                && until.iter().all(|limit| created <= *limit);
            if !in_time {
                continue;
            }
            let Some((tags, digests)) = visible_names(image, filters.get("reference"), dangling)? else {
                continue;
            };
            let labels = self.labels(image)?;
            if !filters.labels("label", &labels) {
                continue;
            }
            rows.push(ImageSummary {
                containers: -1,
                created,
                id: image.id.clone(),
                labels: (!labels.is_empty()).then_some(labels),
                parent_id: image.parent.as_ref().map(ToString::to_string).unwrap_or_default(),
                repo_digests: digests,
                repo_tags: tags,
                shared_size: -1,
                size: image.unpacked(),
                virtual_size: image.unpacked(),
            });
            listed.push(image);
        }
        if shared_size {
            for (row, shared) in rows.iter_mut().zip(shared_sizes(&listed)) {
                row.shared_size = i64::try_from(shared).unwrap_or(i64::MAX);
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.created));
        Ok(rows)
    }
}

/// The images without a name that others were made from, steps of builds mostly: nobody looks for them.
pub(crate) fn steps(images: &[Image]) -> HashSet<ImageId> {
    let parents: HashSet<&ImageId> = images.iter().filter_map(|image| image.parent.as_ref()).collect();
    let nameless = |image: &&Image| image.tags.is_empty() && image.repo_digests.is_empty();
    let found = images.iter().filter(nameless).filter(|image| parents.contains(&image.id));
    found.map(|image| image.id.clone()).collect()
}

type Names = (Vec<String>, Vec<String>);

/// The tags and pinned names of a row, or `None` if the image is not listed, by dockerd's rules.
fn visible_names(image: &Image, patterns: &[String], dangling: Option<bool>) -> Result<Option<Names>, Error> {
    let accepted = |repository: &Repository, whole: &str| -> Result<bool, Error> {
        for pattern in patterns {
            if glob(pattern, whole)? || glob(pattern, &repository.familiar())? {
                return Ok(true);
            }
        }
        Ok(patterns.is_empty())
    };
    let mut tags = Vec::new();
    for tagged @ Tagged { repository, .. } in &image.tags {
        let name = tag_name(tagged);
        if accepted(repository, &name)? {
            tags.push(name);
        }
    }
    let mut digests = Vec::new();
    for pinned @ RepoDigest { repository, .. } in &image.repo_digests {
        let name = digest_name(pinned);
        if accepted(repository, &name)? {
            digests.push(name);
        }
    }
    let nameless = tags.is_empty() && digests.is_empty();
    let shown = match dangling {
        Some(true) => tags.is_empty() && (patterns.is_empty() || !nameless),
        Some(false) => !nameless,
        None => patterns.is_empty() || !nameless,
    };
    Ok(shown.then_some((tags, digests)))
}

/// Unix seconds of a point in time given as Unix seconds, RFC 3339, or a Go duration before now.
pub(crate) fn moment(text: &str) -> Result<i64, Error> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Ok(seconds as i64);
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(time.as_second());
    }
    if let Ok(date) =
        text.parse::<jiff::civil::DateTime>().or_else(|_| text.parse::<jiff::civil::Date>().map(Into::into))
    {
        return date
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map(|zoned| zoned.timestamp().as_second())
            .map_err(Error::internal);
    }
    match go_duration(text) {
        Some(seconds) => Ok((jiff::Timestamp::now().as_second() as f64 - seconds) as i64),
        None => Err(Error::new(
            crate::Kind::InvalidArgument,
            format!("failed to parse value as time or duration: {text:?}"),
        )),
    }
}

/// Seconds of `1h30m`, `90s`, `1.5h`.
fn go_duration(mut text: &str) -> Option<f64> {
    let mut total = 0.0;
    if text.is_empty() {
        return None;
    }
    while !text.is_empty() {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let value: f64 = text[..digits].parse().ok()?;
        let rest = &text[digits..];
        let unit_len = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        total += value
            * match &rest[..unit_len] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        text = &rest[unit_len..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_form() {
        assert_eq!(moment("0").expect("unix"), 0);
        assert_eq!(moment("1970-01-02T00:00:00Z").expect("rfc"), 86_400);
        assert_eq!(moment("1970-01-02").expect("date"), 86_400);
        let hour_ago = moment("1h").expect("duration");
        assert!((jiff::Timestamp::now().as_second() - hour_ago - 3600).abs() <= 1);
        assert_eq!(go_duration("1h30m"), Some(5400.0));
        assert!(moment("yesterday").is_err());
    }
}
