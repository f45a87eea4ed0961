//! Plain questions on standard error, answers from standard input: one line each, an empty one for what stands in brackets.

use std::io::{BufRead as _, Write as _};

use serde_json::Value;

use super::{Answers, Tokens};
use crate::cli::InitArgs;
use crate::target::entrance::{Entrance, sign_in, sign_up};
use crate::target::{BaseUrl, Origin};

/// Asks for what the flags left open.
pub(super) fn rest(mut answers: Answers, args: &InitArgs, document: Option<&Value>) -> anyhow::Result<Answers> {
    if args.url.is_none() {
        answers.url = question("Base URL of the service, like https://api.example.com", "", |text| {
            BaseUrl::parse(text).map(drop).map_err(|error| error.to_string())
        })?;
    }
    if args.origin.is_empty() {
        let text = question("Origins that browsers may use, with spaces between", "none", origins)?;
        answers.origins = text.split_whitespace().filter(|word| *word != "none").map(str::to_owned).collect();
    }
    if args.list.is_none() {
        answers.list = question("Path of the collection; {user_id} where it names the user", &answers.list, path)?;
    }
    if args.item.is_none() {
        let guess = format!("{}/{{id}}", answers.list.trim_end_matches('/'));
        let guess = if answers.item.is_empty() { guess } else { answers.item.clone() };
        answers.item = question("Path of one object, with {id}", &guess, object)?;
    }
    if args.health.is_none() {
        let guess = answers.health.clone().unwrap_or_else(|| "none".to_owned());
        let text = question("Path of deep health", &guess, |text| if text == "none" { Ok(()) } else { path(text) })?;
        answers.health = Some(text).filter(|text| text != "none");
    }
    if args.token_a_variable.is_none() && args.token_b_variable.is_none() {
        answers.tokens = accounts(answers.tokens, document)?;
    }
    if let Tokens::Given { a, b } = &mut answers.tokens {
        *a = question("Variable that holds the token of user A", a, variable)?;
        *b = question("Variable that holds the token of user B", b, variable)?;
    }
    Ok(answers)
}

/// Whether accounts sign in or up; else tokens stay what they are.
fn accounts(tokens: Tokens, document: Option<&Value>) -> anyhow::Result<Tokens> {
    let Tokens::Given { .. } = tokens else { return Ok(tokens) };
    let entrance = |words: &str, read: fn(&Value, Option<&str>) -> Option<Entrance>| {
        let told = document.and_then(|document| read(document, None));
        let guess = told.as_ref().map_or("none", |told| told.path.as_str());
        let text = question(words, guess, |text| if text == "none" { Ok(()) } else { path(text) })?;
        let same = told.filter(|told| told.path == text);
        anyhow::Ok((text != "none").then(|| same.unwrap_or_else(|| Entrance::usual(&text))))
    };
    let login = entrance("Path of the sign-in, to get tokens by; none where variables hold them", sign_in)?;
    let Some(login) = login else { return Ok(tokens) };
    let signup = entrance("Path of the sign-up, for accounts of each run's own; none where two accounts exist", sign_up)?;
    Ok(Tokens::accounts(Some(login), signup, document))
}

/// Asks until the answer passes `check`; an empty answer is `default`, where there is one.
fn question(words: &str, default: &str, check: impl Fn(&str) -> Result<(), String>) -> anyhow::Result<String> {
    let mut input = std::io::stdin().lock();
    loop {
        let brackets = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        eprint!("{words}{brackets}: ");
        std::io::stderr().flush()?;
        let mut line = String::new();
        anyhow::ensure!(input.read_line(&mut line)? > 0, "no answer came; nothing was written");
        let answer = if line.trim().is_empty() { default } else { line.trim() };
        match check(answer) {
            Ok(()) => return Ok(answer.to_owned()),
            Err(why) => eprintln!("  {why}"),
        }
    }
}

fn origins(text: &str) -> Result<(), String> {
    let mut words = text.split_whitespace().filter(|word| *word != "none");
    words.try_for_each(|word| Origin::parse(word).map(drop).map_err(|error| error.to_string()))
}

fn path(text: &str) -> Result<(), String> {
    if text.starts_with('/') { Ok(()) } else { Err("a path begins with `/`".to_owned()) }
}

fn object(text: &str) -> Result<(), String> {
    path(text)?;
    if text.contains("{id}") { Ok(()) } else { Err("the path of one object contains `{id}`".to_owned()) }
}

fn variable(text: &str) -> Result<(), String> {
    let name = !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name { Ok(()) } else { Err("write the name of the variable, such as POSTFLIGHT_TOKEN_A, not the token".to_owned()) }
}
