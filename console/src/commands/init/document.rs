//! The OpenAPI document that proposals are taken from.

use std::sync::Arc;

use anyhow::Context as _;
use serde_json::Value;

use crate::commands::stop_signal;
use crate::http::Limits;
use crate::target::openapi::{self, Document};
use crate::target::{BaseUrl, Target};
use crate::verify;

/// The document that `named` means: a file, or what the service serves. Without a base URL, that of a document's URL is taken.
pub(super) async fn read(named: &str, url: &mut Option<String>) -> anyhow::Result<Value> {
    if url.is_none() && named.contains("://") {
        *url = Some(BaseUrl::parse(named)?.origin());
    }
    let base = url.as_deref().map(BaseUrl::parse).transpose()?;
    let document =
        base.as_ref().map(|base| Document::of(named, base)).transpose().map_err(anyhow::Error::msg).context("--openapi")?;
    let bytes = match (document, base) {
        (Some(Document::Served(path)), Some(base)) => served(base, &path).await?,
        (None, _) if named.starts_with('/') => {
            anyhow::bail!("{named} is a path of the service: give its --url, or name a file")
        }
        _ => std::fs::read(named).with_context(|| format!("cannot read {named}"))?,
    };
    openapi::parse(&bytes).with_context(|| named.to_owned())
}

async fn served(base: BaseUrl, path: &str) -> anyhow::Result<Vec<u8>> {
    let target = Arc::new(Target::new(base));
    let document = verify::document(&target, path, Limits::default(), &stop_signal()).await;
    document.map(Vec::from).map_err(|why| anyhow::anyhow!("{}{path}: {why}", target.base.origin()))
}
