//! Why no target could be made: which error when, and where it stands in the file.

use thiserror::Error;

use crate::target::validate::Mistake;
use crate::target::{BaseUrlError, ConfigurationError, File, MissingVariable, TransportError};

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

impl SelectError {
    /// Adds the line of the key that the error is about.
    pub(super) fn located(self, file: &File) -> Self {
        let place = match &self {
            Self::Value(target, mistake) => file.source.place(&[&["targets", target], mistake.key().as_slice()].concat()),
            Self::Tokens(target) => file.source.place(&["targets", target, "tokens"]),
            Self::Token(target, key, _) => file.source.place(&["targets", target, "tokens", key]),
            _ => None,
        };
        match place {
            Some(place) => Self::At { place, error: Box::new(self) },
            None => self,
        }
    }
}

fn each(missing: &[MissingVariable]) -> String {
    missing.iter().map(|variable| format!("\n  {} ({})", variable.name, variable.purpose)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Environment, select};
    use rstest::rstest;

    /// No token, and one that ends in the year 2286.
    const VARIABLES: [(&str, &str); 2] = [("OPAQUE", "5f2c"), ("ENDLESS", "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjk5OTk5OTk5OTl9.c2ln")];

    fn mistake(text: &str) -> String {
        let path = std::path::Path::new("postflight.toml");
        match File::parse(path, text) {
            Err(error) => error.to_string(),
            Ok(file) => select(Some(&file), Some("x"), &Environment::of(VARIABLES)).unwrap_err().to_string(),
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
    #[case::two_carriers(
        "tokens.carrier = { header = 'x-a', scheme = 'Token' }",
        "postflight.toml:3: exactly one key belongs into this table: it says one thing, in one of several ways"
    )]
    #[case::in_something(
        "paths.list = '/boards/{board_id}/cards'",
        "postflight.toml:3: targets.x: `paths.list`: `{board_id}` means nothing here; write `{user_id}` where it names the user; where it names what objects live in, describe that in `[targets.NAME.parent]` and write `{parent_id}`"
    )]
    #[case::no_parent(
        "paths.list = '/boards/{parent_id}/cards'",
        "postflight.toml:3: targets.x: `paths.list`: `{parent_id}` means nothing here; it is the id of what `[targets.NAME.parent]` describes; add that table"
    )]
    #[case::unnamed_parent(
        "parent = { list = '/boards' }",
        "postflight.toml:3: targets.x: `parent.list`: nothing says where its id goes: write `{parent_id}` in `paths.list` and `paths.item`, or in a field of `task.extra`"
    )]
    #[case::parent_without_a_list(
        "parent = { item = '/boards/{id}' }",
        "postflight.toml:3: the table has no key `list`, which it needs"
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
    #[case::csrf_without_a_cookie(
        "tokens.csrf = { header = 'x-csrf-token', token = '/csrf', path = '/csrf' }",
        "postflight.toml:3: targets.x: `tokens.csrf.header`: only a token in a cookie needs a CSRF token beside it: declare `carrier = { cookie = \"NAME\" }`, or leave this out"
    )]
    #[case::csrf_from_nowhere(
        "tokens.mint.secret = 'KEY'\ntokens.carrier = { cookie = 'session' }\ntokens.csrf = { header = 'x-csrf-token', token = { cookie = 'csrf' } }",
        "postflight.toml:5: targets.x: `tokens.csrf.token`: nobody signs in here: name the `path` that hands the CSRF token out"
    )]
    #[case::no_token_that_has_ended(
        "tokens.expired = 'OPAQUE'",
        "postflight.toml:3: targets.x.tokens.expired: variable OPAQUE holds no JWT that says when it ends"
    )]
    #[case::not_ended(
        "tokens.expired = 'ENDLESS'",
        "postflight.toml:3: targets.x.tokens.expired: the token in ENDLESS is good until 9999999999 (seconds since 1970): give one that has ended"
    )]
    #[case::no_subject(
        "paths.list = '/{user_id}/tasks'\ntokens.a = 'A'\ntokens.b = 'B'",
        "targets.x: 2 environment variables are not set:\n  A (it holds the token of user A)\n  B (it holds the token of user B)"
    )]
    fn a_mistake_is_one_error_with_its_line_and_what_to_write(#[case] text: &str, #[case] said: &str) {
        assert_eq!(mistake(&format!("[targets.x]\nurl = 'http://127.0.0.1'\n{text}\n")), said);
    }
}
