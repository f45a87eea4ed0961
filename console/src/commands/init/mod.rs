//! `console init`: a commented target in postflight.toml, from flags or by asking. What is written is loaded once before: a file that would
//! not load is never written.

mod ask;
mod document;
mod write;

use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::Exit;
use crate::cli::{InitArgs, Stack};
use crate::target::entrance::{Entrance, carrier, removal, sign_in, sign_out, sign_up};
use crate::target::look::Look;
use crate::target::propose::{Proposal, propose};
use crate::target::{Environment, File, SelectError, select};

/// Everything that a new target says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answers {
    name: String,
    url: String,
    origins: Vec<String>,
    list: String,
    item: String,
    toggle: Option<String>,
    health: Option<String>,
    live: Option<String>,
    openapi: Option<String>,
    tokens: Tokens,
    /// Where a token travels: `header` or `cookie`, and its name.
    carrier: Option<(&'static str, String)>,
    update: Option<&'static str>,
    look: Look,
    parents: Option<(String, Look)>,
}

/// Where tokens come from: names of variables, or accounts that sign in and, where they are made for each run, up.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tokens {
    Given { a: String, b: String },
    Mint { secret: String },
    Accounts(Box<Entrances>),
}

/// How accounts get in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entrances {
    login: Option<Entrance>,
    signup: Option<Entrance>,
    /// What ends a session, and an account.
    logout: Option<String>,
    delete: Option<String>,
}

impl Tokens {
    /// Accounts that sign in, and up: who signs up by an address alone signs in by it.
    fn accounts(mut login: Option<Entrance>, signup: Option<Entrance>, document: Option<&Value>) -> Self {
        if signup.as_ref().is_some_and(|signup| !signup.takes("{username}")) {
            login = login.map(|login| login.instead("{username}", "{email}"));
        }
        let (logout, delete) = (document.and_then(sign_out), document.and_then(removal).filter(|_| signup.is_some()));
        Self::Accounts(Box::new(Entrances { login, signup, logout, delete }))
    }

    /// What the flags say, by the document where there is one; else how the document signs in, unless a person is asked for that; else tokens in
    /// variables.
    fn of(args: &InitArgs, document: Option<&Value>, asking: bool) -> Self {
        if let Some(secret) = &args.mint_variable {
            return Self::Mint { secret: secret.clone() };
        }
        let entrance = |path: &String, read: fn(&Value, Option<&str>) -> Option<Entrance>| {
            let told = document.and_then(|document| read(document, Some(path)));
            Entrance { path: path.clone(), ..told.unwrap_or_else(|| Entrance::usual(path)) }
        };
        if args.login.is_some() || args.signup.is_some() {
            let signup = args.signup.as_ref().map(|path| entrance(path, sign_up));
            // Who is made by a sign-up that brings no token signs in.
            let brings_none = signup.as_ref().is_some_and(|signup| signup.token.is_none());
            let beside = || document.filter(|_| brings_none).and_then(|document| sign_in(document, None));
            let login = args.login.as_ref().map(|path| entrance(path, sign_in)).or_else(beside);
            return Self::accounts(login, signup, document);
        }
        let (a, b) = (&args.token_a_variable, &args.token_b_variable);
        let documented = document.filter(|_| a.is_none() && b.is_none() && !asking);
        if let Some(login) = documented.and_then(|document| sign_in(document, None)) {
            return Self::accounts(Some(login), documented.and_then(|document| sign_up(document, None)), document);
        }
        let variable = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
        Self::Given { a: variable(a, "POSTFLIGHT_TOKEN_A"), b: variable(b, "POSTFLIGHT_TOKEN_B") }
    }
}

/// Writes the target that `args` describe, and asks for the rest on a terminal.
pub(super) async fn run(mut args: InitArgs) -> anyhow::Result<Exit> {
    let document = match args.openapi.clone() {
        Some(named) => Some(document::read(&named, &mut args.url).await?),
        None => None,
    };
    let args = &args;
    let proposal = document.as_ref().map(propose).unwrap_or_default().below(args.url.as_deref().unwrap_or_default());
    let terminal = std::io::stdin().is_terminal();
    let answers = match missing(args, &proposal, document.as_ref()) {
        missing if missing.is_empty() || terminal => gathered(args, &proposal, document.as_ref(), terminal && !missing.is_empty())?,
        missing => anyhow::bail!("{} missing; give them as flags, or run on a terminal to be asked", missing.join(", ")),
    };
    let existing = match std::fs::read_to_string(&args.file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", args.file.display())),
    };
    let text = write::file(existing.as_deref(), &answers, args.force).with_context(|| args.file.display().to_string())?;
    loads(&args.file, &text, &answers.name)?;
    std::fs::write(&args.file, text).with_context(|| format!("cannot write {}", args.file.display()))?;
    crate::output::say(&next_steps(&args.file, &answers));
    Ok(Exit::Pass)
}

