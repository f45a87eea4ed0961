//! Reads the target's own OpenAPI document before the run begins, where one is declared. What goes wrong is noted, and shows in the checks
//! that would have used its routes.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Options;
use crate::http::{Client, Limits, Probe};
use crate::run::Events;
use crate::target::{Target, openapi};

/// The target with the routes of its document.
pub(super) async fn complete(target: Arc<Target>, options: &Options, events: &Events, stop: &CancellationToken) -> Arc<Target> {
    let Some(path) = target.openapi.clone() else { return target };
    let mut completed = (*target).clone();
    match document(&target, &path, options.limits, stop).await {
        Ok(document) => completed.add_document(&document),
        Err(trouble) => completed.routes.trouble = Some(trouble),
    }
    if let Some(trouble) = &completed.routes.trouble {
        events.note(format!("no routes from {path}: {trouble}"));
    }
    Arc::new(completed)
}

/// The document that the target serves at this `path` of its host, as it came.
pub async fn document(target: &Arc<Target>, path: &str, limits: Limits, stop: &CancellationToken) -> Result<bytes::Bytes, String> {
    let limits = Limits { body_cap: openapi::LARGEST + 1, ..limits };
    let client = Client::new(Arc::clone(target), limits, "openapi", stop.clone()).map_err(|trouble| trouble.to_string())?;
    let answer = client.at_root().send(&Probe::get(path)).await.map_err(|trouble| trouble.to_string())?;
    if answer.is_success() {
        return Ok(answer.body);
    }
    Err(format!("it was answered {}; save the document and name the file under `openapi`", answer.status))
}
