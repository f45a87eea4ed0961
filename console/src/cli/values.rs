//! The values of options: how each is written, and what is said of one that is not.

use std::num::NonZero;
use std::time::Duration;

use clap::ValueEnum as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Form, FormFile, Rate};
use crate::checks::Suite;
use crate::http::Window;

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| format!("{error}; write it like 60s or 5m"))?;
    if duration.is_zero() { Err("must be longer than nothing".to_owned()) } else { Ok(duration) }
}

pub(super) fn rate(text: &str) -> Result<Rate, String> {
    let wrong = |_| "write a pace as requests a second, like 20, or in a window, like 100/1m".to_owned();
    match text.split_once('/') {
        None => Ok(Rate::PerSecond(text.parse::<NonZero<u32>>().map_err(wrong)?.get())),
        Some((requests, per)) => {
            let per = if per.starts_with(|c: char| c.is_ascii_digit()) { duration(per)? } else { duration(&format!("1{per}"))? };
            Ok(Rate::Window(Window { requests: requests.parse::<NonZero<u32>>().map_err(wrong)?.get(), per }))
        }
    }
}

pub(super) fn form_file(text: &str) -> Result<FormFile, String> {
    let known = || Form::value_variants().iter().filter_map(|form| Some(form.to_possible_value()?.get_name().to_owned()));
    let (form, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or("write it like junit=audit.xml")?;
    let form =
        Form::from_str(form, false).map_err(|_| format!("no such form; there are {}", known().collect::<Vec<_>>().join(", ")))?;
    Ok(FormFile { form, file: file.into() })
}

pub(super) fn suite(text: &str) -> Result<Suite, String> {
    let known = || Suite::ALL.map(Suite::word).join(", ");
    Suite::named(text).ok_or_else(|| format!("no such suite; there are {}", known()))
}

pub(super) fn commit(text: &str) -> Result<String, String> {
    let hex = text.len() >= 7 && text.len() <= 64 && text.chars().all(|c| c.is_ascii_hexdigit());
    if hex { Ok(text.to_ascii_lowercase()) } else { Err("write a commit as 7 to 64 hexadecimal digits".to_owned()) }
}

pub(super) fn moment(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| "write a time as RFC 3339, like 2026-01-31T12:00:00Z".to_owned())
}
