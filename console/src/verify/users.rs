//! Gets the two users of a run: tokens given, minted or obtained by signing in.

use serde_json::Value;
use time::OffsetDateTime;

use crate::checks::{Forge, User, Users};
use crate::http::{Client, Credential, Probe, Trouble};
use crate::target::{Login, Mint, NamedUser, Tokens};
use crate::token::Compact;
use secrecy::{ExposeSecret as _, SecretString};

const NAMES: [&str; 2] = ["A", "B"];
/// Fixed synthetic subjects, so that a later run on another machine can find what this one left.
const SUBJECTS: [&str; 2] = ["postflight-user-a", "postflight-user-b"];

/// The users of a run, as far as the target's token source gives them.
pub(super) async fn obtain(client: &Client, tokens: &Tokens) -> Result<Users, Trouble> {
    match tokens {
        Tokens::None => Ok(Users::default()),
        Tokens::Given { a, b } => Ok(Users { a: Some(given(0, a)), b: b.as_ref().map(|b| given(1, b)) }),
        Tokens::Mint(mint) => Ok(minted(mint)),
        Tokens::Login(login) => signed_in(client, login).await,
    }
}

/// The subjects that minted tokens name.
pub(super) fn subjects(mint: &Mint) -> [String; 2] {
    mint.subjects.clone().unwrap_or_else(|| SUBJECTS.map(str::to_owned))
}

fn user(index: usize, token: SecretString, subject: Option<String>) -> User {
    let name = NAMES.get(index).copied().unwrap_or("?");
    User { name, token: Credential::new(format!("$POSTFLIGHT_TOKEN_{name}"), token), subject }
}

fn given(index: usize, token: &SecretString) -> User {
    let subject = Compact::parse(token.expose_secret()).and_then(|token| subject_of(&token));
    user(index, token.clone(), subject)
}

/// The `sub` of a token (or the names that hand-made services use), as text.
fn subject_of(token: &Compact) -> Option<String> {
    let claims = token.claims()?;
    let value = ["sub", "user_id", "userId", "uid", "id"].iter().find_map(|name| claims.get(*name))?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn minted(mint: &Mint) -> Users {
    let forge = Forge::new(mint.clone());
    let [a, b] = subjects(mint);
    let make = |index, subject: String| user(index, forge.good(&subject, OffsetDateTime::now_utc()).into(), Some(subject));
    Users { a: Some(make(0, a)), b: Some(make(1, b)) }
}

/// A user with a minted token for a subject of an earlier run.
pub(super) fn minted_for(mint: &Mint, name: &str, subject: &str) -> User {
    let token = Forge::new(mint.clone()).good(subject, OffsetDateTime::now_utc());
    user(usize::from(name == "B"), token.into(), Some(subject.to_owned()))
}

async fn signed_in(client: &Client, login: &Login) -> Result<Users, Trouble> {
    let [a, b] = &login.users;
    let (a, b) = tokio::try_join!(sign_in(client, login, 0, a), sign_in(client, login, 1, b))?;
    Ok(Users { a: Some(a), b: Some(b) })
}

async fn sign_in(client: &Client, login: &Login, index: usize, who: &NamedUser) -> Result<User, Trouble> {
    let body = filled(&login.body, who);
    let probe = if login.form {
        let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form_pairs(&body)).finish();
        Probe::new("POST", &login.path).secret_body("application/x-www-form-urlencoded", text)
    } else {
        Probe::new("POST", &login.path).secret_body("application/json", body.to_string())
    };
    let answer = client.send(&probe).await?;
    let token = answer.json().and_then(|json| json.pointer(&login.token)?.as_str().map(str::to_owned));
    let refused = || {
        Trouble::NotGiven(format!(
            "signing in as `{}` at {} was answered {} without a token at {}",
            who.username, login.path, answer.status, login.token
        ))
    };
    Ok(given(index, &token.ok_or_else(refused)?.into())).map(|user| User { name: NAMES.get(index).copied().unwrap_or("?"), ..user })
}

fn filled(body: &Value, who: &NamedUser) -> Value {
    match body {
        Value::String(text) => {
            Value::String(text.replace("{username}", &who.username).replace("{password}", who.password.expose_secret()))
        }
        Value::Array(items) => items.iter().map(|item| filled(item, who)).collect(),
        Value::Object(fields) => Value::Object(fields.iter().map(|(name, value)| (name.clone(), filled(value, who))).collect()),
        other => other.clone(),
    }
}

fn form_pairs(body: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    body.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;
    use serde_json::json;
    use tokio_util::sync::CancellationToken;
    use wiremock::matchers::{body_string, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::http::Limits;
    use crate::target::{BaseUrl, Target};

    fn login(form: bool) -> Login {
        let user = |name: &str| NamedUser { username: format!("{name}@x.example"), password: format!("pass of {name}").into() };
        Login {
            path: "/login".into(),
            body: json!({ "email": "{username}", "password": "{password}" }),
            form,
            token: "/data/token".into(),
            users: [user("ann"), user("bob")],
        }
    }

    async fn signs_in(server: &MockServer, login: Login) -> Result<Users, Trouble> {
        let target = Arc::new(Target::new(BaseUrl::parse(&server.uri()).unwrap()));
        let client = Client::new(target, Limits::default(), "test", CancellationToken::new())?;
        obtain(&client, &Tokens::Login(Box::new(login))).await
    }

    #[rstest]
    #[case::json(false, [r#"{"email":"ann@x.example","password":"pass of ann"}"#, r#"{"email":"bob@x.example","password":"pass of bob"}"#])]
    #[case::form(true, ["email=ann%40x.example&password=pass+of+ann", "email=bob%40x.example&password=pass+of+bob"])]
    #[tokio::test]
    async fn both_users_sign_in_and_their_tokens_name_their_subjects(#[case] form: bool, #[case] bodies: [&str; 2]) {
        let server = MockServer::start().await;
        for (body, subject) in bodies.into_iter().zip(["u-1", "u-2"]) {
            let token = format!(
                "{}.{}.c2ln",
                crate::token::encode(r#"{"alg":"HS256"}"#),
                crate::token::encode(format!(r#"{{"sub":"{subject}"}}"#))
            );
            let answer = ResponseTemplate::new(200).set_body_json(json!({ "data": { "token": token } }));
            Mock::given(method("POST")).and(path("/login")).and(body_string(body)).respond_with(answer).mount(&server).await;
        }
        let users = signs_in(&server, login(form)).await.unwrap();
        let seen = [users.a, users.b].map(|user| user.map(|user| (user.name, user.subject)));
        assert_eq!(seen, [Some(("A", Some("u-1".to_owned()))), Some(("B", Some("u-2".to_owned())))]);
    }

    #[tokio::test]
    async fn a_refused_sign_in_says_who_where_and_what_came_without_the_password() {
        let server = MockServer::start().await;
        let trouble = signs_in(&server, login(false)).await.unwrap_err().to_string();
        assert_eq!(trouble, "signing in as `ann@x.example` at /login was answered 404 without a token at /data/token");
    }
}
