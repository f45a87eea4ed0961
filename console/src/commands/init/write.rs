//! The text of a target, with comments, and its place in a file that may be there already. Whatever else the file holds is kept as it is.

use serde_json::{Map, Value};
use toml_edit::{DocumentMut, Item};

use super::{Answers, Entrance, Entrances, Tokens};
use crate::target::look::Look;

/// What stands first in a new file.
const HEAD: &str = "# What `console` verifies. Secrets never stand here: wherever one is needed, this file names the environment variable that holds it.
# Every key is explained in docs/target.md; a mistake is reported with its line.
";

/// The whole file with the target in it. A target of that name is replaced only with `force`.
pub(super) fn file(existing: Option<&str>, answers: &Answers, force: bool) -> anyhow::Result<String> {
    let Some(existing) = existing else { return Ok(format!("{HEAD}\n{}", target(answers))) };
    let mut document: DocumentMut = existing.parse()?;
    let targets = document.get_mut("targets").and_then(Item::as_table_like_mut);
    let there = targets.as_ref().is_some_and(|targets| targets.contains_key(&answers.name));
    anyhow::ensure!(!there || force, "has a target `{}` already; name another one, or replace it with --force", answers.name);
    if let (true, Some(targets)) = (there, targets) {
        targets.remove(&answers.name);
    }
    let kept = if there { document.to_string() } else { existing.to_owned() };
    let kept = kept.trim_end();
    Ok(if kept.is_empty() { target(answers) } else { format!("{kept}\n\n{}", target(answers)) })
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string().trim().to_owned()
}

fn quoted_all(texts: &[String]) -> String {
    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}

/// A name as a part of a table's head.
fn key(name: &str) -> String {
    toml_edit::Key::new(name).to_string()
}

fn target(answers: &Answers) -> String {
    let name = key(&answers.name);
    let mut text = format!("[targets.{name}]\nurl = {}\n", quoted(&answers.url));
    text += "# Exactly the origins that browsers may use; everything else must be refused. Without any, CORS is not judged.\n";
    text += &format!("origins = [{}]\n", quoted_all(&answers.origins));
    text += "# Creating objects (deleted again at the end) needs consent on any host that is not this machine.\n# allow_writes = true\n";
    text += "# A response header that only the application sets tells its answers from those of the platform's edge.\n";
    text += "# app_header = \"x-request-id\"\n";
    if let Some(document) = &answers.openapi {
        text += &format!(
            "# The routes beside the resource, asked without a token and as another user.\nopenapi = {}\n",
            quoted(document)
        );
    }
    let parent = answers.parents.as_ref().map(|parents| parent(&name, parents)).unwrap_or_default();
    let carrier = answers.carrier.as_ref().map(|(kind, of)| carrier(&name, kind, of, &answers.tokens)).unwrap_or_default();
    text + &carrier
        + &tokens(&name, &answers.tokens, answers.carrier.is_some())
        + &paths(&name, answers)
        + &task(&name, answers)
        + &parent
        + &limits(&name)
}

/// Where tokens travel, before what else the table of tokens says.
fn carrier(name: &str, kind: &str, of: &str, tokens: &Tokens) -> String {
    let end = if matches!(tokens, Tokens::Given { .. }) { "" } else { "\n" };
    format!("\n[targets.{name}.tokens]\n# How a token travels.\ncarrier = {{ {kind} = {} }}{end}", quoted(of))
}

