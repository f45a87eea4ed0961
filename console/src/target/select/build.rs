//! A target made of its entry and of what the entry names: variables of the environment, and files beside `postflight.toml`.

use std::path::{Path, PathBuf};

use super::convert::{by_hand, carrier, csrf, health, parent, paths, policy, resource};
use super::error::SelectError;
use crate::target::file::{Entry, ReleaseEntry};
use crate::target::openapi::Document;
use crate::target::validate::Mistake;
use crate::target::{BaseUrl, Configuration, Environment, Origin, Place, ReleaseAt, Target, Transport, credentials, migrations};

/// Paths of the entry are relative to `directory`.
pub(super) fn build(name: &str, entry: &Entry, directory: &Path, environment: &Environment) -> Result<Target, SelectError> {
    let missing = |error| SelectError::Missing(name.to_owned(), error);
    let invalid = |key: &str, why: String| SelectError::Value(name.to_owned(), Mistake::at([key], why));
    let origin = |text: &String| Origin::parse(text).map_err(|error| invalid("origins", error.to_string()));
    let header = |(header, variable): (&String, &String)| {
        let value = environment.require(variable, &format!("it holds the value of the request header `{header}`"))?;
        Ok((header.to_ascii_lowercase(), value))
    };
    let (tokens, accounts, other_keys) = credentials::read(name, &entry.tokens, environment)?;
    let mut target = Target {
        name: name.to_owned(),
        origins: entry.origins.iter().map(origin).collect::<Result<_, _>>()?,
        transport: transport(name, entry, directory)?,
        paths: paths(&entry.paths),
        resource: resource(&entry.task),
        parent: entry.parent.as_ref().map(|parent| self::parent(parent, &entry.task)),
        release: release(&entry.release, directory).map_err(|why| invalid("release.migrations", why))?,
        health: health(&entry.health),
        tokens,
        accounts,
        other_keys,
        carrier: carrier(entry.tokens.carrier.as_ref()),
        csrf: entry.tokens.csrf.as_ref().map(csrf),
        policy: policy(&entry.policy),
        allow_writes: entry.allow_writes,
        limits: entry.limits,
        ask_origins: entry.ask_origins,
        app_header: entry.app_header.as_ref().map(|name| name.to_ascii_lowercase()),
        headers: entry.headers.iter().map(header).collect::<Result<_, _>>().map_err(missing)?,
        declared_secrets: entry.secrets.clone(),
        repository: entry.repository.as_ref().map(|path| directory.join(path)),
        configuration: configuration(name, entry, directory)?,
        allow_unsafe_routes: entry.allow_unsafe_routes,
        ..Target::new(BaseUrl::parse(&entry.url).map_err(|error| invalid("url", error.to_string()))?)
    };
    target.add_routes(entry.routes.iter().map(|route| by_hand(route, &target.paths)).collect());
    target.add_parents();
    document(&mut target, entry, directory).map_err(|why| invalid("openapi", why))?;
    Ok(target)
}

/// The OpenAPI document: read now where it is a file, noted for later where the target serves it.
fn document(target: &mut Target, entry: &Entry, directory: &Path) -> Result<(), String> {
    let Some(named) = &entry.openapi else { return Ok(()) };
    match Document::of(named, &target.base)? {
        Document::Served(path) => target.openapi = Some(path),
        Document::File(file) => {
            let path = directory.join(file);
            let bytes = std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            target.add_document(&bytes);
            if let Some(trouble) = target.routes.trouble.take() {
                return Err(format!("{}: {trouble}", path.display()));
            }
        }
    }
    Ok(())
}

fn transport(name: &str, entry: &Entry, directory: &Path) -> Result<Transport, SelectError> {
    let ca = entry.ca.as_ref().map(|path| directory.join(path));
    Transport::read(ca.as_deref(), entry.plain_http.as_deref(), entry.direct.as_deref())
        .map_err(|error| SelectError::Transport(name.to_owned(), error))
}

fn configuration(name: &str, entry: &Entry, directory: &Path) -> Result<Option<Configuration>, SelectError> {
    let read = |path: &PathBuf| {
        Configuration::read(&directory.join(path)).map_err(|error| SelectError::Configuration(name.to_owned(), error))
    };
    entry.configuration.as_ref().map(read).transpose()
}

fn release(entry: &ReleaseEntry, directory: &Path) -> Result<ReleaseAt, String> {
    let place = |text: &Option<String>| text.as_deref().map(Place::of);
    let newest = entry.migrations.as_ref().map(|path| migrations::newest(&directory.join(path))).transpose()?;
    Ok(ReleaseAt {
        path: entry.path.clone(),
        commit: place(&entry.commit),
        version: place(&entry.version),
        deployment: place(&entry.deployment),
        started_at: place(&entry.started_at),
        replica: place(&entry.replica),
        environment: place(&entry.environment),
        schema: place(&entry.schema),
        schema_head: entry.schema_head.clone().or(newest),
    })
}
