//! Turns the operator's word (a name of `postflight.toml`, or a URL) into a target, with secrets from the environment.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::credentials;
use super::entries::CarrierEntry;
use super::explain::suggestion;
use super::file::{
    Entry, HeaderEntry, HealthEntry, PathsEntry, PolicyEntry, ReleaseEntry, RouteAuthEntry, RouteEntry, TaskEntry, UpdateEntry,
};
use super::migrations;
use super::validate::Mistake;
use super::{
    Acceptance, BaseUrl, BaseUrlError, Carrier, Configuration, ConfigurationError, Declared, Environment, Fields, File,
    HeaderPolicy, HealthAt, MissingVariable, Offers, Origin, Paths, Place, Policy, ReleaseAt, Resource, Route, RouteAuth, Statuses,
    Target, Transport, TransportError, Update, validate,
};

/// The word of `task.id` for ids that are only in the header of that name.
pub(super) const LOCATION: &str = "location";

/// Why no target could be made.
#[derive(Debug, Error)]
pub enum SelectError {
    /// Neither a name nor a URL was given, and the file does not decide.
    #[error("name a target or give a URL; postflight.toml has {0}")]
    NoneGiven(String),
    /// No such target.
    #[error("postflight.toml has no target `{0}`; it has {1}")]
    Unknown(String, String),
    /// The URL is not one.
    #[error(transparent)]
    Url(#[from] BaseUrlError),
    /// A value of the file cannot be used; the key is given with the target's name.
    #[error("targets.{0}: {1}")]
    Value(String, Mistake),
    /// What is wrong stands at this place of the file.
    #[error("{place}: {error}")]
    At {
        /// `postflight.toml:12`.
        place: String,
        /// What is wrong.
        #[source]
        error: Box<SelectError>,
    },
    /// Two ways of getting the users' tokens were given.
    #[error(
        "targets.{0}.tokens: give one of `a`/`b`, `signup` or `login.users`, not several; `mint` may stand beside each of them"
    )]
    Tokens(String),
    /// A key of the table `tokens` cannot be used.
    #[error("targets.{0}.tokens.{1}: {2}")]
    Token(String, String, String),
    /// A variable is not set.
    #[error("targets.{0}: {1}")]
    Missing(String, MissingVariable),
    /// Several variables are not set.
    #[error("targets.{target}: {} environment variables are not set:{}", .missing.len(), each(.missing))]
    SeveralMissing {
        /// Name of the target.
        target: String,
        /// All of them.
        missing: Vec<MissingVariable>,
    },
    /// How the service is reached is not said rightly.
    #[error("targets.{0}.{1}")]
    Transport(String, TransportError),
    /// The report of the service's configuration is not one.
    #[error("targets.{0}.configuration: {1}")]
    Configuration(String, #[source] ConfigurationError),
}

/// The target that `word` means: a URL (public checks only, no credential), a name in `file`, or the only one there is.
pub fn select(file: Option<&File>, word: Option<&str>, environment: &Environment) -> Result<Target, SelectError> {
    match word {
        Some(url) if url.contains("://") => bare(url),
        Some(name) => named(file, name, environment),
        None => {
            let names: Vec<_> = file.into_iter().flat_map(|file| file.targets.keys()).collect();
            match names.as_slice() {
                [only] => named(file, only, environment),
                _ => Err(SelectError::NoneGiven(names_of(file))),
            }
        }
    }
}

fn names_of(file: Option<&File>) -> String {
    let names: Vec<_> = file.into_iter().flat_map(|file| file.targets.keys()).map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "no targets".to_owned() } else { names.join(", ") }
}

fn bare(url: &str) -> Result<Target, SelectError> {
    let base = BaseUrl::parse(url)?;
    let paths = Paths { health: Some("/health".into()), live: None, toggle: None, ..Paths::default() };
    Ok(Target { name: base.host().to_owned(), paths, ..Target::new(base) })
}