/// `begun`: the table is there already.
fn tokens(name: &str, tokens: &Tokens, begun: bool) -> String {
    let head = if begun { String::new() } else { format!("\n[targets.{name}.tokens]") };
    match tokens {
        Tokens::Given { a, b } => {
            format!("{head}\n# Variables with the tokens of two different users.\na = {}\nb = {}\n", quoted(a), quoted(b))
        }
        Tokens::Mint { secret } => format!(
            "\n[targets.{name}.tokens.mint]\n# Variable with the signing key: tokens are minted, and every check of tokens can be asked.\nsecret = {}\n",
            quoted(secret)
        ),
        Tokens::Accounts(accounts) => {
            let Entrances { login, signup, logout, delete } = &**accounts;
            let beside = login.is_some();
            let signup = signup.as_ref().map(|signup| entrance(name, "signup", signup, Beside { login: beside, users: false }));
            let of_login = Beside { login: false, users: signup.is_none() };
            let login = login.as_ref().map(|login| entrance(name, "login", login, of_login));
            let ends = [("logout", "Ends a session.", logout), ("delete", "Removes an account that a run made.", delete)];
            let ends = ends.into_iter().filter_map(|(key, what, path)| Some((key, what, path.as_ref()?)));
            let ends =
                ends.map(|(key, what, path)| format!("\n[targets.{name}.tokens.{key}]\n# {what}\npath = {}\n", quoted(path)));
            signup.unwrap_or_default() + &login.unwrap_or_default() + &ends.collect::<String>()
        }
    }
}

/// An object as an inline table.
fn inline(members: &Map<String, Value>) -> String {
    let value = |value: &Value| match value {
        Value::String(text) => quoted(text),
        other => toml::Value::try_from(other).map_or_else(|_| quoted(&other.to_string()), |value| value.to_string()),
    };
    let members: Vec<_> = members.iter().map(|(name, of)| format!("{} = {}", key(name), value(of))).collect();
    format!("{{ {} }}", members.join(", "))
}

/// Variables with the passwords of accounts that exist.
pub(super) const PASSWORDS: [&str; 2] = ["POSTFLIGHT_PASSWORD_A", "POSTFLIGHT_PASSWORD_B"];

/// What stands beside a sign-in or a sign-up.
#[derive(Clone, Copy)]
struct Beside {
    /// A sign-in that brings the token, so that the sign-up need not.
    login: bool,
    /// The accounts, where they exist already.
    users: bool,
}

/// A sign-in or a sign-up.
fn entrance(name: &str, key: &str, entrance: &Entrance, beside: Beside) -> String {
    let mut text = format!("\n[targets.{name}.tokens.{key}]\n# {}\npath = {}\n", what_it_is(key), quoted(&entrance.path));
    if entrance.form {
        text += "form = true\n";
    }
    text += &format!("body = {}\n", inline(&entrance.body));
    match &entrance.token {
        Some(token) => {
            text += &format!(
                "# Where the answer holds the token; {{ cookie = \"NAME\" }} or {{ header = \"NAME\" }} elsewhere.\ntoken = {}\n",
                quoted(token)
            );
        }
        None if beside.login => text += "# token = \"/access_token\"\n",
        None => text += "# A guess: the document does not say where the answer holds the token.\ntoken = \"/access_token\"\n",
    }
    if beside.users {
        let user =
            |who: &str, password: &str| format!("  {{ username = \"verify-{who}@example.com\", password = \"{password}\" }},\n");
        text += &format!(
            "# Two accounts that exist, and the variables with their passwords.\nusers = [\n{}{}]\n",
            user("a", PASSWORDS[0]),
            user("b", PASSWORDS[1])
        );
    }
    text
}

fn what_it_is(key: &str) -> &'static str {
    match key {
        "signup" => "Two accounts are made for each run; declare `tokens.delete` to have them deleted again. Needs `allow_writes`.",
        _ => "Signs in; {username}, {email}, {name} and {password} are filled in.",
    }
}

fn paths(name: &str, answers: &Answers) -> String {
    let mut text = format!(
        "\n[targets.{name}.paths]\n# GET lists and POST creates; {{user_id}} is filled with the subject of the token.\nlist = {}\nitem = {}\n",
        quoted(&answers.list),
        quoted(&answers.item)
    );
    match &answers.toggle {
        Some(path) => text += &format!("toggle = {}\n", quoted(path)),
        None => text += &format!("# toggle = {}\n", quoted(&format!("{}/complete", answers.item.trim_end_matches('/')))),
    }
    match &answers.health {
        Some(path) => text += &format!("# Deep health: proves the database.\nhealth = {}\n", quoted(path)),
        None => text += "# health = \"/health\"\n",
    }
    match &answers.live {
        Some(path) => text += &format!("# Liveness: answers without asking the database.\nlive = {}\n", quoted(path)),
        None => text += "# live = \"/livez\"\n",
    }
    text
}