/// The flags without which nothing useful can be written.
fn missing(args: &InitArgs, proposal: &Proposal, document: Option<&Value>) -> Vec<&'static str> {
    let documented = document.is_some_and(|document| sign_in(document, None).is_some());
    let accounts = args.login.is_some() || args.signup.is_some() || documented;
    let tokens = args.mint_variable.is_some() || accounts || (args.token_a_variable.is_some() && args.token_b_variable.is_some());
    let needed = [
        ("--url", args.url.is_some()),
        ("--list", args.list.is_some() || proposal.list.is_some()),
        ("--item", args.item.is_some() || proposal.item.is_some()),
        ("--token-a-variable and --token-b-variable (or --mint-variable, --login, --signup)", tokens),
    ];
    needed.into_iter().filter(|(_, there)| !there).map(|(flag, _)| flag).collect()
}

/// The answers of the flags, of the document where a flag is absent, and of a person for the rest.
fn gathered(args: &InitArgs, proposal: &Proposal, document: Option<&Value>, asking: bool) -> anyhow::Result<Answers> {
    let stack = args.stack.map_or((None, false), shape);
    let flags = Answers {
        name: args.name.clone(),
        url: args.url.clone().unwrap_or_default(),
        origins: args.origin.clone(),
        list: args.list.clone().or_else(|| proposal.list.clone()).unwrap_or_else(|| "/api/tasks".to_owned()),
        item: args.item.clone().or_else(|| proposal.item.clone()).unwrap_or_default(),
        toggle: args.toggle.clone().or_else(|| proposal.toggle.clone()),
        health: args.health.clone().or_else(|| proposal.health.clone()),
        live: proposal.live.clone(),
        openapi: args.openapi.clone(),
        tokens: Tokens::of(args, document, asking),
        carrier: document.and_then(carrier),
        update: proposal.update.or(stack.0),
        parents: proposal.parents.clone().filter(|_| args.list.is_none() && args.item.is_none()),
        look: Look { items: proposal.look.items.clone().or_else(|| stack.1.then(String::new)), ..proposal.look.clone() },
    };
    if asking { ask::rest(flags, args, document) } else { Ok(flags) }
}

/// How tutorials of a stack update, and whether their lists are bare arrays.
const fn shape(stack: Stack) -> (Option<&'static str>, bool) {
    match stack {
        Stack::Fastapi | Stack::Express | Stack::Flask => (Some("put"), true),
        Stack::Axum => (None, false),
    }
}

/// Loads what is about to be written. Variables that are not set yet are no mistake of the file.
fn loads(path: &Path, text: &str, name: &str) -> anyhow::Result<()> {
    let file = File::parse(path, text)?;
    match select(Some(&file), Some(name), &Environment::default()) {
        Ok(_) | Err(SelectError::Missing(..) | SelectError::SeveralMissing { .. }) => Ok(()),
        Err(error) => Err(error).context("nothing was written"),
    }
}

fn next_steps(path: &Path, answers: &Answers) -> String {
    let variables = match &answers.tokens {
        Tokens::Given { a, b } => format!("set {a} and {b} to the tokens of two different users"),
        Tokens::Mint { secret } => format!("set {secret} to the signing key of the service"),
        Tokens::Accounts(accounts) if accounts.signup.is_some() => {
            "look at the bodies of `signup` and `login`, and allow writes if the service is not on this machine".to_owned()
        }
        Tokens::Accounts(_) => format!(
            "name two accounts of the service under `users`, set {} and {} to their passwords",
            write::PASSWORDS[0],
            write::PASSWORDS[1]
        ),
    };
    let name = &answers.name;
    format!(
        "wrote the target `{name}` to {}\nnext: {variables}, then\n  console verify {name} --plan\n  console verify {name}\n",
        path.display()
    )
}