fn named(file: Option<&File>, name: &str, environment: &Environment) -> Result<Target, SelectError> {
    let (file, entry) = file
        .and_then(|file| Some((file, file.targets.get(name)?)))
        .ok_or_else(|| SelectError::Unknown(name.to_owned(), names_of(file)))?;
    let built = validate::entry(entry).map_err(|mistake| SelectError::Value(name.to_owned(), mistake)).and_then(|()| {
        let (lenient, missing) = environment.lenient();
        let built = build(name, entry, &file.source.directory(), &lenient)
            .and_then(|target| Ok(Target { stand_in: stand_in(file, name, entry, &lenient)?, ..target }));
        match missing.taken().as_slice() {
            [] => built,
            [only] => Err(SelectError::Missing(name.to_owned(), only.clone())),
            several => Err(SelectError::SeveralMissing { target: name.to_owned(), missing: several.to_vec() }),
        }
    });
    let ours = |acceptance: &&Acceptance| acceptance.target.as_deref().is_none_or(|target| target == name);
    let accepted: Vec<_> = file.accepted.iter().filter(ours).cloned().collect();
    let accepting = |target: Box<Target>| Box::new(Target { accepted: accepted.clone(), ..*target });
    built
        .map(|target| Target { stand_in: target.stand_in.map(accepting), accepted: accepted.clone(), ..target })
        .map_err(|error| located(file, error))
}

/// The target that stands in for `name` where a check needs the signing key. One that stands in for another has nobody to stand in for it.
fn stand_in(file: &File, name: &str, entry: &Entry, environment: &Environment) -> Result<Option<Box<Target>>, SelectError> {
    let Some(other) = &entry.stand_in else { return Ok(None) };
    let wrong = |why: String| SelectError::Value(name.to_owned(), Mistake::at(["stand_in"], why));
    let names = || file.targets.keys().map(String::as_str).filter(|known| *known != name);
    let none = || wrong(format!("there is no other target `{other}` in this file{}", suggestion(other, names())));
    let theirs = file.targets.get(other).filter(|_| other != name).ok_or_else(none)?;
    validate::entry(theirs).map_err(|mistake| SelectError::Value(other.clone(), mistake))?;
    let target = build(other, theirs, &file.source.directory(), environment)?;
    let keyless = || wrong(format!("`{other}` has no signing key either; give it `tokens.mint`"));
    target.mint().is_some().then(|| Some(Box::new(target))).ok_or_else(keyless)
}

/// Adds the line of the key that the error is about.
fn located(file: &File, error: SelectError) -> SelectError {
    let place = match &error {
        SelectError::Value(target, mistake) => file.source.place(&[&["targets", target], mistake.key().as_slice()].concat()),
        SelectError::Tokens(target) => file.source.place(&["targets", target, "tokens"]),
        SelectError::Token(target, key, _) => file.source.place(&["targets", target, "tokens", key]),
        _ => None,
    };
    match place {
        Some(place) => SelectError::At { place, error: Box::new(error) },
        None => error,
    }
}

fn each(missing: &[MissingVariable]) -> String {
    missing.iter().map(|variable| format!("\n  {} ({})", variable.name, variable.purpose)).collect()
}

/// Paths of the entry are relative to `directory`.
fn build(name: &str, entry: &Entry, directory: &Path, environment: &Environment) -> Result<Target, SelectError> {
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
        release: release(&entry.release, directory).map_err(|why| invalid("release.migrations", why))?,
        health: health(&entry.health),
        tokens,
        accounts,
        other_keys,
        carrier: carrier(entry.tokens.carrier.as_ref()),
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
    document(&mut target, entry, directory).map_err(|why| invalid("openapi", why))?;
    Ok(target)
}

fn by_hand(entry: &RouteEntry, paths: &Paths) -> Route {
    let methods = entry.methods.as_deref().unwrap_or_default().iter().map(|method| method.to_ascii_uppercase()).collect::<Vec<_>>();
    let methods = if methods.is_empty() { vec!["GET".to_owned()] } else { methods };
    let auth = if entry.auth == Some(RouteAuthEntry::None) { RouteAuth::None } else { RouteAuth::Bearer };
    Route::by_hand(&entry.path, methods, auth, paths)
}