fn task(name: &str, answers: &Answers) -> String {
    let said = |key: &str, value: Option<&str>, usual: &str| match value {
        Some(value) => format!("{key} = {}\n", quoted(value)),
        None => format!("# {key} = {}\n", quoted(usual)),
    };
    let look = &answers.look;
    let mut text = format!(
        "\n[targets.{name}.task]\n# JSON pointer to the array of a list; \"\" for a bare array.\n{}\
         # How objects change: \"put\", \"patch\", \"both\" or \"none\".\n{}\
         # Names of the text field, and of the boolean that says done (\"\" where there is none).\n{}{}",
        said("items", look.items.as_deref(), "/items"),
        said("update", answers.update, "both"),
        said("title", look.title.as_deref(), "title"),
        said("done", look.done.as_deref(), "completed")
    );
    if let Some(envelope) = &look.envelope {
        text += &format!("# The member that wraps every body sent.\nenvelope = {}\n", quoted(envelope));
    }
    if let Some(object) = &look.object {
        text += &format!("# JSON pointer to the object in an answer.\nobject = {}\n", quoted(object));
    }
    if !look.extra.is_empty() {
        text += &format!(
            "# What else a creation needs; {{unique}} is another text in every object.\nextra = {}\n",
            inline(&look.extra)
        );
    }
    if !look.put.is_empty() {
        text += &format!("# What a PUT needs beside that.\nput = {}\n", inline(&look.put));
    }
    text
}

/// What objects live in.
fn parent(name: &str, (list, look): &(String, Look)) -> String {
    let mut text = format!(
        "\n[targets.{name}.parent]\n# What objects live in: each user of a run makes one, and {{parent_id}} is its id.\nlist = {}\n",
        quoted(list)
    );
    for (key, value) in [("title", &look.title), ("items", &look.items), ("object", &look.object)] {
        if let Some(value) = value {
            text += &format!("{key} = {}\n", quoted(value));
        }
    }
    if !look.extra.is_empty() {
        text += &format!("extra = {}\n", inline(&look.extra));
    }
    text
}

fn limits(name: &str) -> String {
    format!(
        "\n# The service's own rate limit, if it has one: few requests are spent on the most telling checks.\n# [targets.{name}.limits]\n# requests = 100\n# per = \"1m\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers() -> Answers {
        Answers {
            name: "production".into(),
            url: "https://api.example.com".into(),
            origins: vec!["https://app.example.com".into()],
            list: "/api/{user_id}/tasks".into(),
            item: "/api/{user_id}/tasks/{id}".into(),
            toggle: None,
            health: Some("/health".into()),
            live: None,
            openapi: None,
            tokens: Tokens::Given { a: "TOKEN_A".into(), b: "TOKEN_B".into() },
            update: Some("put"),
            look: Look::default(),
            parents: None,
            carrier: None,
        }
    }

    #[test]
    fn a_target_is_added_after_whatever_the_file_holds_and_replaced_only_by_force() {
        let other = "# mine\n[targets.staging]   # keep\nurl = 'http://127.0.0.1'\n";
        let added = file(Some(other), &answers(), false).unwrap();
        assert!(added.starts_with(other.trim_end()), "{added}");
        let refused = file(Some(&added), &answers(), false).unwrap_err().to_string();
        assert_eq!(refused, "has a target `production` already; name another one, or replace it with --force");
        let forced = file(Some(&added), &Answers { url: "https://new.example".into(), ..answers() }, true).unwrap();
        assert!(forced.contains("# mine") && forced.contains("# keep") && forced.contains("new.example"), "{forced}");
        assert!(!forced.contains("api.example.com"), "{forced}");
    }

    #[test]
    fn names_and_texts_cannot_break_out_of_their_place() {
        let odd = Answers { name: "a.b]\nx = 1".into(), health: Some("/h\"\n[x]".into()), ..answers() };
        let text = file(None, &odd, false).unwrap();
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(table["targets"].as_table().unwrap().keys().collect::<Vec<_>>(), ["a.b]\nx = 1"]);
    }
}
