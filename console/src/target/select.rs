//! Turns the operator's word (a name of `postflight.toml`, or a URL) into a target, with secrets from the environment.

use std::path::{Path, PathBuf};

use serde_json::Value;
use thiserror::Error;

use super::file::{
    AlgorithmEntry, CarrierEntry, Entry, LoginEntry, MintEntry, PathsEntry, PolicyEntry, TaskEntry, TokensEntry, UpdateEntry,
};
use super::{
    Acceptance, Algorithm, BaseUrl, BaseUrlError, Carrier, Configuration, ConfigurationError, Environment, File, Login, Mint,
    MissingVariable, NamedUser, Origin, OriginError, Paths, Policy, Resource, Statuses, Target, Tokens, Transport, TransportError,
    Update,
};

/// Lifetime of minted tokens unless the target says otherwise: what Better Auth issues.
const LIFETIME_SECS: u64 = 900;

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
    /// An allowed origin is not one.
    #[error("targets.{0}.origins: {1}")]
    Origin(String, OriginError),
    /// A path lacks its placeholder or slash.
    #[error("targets.{0}.paths.{1}: {2}")]
    Path(String, &'static str, &'static str),
    /// Two ways of getting tokens were given.
    #[error("targets.{0}.tokens: give one of `a`/`b`, `mint` or `login`, not several")]
    Tokens(String),
    /// A variable is not set.
    #[error("targets.{0}: {1}")]
    Missing(String, MissingVariable),
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
    let found = file.and_then(|file| Some((file, file.targets.get(name)?)));
    let (file, entry) = found.ok_or_else(|| SelectError::Unknown(name.to_owned(), names_of(file)))?;
    let ours = |acceptance: &&Acceptance| acceptance.target.as_deref().is_none_or(|target| target == name);
    let accepted = file.accepted.iter().filter(ours).cloned().collect();
    Ok(Target { accepted, ..build(name, entry, &file.directory, environment)? })
}

