//! Turns the operator's word (a name of `postflight.toml`, or a URL) into a target, with secrets from the environment.
//!
//! Owns which entry is meant; `build` makes the target of it, `convert` its parts, and `error` says why there is none.

mod build;
mod convert;
mod error;

use super::explain::suggestion;
use super::file::Entry;
use super::validate::Mistake;
use super::{Acceptance, BaseUrl, Environment, File, Paths, Target, validate};

use build::build;
pub(super) use convert::LOCATION;
pub use error::SelectError;

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
    let paths = Paths { health: Some("/health".into()), live: None, toggle: None, guessed: true, ..Paths::default() };
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
        .map_err(|error| error.located(file))
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
}