/// The OpenAPI document: read now where it is a file, noted for later where the target serves it.
fn document(target: &mut Target, entry: &Entry, directory: &Path) -> Result<(), String> {
    let Some(named) = &entry.openapi else { return Ok(()) };
    if named.starts_with('/') {
        target.openapi = Some(named.clone());
    } else if named.contains("://") {
        let base = target.base.to_string();
        let below = named.strip_prefix(&base).filter(|path| path.starts_with('/'));
        target.openapi = Some(
            below
                .ok_or_else(|| format!("must be below {base}, the target's own `url`; else save it and name the file"))?
                .to_owned(),
        );
    } else {
        let path = directory.join(named);
        let bytes = std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        target.add_document(&bytes);
        if let Some(trouble) = target.routes.trouble.take() {
            return Err(format!("{}: {trouble}", path.display()));
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

fn paths(entry: &PathsEntry) -> Paths {
    let default = Paths::default();
    Paths {
        list: entry.list.clone().unwrap_or(default.list),
        read: entry.read.clone(),
        item: entry.item.clone().unwrap_or(default.item),
        toggle: entry.toggle.clone(),
        health: entry.health.clone(),
        live: entry.live.clone(),
        jwks: entry.jwks.clone(),
        protected: entry.protected.clone(),
        docs: entry.docs.clone(),
    }
}

fn resource(entry: &TaskEntry) -> Resource {
    let default = Resource::default();
    let or = |given: &Option<String>, default: String| given.clone().unwrap_or(default);
    let in_location = entry.id.as_deref() == Some(LOCATION);
    Resource {
        fields: Fields {
            id: or(&entry.id.clone().filter(|_| !in_location), default.fields.id),
            items: or(&entry.items, default.fields.items),
            title: or(&entry.title, default.fields.title),
            done: entry.done.clone().map_or(default.fields.done, |done| Some(done).filter(|done| !done.is_empty())),
        },
        extra: entry.extra.clone(),
        put: entry.put.clone(),
        envelope: entry.envelope.clone(),
        update: match entry.update {
            Some(UpdateEntry::Put) => Update::Put,
            Some(UpdateEntry::Patch) => Update::Patch,
            Some(UpdateEntry::Both) | None => Update::Both,
            Some(UpdateEntry::None) => Update::None,
        },
        object: or(&entry.object, default.object),
        created: entry.created_object.clone(),
        id_in_location: in_location,
        offers: Offers { get: entry.get.unwrap_or(true), list: entry.list.unwrap_or(true), delete: entry.delete.unwrap_or(true) },
    }
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

fn health(entry: &HealthEntry) -> HealthAt {
    HealthAt {
        dependencies: entry.database.iter().chain(&entry.dependencies).cloned().collect(),
        good: entry.ok.iter().map(|word| word.to_lowercase()).collect(),
    }
}

fn headers(entry: &PolicyEntry) -> HeaderPolicy {
    let lower = |name: &String| name.to_ascii_lowercase();
    let mut policy =
        HeaderPolicy { required: entry.required_headers.iter().flatten().map(lower).collect(), ..HeaderPolicy::default() };
    for (name, rule) in &entry.headers {
        match rule {
            HeaderEntry::Required => policy.required.push(lower(name)),
            HeaderEntry::Optional => policy.optional.push(lower(name)),
            HeaderEntry::Forbidden => policy.forbidden.push(lower(name)),
            HeaderEntry::Value(value) => policy.exact.push((lower(name), value.clone())),
        }
    }
    policy
}

fn carrier(entry: Option<&CarrierEntry>) -> Carrier {
    match entry {
        None | Some(CarrierEntry::Bearer) => Carrier::Bearer,
        Some(CarrierEntry::Cookie(name)) => Carrier::Cookie(name.clone()),
        Some(CarrierEntry::Header(name)) => Carrier::Header(name.to_ascii_lowercase()),
    }
}

fn policy(entry: &PolicyEntry) -> Policy {
    let default = Policy::default();
    let statuses = |given: &Option<Vec<u16>>, default| given.as_ref().map_or(default, |codes| Statuses::of(codes.iter().copied()));
    let lower = |given: &Option<Vec<String>>, default| {
        given.as_ref().map_or(default, |names| names.iter().map(|name| name.to_ascii_lowercase()).collect())
    };
    Policy {
        unauthenticated: statuses(&entry.unauthenticated, default.unauthenticated),
        refused_token: statuses(&entry.refused_token, default.refused_token),
        foreign: statuses(&entry.foreign, default.foreign),
        missing: statuses(&entry.missing, default.missing),
        deleted: statuses(&entry.deleted, default.deleted),
        uniform_foreign: entry.uniform_foreign.unwrap_or(default.uniform_foreign),
        plain_write: statuses(&entry.plain_write, default.plain_write),
        max_leeway_secs: entry.max_leeway.unwrap_or(default.max_leeway_secs),
        max_lifetime_secs: entry.max_lifetime,
        issuer: entry.issuer.clone(),
        audience: entry.audience.clone(),
        known_subjects: entry.known_subjects.unwrap_or(default.known_subjects),
        previous_secret_valid: entry.previous_secret_valid.unwrap_or(default.previous_secret_valid),
        revocation: entry.revocation.unwrap_or(default.revocation),
        login_limit: entry.login_limit,
        methods: entry.methods.clone().unwrap_or(default.methods),
        request_headers: lower(&entry.request_headers, default.request_headers),
        exposed_headers: lower(&entry.exposed_headers, default.exposed_headers),
        credentials: entry.credentials.unwrap_or(default.credentials),
        docs_public: entry.docs_public.unwrap_or(default.docs_public),
        public: entry.public.clone().unwrap_or(default.public),
        headers: headers(entry),
        declared: declared(entry),
    }
}

fn declared(entry: &PolicyEntry) -> Declared {
    let lower = |name: &Option<String>| name.as_ref().map(|name| name.to_ascii_lowercase());
    Declared {
        rate_limit: entry.rate_limit,
        max_body: entry.max_body,
        problem: entry.problem.clone(),
        request_id: lower(&entry.request_id),
        idempotency_header: lower(&entry.idempotency_header),
        header_timeout: entry.header_timeout,
        body_timeout: entry.body_timeout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Tokens;
    use rstest::rstest;

    const FILE: &str = r#"
        [targets.production]
        url = "https://api.example.com/v1"
        origins = ["https://app.vercel.app"]
        [targets.production.tokens]
        a = "TOKEN_A"
        b = "TOKEN_B"
        [targets.production.paths]
        health = "/health"
        [targets.staging]
        url = "http://127.0.0.1:1"
        [targets.staging.tokens.mint]
        secret = "KEY"
        claims = { aud = "api", level = 3 }
    "#;

    fn choose(word: Option<&str>, variables: &[(&str, &str)]) -> Result<Target, SelectError> {
        let file = File::parse(std::path::Path::new("postflight.toml"), FILE).unwrap();
        select(Some(&file), word, &Environment::of(variables.iter().copied()))
    }

    #[test]
    fn a_named_target_takes_its_secrets_from_the_environment_and_never_prints_them() {
        let target = choose(Some("production"), &[("TOKEN_A", "hush-a"), ("TOKEN_B", "hush-b")]).unwrap();
        assert_eq!(target.base.join("/x"), "https://api.example.com/v1/x");
        assert!(matches!(target.tokens, Tokens::Given { b: Some(_), .. }));
        assert!(!target.may_write());
        assert!(!format!("{target:?}").contains("hush"));
        let staging = choose(Some("staging"), &[("KEY", "hush")]).unwrap();
        assert!(matches!(&staging.tokens, Tokens::Mint(mint) if mint.claims["level"] == 3));
        assert!(!format!("{staging:?}").contains("hush"));
    }

    #[test]
    fn a_bare_url_gets_no_credential() {
        let target = choose(Some("https://other.example"), &[("TOKEN_A", "a")]).unwrap();
        assert!(matches!(target.tokens, Tokens::None));
    }

    #[rstest]
    #[case(None, "name a target or give a URL; postflight.toml has `production`, `staging`")]
    #[case(Some("prod"), "postflight.toml has no target `prod`; it has `production`, `staging`")]
    #[case(
        Some("production"),
        "targets.production: 2 environment variables are not set:\n  TOKEN_A (it holds the token of user A)\n  TOKEN_B (it holds the token of user B)"
    )]
    #[case(Some("staging"), "targets.staging: environment variable KEY is not set; it holds the key that tokens are minted with")]
    #[case(Some("ftp://x"), "`ftp://x` has the scheme `ftp`; only http and https can be verified")]
    #[case(
        Some("https://u:p@x"),
        "the URL contains a user name or password; remove them and name a token variable in postflight.toml instead"
    )]
    fn what_cannot_be_selected_says_what_to_do(#[case] word: Option<&str>, #[case] message: &str) {
        assert_eq!(choose(word, &[]).unwrap_err().to_string(), message);
    }

    fn mistake(text: &str) -> String {
        let path = std::path::Path::new("postflight.toml");
        match File::parse(path, text) {
            Err(error) => error.to_string(),
            Ok(file) => select(Some(&file), Some("x"), &Environment::default()).unwrap_err().to_string(),
        }
    }

    #[rstest]
    #[case::express(
        "paths.list = '/api/:userId/tasks'",
        "postflight.toml:3: targets.x: `paths.list`: `:userId` means nothing here; write `{user_id}`"
    )]
    #[case::unfilled(
        "tokens.login = { path = '/login', body = { email = '{user}' }, token = '/t' }",
        "postflight.toml:3: targets.x: `tokens.login.body`: nothing fills `{user}`; write `{username}`"
    )]
    #[case::dotted(
        "tokens.login = { path = '/login', body = { email = '{email}' }, token = 'data.token' }",
        "postflight.toml:3: targets.x: `tokens.login.token`: must be a JSON pointer (RFC 6901): write \"/data/token\""
    )]
    #[case::carrier(
        "tokens.carrier = 'cookie'",
        "postflight.toml:3: a value of another kind where a table with a name, like { cookie = \"session\" }, belongs"
    )]
    #[case::one_user(
        "tokens.login = { path = '/login', users = [{ username = 'a', password = 'A' }] }",
        "postflight.toml:3: 1 where exactly 2 belong"
    )]
    #[case::misspelt("origin = []", "postflight.toml:3: `origin` is no key here; did you mean `origins`?")]
    #[case::kind("origins = 'https://a'", "postflight.toml:3: a text where an array, like [\"…\"], belongs")]
    #[case::variant("task.update = 'pacth'", "postflight.toml:3: `pacth` is no value of this key; did you mean `patch`?")]
    #[case::twice(
        "[targets.x.paths]\n[targets.x.paths]",
        "postflight.toml:4: this key or table is there twice; remove one of them"
    )]
    #[case::origin(
        "origins = [\n'https://a.example',\n'https://A.example/']",
        "postflight.toml:5: targets.x: `origins`: a browser sends this origin as `https://a.example`, not as `https://A.example/`; declare it in that form"
    )]
    #[case::no_id(
        "paths.item = '/tasks'",
        "postflight.toml:3: targets.x: `paths.item`: must contain `{id}`, as in \"/tasks/{id}\""
    )]
    #[case::other_name(
        "paths.item = '/tasks/{task_id}'",
        "postflight.toml:3: targets.x: `paths.item`: `{task_id}` means nothing here; write `{id}`"
    )]
    #[case::relative(
        "[targets.x.paths]\nlist = 'tasks'",
        "postflight.toml:4: targets.x: `paths.list`: must begin with `/`: write \"/tasks\"; a prefix of all paths belongs into `url`"
    )]
    #[case::status(
        "policy.foreign = [404, 40]",
        "postflight.toml:3: targets.x: `policy.foreign`: a status is a number from 100 to 599 (RFC 9110, 15)"
    )]
    #[case::success(
        "policy.foreign = [200]",
        "postflight.toml:3: targets.x: `policy.foreign`: a success is no refusal; with it the check could not fail"
    )]
    #[case::pointer(
        "task.items = 'data.items'",
        "postflight.toml:3: targets.x: `task.items`: must be a JSON pointer (RFC 6901): write \"/data/items\""
    )]
    #[case::secret(
        "tokens.a = 'eyJhbGciOi.J9.x'",
        "postflight.toml:3: targets.x: `tokens.a`: takes the name of an environment variable, such as \"POSTFLIGHT_TOKEN_A\", never the secret itself"
    )]
    #[case::two_ways(
        "tokens.a = 'A'\ntokens.signup = { path = '/join', body = {}, token = '/token' }",
        "postflight.toml:3: targets.x.tokens: give one of `a`/`b`, `signup` or `login.users`, not several; `mint` may stand beside each of them"
    )]
    #[case::no_stand_in(
        "stand_in = 'stagng'\n[targets.staging]\nurl = 'http://127.0.0.1:1'",
        "postflight.toml:3: targets.x: `stand_in`: there is no other target `stagng` in this file; did you mean `staging`?"
    )]
    #[case::keyless_stand_in(
        "stand_in = 'staging'\n[targets.staging]\nurl = 'http://127.0.0.1:1'",
        "postflight.toml:3: targets.x: `stand_in`: `staging` has no signing key either; give it `tokens.mint`"
    )]
    #[case::no_accounts(
        "tokens.login = { path = '/login', token = '/token' }",
        "postflight.toml:3: targets.x.tokens.login: name the two `users` who sign in, or a `signup`"
    )]
    #[case::no_subject(
        "paths.list = '/{user_id}/tasks'\ntokens.a = 'A'\ntokens.b = 'B'",
        "targets.x: 2 environment variables are not set:\n  A (it holds the token of user A)\n  B (it holds the token of user B)"
    )]
    fn a_mistake_is_one_error_with_its_line_and_what_to_write(#[case] text: &str, #[case] said: &str) {
        assert_eq!(mistake(&format!("[targets.x]\nurl = 'http://127.0.0.1'\n{text}\n")), said);
    }
}