/// Paths of the entry are relative to `directory`.
fn build(name: &str, entry: &Entry, directory: &Path, environment: &Environment) -> Result<Target, SelectError> {
    let missing = |error| SelectError::Missing(name.to_owned(), error);
    let origin = |text: &String| Origin::parse(text).map_err(|error| SelectError::Origin(name.to_owned(), error));
    let header = |(header, variable): (&String, &String)| {
        let value = environment.require(variable, &format!("it holds the value of the request header `{header}`"))?;
        Ok((header.to_ascii_lowercase(), value))
    };
    Ok(Target {
        name: name.to_owned(),
        origins: entry.origins.iter().map(origin).collect::<Result<_, _>>()?,
        transport: transport(name, entry, directory)?,
        paths: paths(name, &entry.paths)?,
        resource: resource(&entry.task),
        tokens: tokens(name, &entry.tokens, environment)?,
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
        ..Target::new(BaseUrl::parse(&entry.url)?)
    })
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

fn paths(name: &str, entry: &PathsEntry) -> Result<Paths, SelectError> {
    let default = Paths::default();
    let paths = Paths {
        list: entry.list.clone().unwrap_or(default.list),
        item: entry.item.clone().unwrap_or(default.item),
        toggle: entry.toggle.clone(),
        health: entry.health.clone(),
        live: entry.live.clone(),
        protected: entry.protected.clone(),
        docs: entry.docs.clone(),
    };
    let wrong = |path, why| Err(SelectError::Path(name.to_owned(), path, why));
    if !paths.item.contains("{id}") {
        return wrong("item", "must contain `{id}`, as in \"/api/tasks/{id}\"");
    }
    let optional = [("toggle", &paths.toggle), ("health", &paths.health), ("live", &paths.live)];
    let given = optional.into_iter().filter_map(|(key, path)| path.as_ref().map(|path| (key, path)));
    let relative = [("list", &paths.list), ("item", &paths.item)].into_iter().chain(given).find(|(_, path)| !path.starts_with('/'));
    if let Some((key, _)) = relative {
        return wrong(key, "must begin with `/`; the prefix belongs into `url`");
    }
    Ok(paths)
}

fn resource(entry: &TaskEntry) -> Resource {
    let mut resource = Resource { extra: entry.extra.clone(), ..Resource::default() };
    let set = |field: &mut String, value: &Option<String>| value.iter().for_each(|value| field.clone_from(value));
    set(&mut resource.fields.id, &entry.id);
    set(&mut resource.fields.items, &entry.items);
    set(&mut resource.fields.title, &entry.title);
    set(&mut resource.object, &entry.object);
    if let Some(done) = &entry.done {
        resource.fields.done = Some(done.clone()).filter(|done| !done.is_empty());
    }
    resource.update = match entry.update {
        Some(UpdateEntry::Put) => Update::Put,
        Some(UpdateEntry::Patch) => Update::Patch,
        Some(UpdateEntry::Both) | None => Update::Both,
    };
    resource
}

fn carrier(entry: Option<&CarrierEntry>) -> Carrier {
    match entry {
        None | Some(CarrierEntry::Bearer) => Carrier::Bearer,
        Some(CarrierEntry::Cookie(name)) => Carrier::Cookie(name.clone()),
        Some(CarrierEntry::Header(name)) => Carrier::Header(name.to_ascii_lowercase()),
    }
}

fn tokens(name: &str, entry: &TokensEntry, environment: &Environment) -> Result<Tokens, SelectError> {
    let missing = |error| SelectError::Missing(name.to_owned(), error);
    match (&entry.a, &entry.b, &entry.mint, &entry.login) {
        (None, None, None, None) => Ok(Tokens::None),
        (Some(a), b, None, None) => given(a, b.as_deref(), environment).map_err(missing),
        (None, None, Some(entry), None) => mint(entry, environment).map_err(missing),
        (None, None, None, Some(entry)) => login(entry, environment).map_err(missing),
        _ => Err(SelectError::Tokens(name.to_owned())),
    }
}

fn given(a: &str, b: Option<&str>, environment: &Environment) -> Result<Tokens, MissingVariable> {
    let token = |variable: &str, user| environment.require(variable, &format!("it holds the token of user {user}"));
    Ok(Tokens::Given { a: token(a, "A")?, b: b.map(|b| token(b, "B")).transpose()? })
}

fn mint(entry: &MintEntry, environment: &Environment) -> Result<Tokens, MissingVariable> {
    let algorithm = match entry.algorithm {
        AlgorithmEntry::Hs256 => Algorithm::Hs256,
        AlgorithmEntry::Hs384 => Algorithm::Hs384,
        AlgorithmEntry::Hs512 => Algorithm::Hs512,
    };
    Ok(Tokens::Mint(Box::new(Mint {
        secret: environment.require(&entry.secret, "it holds the key that tokens are minted with")?,
        variable: entry.secret.clone(),
        algorithm,
        kid: entry.kid.clone(),
        subjects: entry.subjects.clone(),
        claims: entry.claims.clone(),
        lifetime_secs: entry.lifetime.unwrap_or(LIFETIME_SECS),
    })))
}

fn login(entry: &LoginEntry, environment: &Environment) -> Result<Tokens, MissingVariable> {
    let [a, b] = &entry.users;
    let user = |user: &super::file::LoginUserEntry| {
        let password = environment.require(&user.password, &format!("it holds the password of `{}`", user.username))?;
        Ok(NamedUser { username: user.username.clone(), password })
    };
    Ok(Tokens::Login(Box::new(Login {
        path: entry.path.clone(),
        body: Value::Object(entry.body.clone()),
        form: entry.form,
        token: entry.token.clone(),
        users: [user(a)?, user(b)?],
    })))
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
        uniform_foreign: entry.uniform_foreign.unwrap_or(default.uniform_foreign),
        plain_write: statuses(&entry.plain_write, default.plain_write),
        max_leeway_secs: entry.max_leeway.unwrap_or(default.max_leeway_secs),
        max_lifetime_secs: entry.max_lifetime,
        issuer: entry.issuer.clone(),
        audience: entry.audience.clone(),
        known_subjects: entry.known_subjects.unwrap_or(default.known_subjects),
        methods: entry.methods.clone().unwrap_or(default.methods),
        request_headers: lower(&entry.request_headers, default.request_headers),
        exposed_headers: lower(&entry.exposed_headers, default.exposed_headers),
        credentials: entry.credentials.unwrap_or(default.credentials),
        docs_public: entry.docs_public.unwrap_or(default.docs_public),
        public: entry.public.clone().unwrap_or(default.public),
        headers: super::HeaderPolicy { required: lower(&entry.required_headers, default.headers.required) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let file = File::parse(FILE).unwrap();
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
    #[case(Some("production"), "targets.production: environment variable TOKEN_A is not set; it holds the token of user A")]
    #[case(Some("ftp://x"), "`ftp://x` has the scheme `ftp`; only http and https can be verified")]
    #[case(
        Some("https://u:p@x"),
        "the URL contains a user name or password; remove them and name a token variable in postflight.toml instead"
    )]
    fn what_cannot_be_selected_says_what_to_do(#[case] word: Option<&str>, #[case] message: &str) {
        assert_eq!(choose(word, &[]).unwrap_err().to_string(), message);
    }

    #[test]
    fn a_misspelt_key_is_shown_with_its_line() {
        let error = File::parse("[targets.x]\nurl = \"http://127.0.0.1\"\norigin = []\n").unwrap_err();
        insta::assert_snapshot!(error.lines().take(4).collect::<Vec<_>>().join("\n"), @r"
        TOML parse error at line 3, column 1
          |
        3 | origin = []
          | ^^^^^^
        ");
    }
}
