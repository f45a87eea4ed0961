//! Accounts: signing up, in and out, refreshing, a new password, deletion. Where the flaws that concern sessions act.
//!
//! Hardened: a token that was issued here names its session (`sid`, or by being its key) and ends with it; an unknown user and a wrong
//! password get one answer; five wrong passwords lock an account; a refresh token is good once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use console::checks::Forge;
use console::target::Carrier;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::problem::{self, Problem};
use super::verifier::{self, Kind, Subject};
use super::{COOKIE, HEADER, House};

/// Wrong passwords that an account takes.
pub(crate) const LIMIT: u32 = 5;
/// The cookie that holds the refresh token where tokens travel in cookies.
pub(crate) const REFRESH_COOKIE: &str = "refresh";
/// The cookie with the session that a sign-in sets beside a bearer token.
const SESSION: &str = "sid";
const PASSWORD_HASH: &str = "$2b$12$C6UzMDM.H6dfI/f/IKcEeO5vY3kEJ8m0w9T2H1c2B0z8hZ2o6i7mK";

#[derive(Clone, Debug)]
struct Account {
    password: String,
    subject: String,
    failures: u32,
    /// What the holder is called.
    display_name: String,
    email: String,
    role: String,
}

#[derive(Clone, Debug)]
struct Sitting {
    subject: String,
    name: String,
    refresh: String,
    /// The sign-in that it goes back to.
    family: Uuid,
}

/// Who has an account, and who is signed in.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    people: HashMap<String, Account>,
    sittings: HashMap<String, Sitting>,
    /// Refresh tokens that were exchanged, and the sign-in that each goes back to.
    spent: HashMap<String, Uuid>,
}

impl Accounts {
    /// How many have an account.
    pub(crate) fn people(&self) -> usize {
        self.people.len()
    }
}

type Shared = State<Arc<House>>;

fn open(house: &House) -> MutexGuard<'_, Accounts> {
    house.accounts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn text(body: &Value, name: &str) -> String {
    body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whose session `sid` is, while it lasts.
pub(crate) fn subject_of(house: &House, sid: &str) -> Option<Subject> {
    open(house).sittings.get(sid).map(|sitting| Subject(sitting.subject.clone()))
}

/// The session whose opaque token is `token`, compared as the flaws would.
pub(crate) fn session_of(house: &House, token: &str) -> Option<String> {
    let same = |sid: &&String| {
        **sid == token
            || (house.has("jwt.opaque-prefix") && token.len() > 8 && sid.starts_with(token))
            || (house.has("jwt.opaque-any-case") && sid.eq_ignore_ascii_case(token))
    };
    open(house).sittings.keys().find(same).cloned()
}

/// Whether an account of this subject is an administrator's.
pub(crate) fn is_admin(house: &House, subject: &str) -> bool {
    open(house).people.values().any(|account| account.subject == subject && account.role == "admin")
}

/// `POST /auth/signup`.
pub(crate) async fn sign_up(State(house): Shared, Json(body): Json<Value>) -> Response {
    let (mut name, password) = (text(&body, "username"), text(&body, "password"));
    if name.is_empty() || password.len() < 12 {
        return problem::UNPROCESSABLE.into_response();
    }
    let folds = house.flaws.any("jwt.signup-folds-") && folded(&house, &name) != name;
    if folds {
        name = folded(&house, &name);
    }
    let taken = open(&house).people.get(&name).map(|account| account.subject.clone());
    if let Some(subject) = taken.as_ref().filter(|_| house.has("jwt.signup-signs-in")) {
        return seated(&house, StatusCode::CREATED, &name, subject);
    }
    if let Some(subject) = taken.as_ref().filter(|_| house.has("jwt.signup-tells-token")) {
        let told = seated(&house, StatusCode::CREATED, &name, subject);
        return beside(told).await;
    }
    if taken.is_some() && !folds && !house.has("jwt.signup-overwrites") {
        return StatusCode::CONFLICT.into_response();
    }
    let subject = taken.unwrap_or_else(|| subject_for(&house, &name));
    let silent = house.has("isolation.signup-silent-admin") && body.get("isAdmin") == Some(&json!(true));
    let role = if silent { "admin" } else { "user" }.to_owned();
    let email = format!("{name}@example.com");
    let account = Account { password, subject: subject.clone(), failures: 0, display_name: name.clone(), email, role };
    open(&house).people.insert(name.clone(), account);
    let mut response = seated(&house, StatusCode::CREATED, &name, &subject);
    if house.has("isolation.signup-role") {
        let role = body.get("role").cloned().unwrap_or_else(|| json!("user"));
        response = with_role(response, &role).await;
    }
    response
}

/// The name as a store keeps it that folds what nobody looked for.
fn folded(house: &House, name: &str) -> String {
    match () {
        () if house.has("jwt.signup-folds-case") => name.to_lowercase(),
        () if house.has("jwt.signup-folds-space") => name.trim().to_owned(),
        () => name.to_owned(),
    }
}

/// The same answer with everything a member deeper, where no pointer of the target finds a token.
async fn beside(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).expect("JSON of its own");
    parts.headers.remove("content-length");
    Response::from_parts(parts, json!({ "session": body }).to_string().into())
}

/// A new subject; one that goes by the name, and comes back with it, where a flaw keys accounts by their names.
fn subject_for(house: &House, name: &str) -> String {
    if house.flaws.any("isolation.recreated-") { format!("named-{}", name.replace(' ', "_")) } else { Uuid::now_v7().to_string() }
}

/// The same answer, in which the user has a role.
async fn with_role(response: Response, role: &Value) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let mut body: Value = serde_json::from_slice(&bytes).expect("JSON of its own");
    if let Some(user) = body.get_mut("user").and_then(Value::as_object_mut) {
        user.insert("role".into(), role.clone());
    }
    parts.headers.remove("content-length");
    Response::from_parts(parts, body.to_string().into())
}

/// `POST /auth/login`.
pub(crate) async fn sign_in(State(house): Shared, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let name = text(&body, "username");
    let pattern = body.pointer("/username/$regex").and_then(Value::as_str).filter(|_| house.has("jwt.login-name-operator"));
    let name = pattern.map_or(name, |pattern| pattern.trim_matches(['^', '$']).to_owned());
    let name = if house.has("jwt.login-comment") { name.split("' --").next().unwrap_or_default().to_owned() } else { name };
    let name = folded(&house, &name);
    let elsewhere = house.has("jwt.login-counts-claimed-addresses") && headers.contains_key("x-forwarded-for");
    match attempt(&house, &name, &body, elsewhere) {
        Attempt::Known(subject) => {
            go_on(&house, &headers, &name, &subject);
            let mut response = seated(&house, StatusCode::OK, &name, &subject);
            if house.has("jwt.login-cookie-loose") {
                let cookie = HeaderValue::from_static("token=4f1c9d2ab47e5d60; Path=/");
                response.headers_mut().append("set-cookie", cookie);
            }
            response
        }
        Attempt::Unknown if house.has("jwt.login-tells-unknown") => problem::NOT_FOUND.into_response(),
        Attempt::Locked => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "60")]).into_response(),
        Attempt::Wrong if house.has("jwt.login-hashes-for-some") => {
            tokio::time::sleep(std::time::Duration::from_millis(900)).await;
            problem::UNAUTHORIZED.into_response()
        }
        Attempt::Unknown | Attempt::Wrong => problem::UNAUTHORIZED.into_response(),
    }
}

/// Flaw `jwt.opaque-cookie-fixed`: the session that came with the sign-in is signed in as well.
fn go_on(house: &House, headers: &HeaderMap, name: &str, subject: &str) {
    let sent = headers.get("cookie").and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
    let own = sent.split("; ").find_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='));
    if let Some(sid) = own.filter(|_| house.has("jwt.opaque-cookie-fixed")) {
        let sitting =
            Sitting { subject: subject.to_owned(), name: name.to_owned(), refresh: String::new(), family: Uuid::new_v4() };
        open(house).sittings.insert(sid.to_owned(), sitting);
    }
}

/// What comes of a sign-in.
enum Attempt {
    Unknown,
    Locked,
    Wrong,
    /// Whose subject it is.
    Known(String),
}

fn attempt(house: &House, name: &str, body: &Value, elsewhere: bool) -> Attempt {
    let mut accounts = open(house);
    let Some(account) = accounts.people.get_mut(name) else { return Attempt::Unknown };
    if account.failures >= LIMIT && !house.has("jwt.login-unlimited") && !elsewhere {
        return Attempt::Locked;
    }
    if !knows(house, account, body) {
        account.failures += 1;
        return Attempt::Wrong;
    }
    account.failures = 0;
    Attempt::Known(account.subject.clone())
}

/// Whether a sign-in knows the password of the account, compared as the flaws would.
fn knows(house: &House, account: &Account, body: &Value) -> bool {
    let given = text(body, "password");
    account.password == given
        || (house.has("jwt.login-operator") && body["password"].get("$ne").is_some())
        || (house.has("jwt.login-prisma-operator") && body["password"].get("not").is_some())
        || (house.has("jwt.login-cuts-off") && given.len() >= 8 && account.password.get(..8) == given.get(..8))
        || (house.has("jwt.login-any-case") && account.password.eq_ignore_ascii_case(&given))
        || (house.has("jwt.login-empty") && body["password"] == "")
        || (house.has("jwt.login-null") && body["password"].is_null())
        || (house.has("jwt.login-comment") && text(body, "username").contains("' --"))
}

/// `POST /auth/refresh`: the refresh token comes in the body, or in its cookie where tokens travel in cookies.
pub(crate) async fn refresh(State(house): Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let given = match house.carrier {
        Carrier::Cookie(_) => verifier::cookie(&parts, REFRESH_COOKIE).unwrap_or_default(),
        Carrier::Bearer | Carrier::Scheme(_) | Carrier::Header(_) => {
            let body = axum::body::to_bytes(body, 1 << 16).await.unwrap_or_default();
            text(&serde_json::from_slice(&body).unwrap_or_default(), "refresh_token")
        }
    };
    if house.has("jwt.access-as-refresh")
        && let Some(sitting) = sitting_of(&house, &given)
    {
        return seated(&house, StatusCode::OK, &sitting.name, &sitting.subject);
    }
    let reusable = house.has("jwt.refresh-reusable");
    let mut accounts = open(&house);
    let found = accounts.sittings.iter().find(|(_, sitting)| sitting.refresh == given).map(|(sid, at)| (sid.clone(), at.clone()));
    let Some((sid, sitting)) = found else {
        // Whoever shows a spent token, or whoever spent it, is a thief: both have to sign in again.
        if let Some(family) = accounts.spent.get(&given).copied().filter(|_| !house.has("jwt.refresh-family-lives")) {
            accounts.sittings.retain(|_, sitting| sitting.family != family);
        }
        return problem::UNAUTHORIZED.into_response();
    };
    if !reusable {
        accounts.sittings.remove(&sid);
        accounts.spent.insert(given, sitting.family);
    }
    drop(accounts);
    let endless = house.has("jwt.refresh-endless");
    seated_for(&house, StatusCode::OK, &sitting.name, &sitting.subject, (endless, sitting.family))
}

/// The session that an access token names.
fn sitting_of(house: &House, token: &str) -> Option<Sitting> {
    let claims = console::token::Compact::parse(token)?.claims()?;
    open(house).sittings.get(claims.get("sid")?.as_str()?).cloned()
}

/// `POST /auth/logout`.
pub(crate) async fn sign_out(State(house): Shared, seat: Seat) -> Response {
    if !house.has("jwt.logout-forgets") {
        let mut accounts = open(&house);
        let gone = accounts.sittings.remove(&seat.0).filter(|_| house.has("jwt.logout-keeps-refresh"));
        accounts.sittings.extend(gone.map(|sitting| (Uuid::new_v4().to_string(), sitting)));
    }
    match &house.carrier {
        Carrier::Cookie(name) if !house.has("jwt.cookie-stays") => {
            let ended = format!("{name}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
            (StatusCode::NO_CONTENT, [("set-cookie", ended)]).into_response()
        }
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

/// `POST /auth/password`.
pub(crate) async fn password(State(house): Shared, seat: Seat, Json(body): Json<Value>) -> Result<Response, Problem> {
    let mut accounts = open(&house);
    let name = accounts.sittings.get(&seat.0).map(|sitting| sitting.name.clone()).ok_or(problem::UNAUTHORIZED)?;
    let known = accounts.people.get(&name).is_some_and(|account| account.password == text(&body, "old"));
    let meant = |account: &&mut Account| account.subject == text(&body, "userId");
    if known
        && house.has("jwt.password-of-another")
        && let Some(account) = accounts.people.values_mut().find(meant)
    {
        account.password = text(&body, "new");
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let account = accounts.people.get_mut(&name).ok_or(problem::UNAUTHORIZED)?;
    let unasked = house.has("jwt.password-old-left-out") && body.get("old").is_none();
    if account.password != text(&body, "old") && !house.has("jwt.password-without-old") && !unasked {
        return Err(problem::UNPROCESSABLE);
    }
    account.password = text(&body, "new");
    if !house.has("jwt.password-keeps-tokens") {
        accounts.sittings.retain(|_, sitting| sitting.name != name);
    }
    let role = body.get("role").filter(|_| house.has("jwt.password-gives-powers"));
    let told = role.map(|role| Json(json!({ "user": { "role": role } })));
    Ok(told.map_or_else(|| StatusCode::NO_CONTENT.into_response(), IntoResponse::into_response))
}

/// `DELETE /auth/me`.
pub(crate) async fn delete(State(house): Shared, seat: Seat) -> StatusCode {
    let mut accounts = open(&house);
    if let Some(sitting) = accounts.sittings.get(&seat.0).cloned() {
        accounts.people.remove(&sitting.name);
        if !house.has("isolation.recreated-inherits") {
            house.store.remove_all_of(&Subject(sitting.subject));
        }
        if !house.has("jwt.deleted-user-lives") && !house.has("isolation.recreated-keeps-tokens") {
            accounts.sittings.retain(|_, other| other.name != sitting.name);
        }
    }
    StatusCode::NO_CONTENT
}

/// The name under which `caller` finds the account `id`: the own one, or with the flaw any. Where no flaw is in accounts, they have no route.
fn found(house: &House, caller: &Subject, id: &str, flaw: &str) -> Result<String, Problem> {
    let own = caller.0 == id || house.has(flaw);
    let routed = house.profiles || house.flaws.any("isolation.account-");
    let accounts = open(house);
    let found = accounts.people.iter().find(|(_, account)| account.subject == id && own && routed);
    found.map(|(name, _)| name.clone()).ok_or(problem::NOT_FOUND)
}

fn profile(house: &House, name: &str) -> Response {
    let accounts = open(house);
    let Some(account) = accounts.people.get(name) else { return problem::NOT_FOUND.into_response() };
    let Account { subject, display_name, email, role, .. } = account;
    let role = if house.has("isolation.account-silent-role") { "user" } else { role };
    Json(json!({ "id": subject, "display_name": display_name, "email": email, "role": role })).into_response()
}

/// `GET /api/accounts/{user_id}`.
pub(crate) async fn show(State(house): Shared, caller: Subject, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(profile(&house, &found(&house, &caller, &id, "")?))
}

/// `PATCH /api/accounts/{user_id}`.
pub(crate) async fn change(
    State(house): Shared,
    caller: Subject,
    Path(id): Path<String>,
    Json(body): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    let mut name = found(&house, &caller, &id, "isolation.account-changed")?;
    let text_of = |member: &str| body.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    if house.has("isolation.account-by-address") {
        let holds = |account: &Account| account.email == text_of("email");
        let meant = open(&house)
            .people
            .iter()
            .find(|(other, account)| **other != name && holds(account))
            .map(|(other, account)| (other.clone(), account.subject.clone()));
        if let Some((other, subject)) = meant {
            return Ok(seated(&house, StatusCode::OK, &other, &subject));
        }
    }
    if house.has("isolation.account-by-id") {
        let meant =
            open(&house).people.iter().find(|(_, account)| account.subject == text_of("id")).map(|(other, _)| other.clone());
        name = meant.unwrap_or(name);
    }
    for (member, value) in body.iter().filter(|(member, _)| *member != "id" || !house.has("isolation.account-by-id")) {
        let text = value.as_str().ok_or(problem::UNPROCESSABLE)?.to_owned();
        let mut accounts = open(&house);
        let taken = accounts.people.iter().any(|(other, account)| *other != name && account.email == text);
        let account = accounts.people.get_mut(&name).ok_or(problem::NOT_FOUND)?;
        match member.as_str() {
            "display_name" => account.display_name = text,
            "email" if !taken || house.has("isolation.account-address") => account.email = text,
            "role" if house.has("isolation.account-role") || house.has("isolation.account-silent-role") => account.role = text,
            _ => return Err(problem::UNPROCESSABLE),
        }
    }
    Ok(profile(&house, &name))
}

/// `DELETE /api/accounts/{user_id}`.
pub(crate) async fn remove(State(house): Shared, caller: Subject, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let name = found(&house, &caller, &id, "isolation.account-deleted")?;
    let mut accounts = open(&house);
    accounts.people.remove(&name);
    accounts.sittings.retain(|_, sitting| sitting.name != name);
    Ok(StatusCode::NO_CONTENT)
}

/// The session of whoever asks.
pub(crate) struct Seat(String);

impl axum::extract::FromRequestParts<Arc<House>> for Seat {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, house: &Arc<House>) -> Result<Self, Problem> {
        verifier::session(house, parts).map(Self).ok_or(problem::UNAUTHORIZED)
    }
}

/// Seats somebody and hands out both tokens.
fn seated(house: &House, status: StatusCode, name: &str, subject: &str) -> Response {
    seated_for(house, status, name, subject, (house.has("jwt.issues-endless"), Uuid::new_v4()))
}

/// The same for as long as tokens live, or for ten years, and in the family of an earlier sign-in.
fn seated_for(house: &House, status: StatusCode, name: &str, subject: &str, (endless, family): (bool, Uuid)) -> Response {
    let sid = format!("{:x}", Uuid::new_v4().as_u128()) + "aB7";
    let refresh = refresh_token(house, subject);
    let sitting = Sitting { subject: subject.to_owned(), name: name.to_owned(), refresh: refresh.clone(), family };
    open(house).sittings.insert(sid.clone(), sitting);
    let token = if house.kind == Kind::Opaque { sid.clone() } else { minted(house, &sid, subject, endless) };
    let told = house.has("jwt.login-tells-hash");
    let user = if told {
        json!({ "id": subject, "name": name, "password": PASSWORD_HASH })
    } else {
        json!({ "id": subject, "name": name })
    };
    let in_cookie = matches!(house.carrier, Carrier::Cookie(_));
    let body = if in_cookie {
        json!({ "user": user, "access_token": token })
    } else {
        json!({ "user": user, "access_token": token, "refresh_token": refresh })
    };
    let mut response = (status, Json(body)).into_response();
    carry(house, &token, &sid, response.headers_mut());
    if in_cookie {
        let cookie = format!("{REFRESH_COOKIE}={refresh}; HttpOnly; SameSite=Strict; Path=/auth");
        response.headers_mut().append("set-cookie", HeaderValue::from_str(&cookie).expect("a header value"));
    }
    if house.has("jwt.refresh-cookie-loose") {
        let cookie = HeaderValue::from_str(&format!("refresh={refresh}; Path=/")).expect("a header value");
        response.headers_mut().append("set-cookie", cookie);
    }
    response
}

/// A refresh token: a random text, or where a flaw signs both with one key, a token of another kind.
fn refresh_token(house: &House, subject: &str) -> String {
    if !house.has("jwt.kinds-mixed") {
        return format!("r-{}", Uuid::new_v4().simple());
    }
    let forge = Forge::new(super::mint(house));
    let mut claims = forge.claims(subject, OffsetDateTime::now_utc());
    claims.extend([("token_use".to_owned(), json!("refresh")), ("nonce".to_owned(), json!(Uuid::new_v4()))]);
    forge.sign(&Value::Object(forge.header()), &Value::Object(claims))
}

fn carry(house: &House, token: &str, sid: &str, headers: &mut HeaderMap) {
    let mut add = |name: &'static str, value: String| {
        headers.insert(name, HeaderValue::from_str(&value).expect("a header value"));
    };
    if house.has("jwt.login-token-in-url") {
        add("location", format!("/welcome?token={token}"));
    }
    match house.carrier {
        Carrier::Cookie(_) if house.has("jwt.cookie-for-scripts") => {
            add("set-cookie", format!("{COOKIE}={token}; SameSite=Strict; Path=/"));
        }
        Carrier::Cookie(_) if house.has("jwt.cookie-any-site") => {
            add("set-cookie", format!("{COOKIE}={token}; HttpOnly; Secure; SameSite=None; Path=/"));
        }
        Carrier::Cookie(_) => add("set-cookie", format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/")),
        Carrier::Header(_) => add(HEADER, token.to_owned()),
        Carrier::Bearer | Carrier::Scheme(_) => {
            add("set-cookie", format!("{SESSION}={sid}; HttpOnly; Secure; SameSite=Strict; Path=/"));
        }
    }
}

/// Whose session the cookie beside a bearer token is.
pub(crate) fn cookie_holder(house: &House, parts: &axum::http::request::Parts) -> Option<Subject> {
    subject_of(house, &verifier::cookie(parts, SESSION)?)
}

/// A token of a session, signed like any other.
fn minted(house: &House, sid: &str, subject: &str, endless: bool) -> String {
    let forge = Forge::new(super::mint(house));
    let now = OffsetDateTime::now_utc();
    let mut claims = forge.claims(subject, now);
    claims.insert("sid".into(), json!(sid));
    let extras = [
        ("jwt.issues-secrets", "credentials", json!({ "digest": PASSWORD_HASH })),
        ("jwt.issues-address", "email", json!("somebody@example.com")),
    ];
    if endless {
        claims.insert("exp".into(), json!(now.unix_timestamp() + 315_360_000));
    }
    claims.extend(extras.into_iter().filter(|(flaw, ..)| house.has(flaw)).map(|(_, name, value)| (name.to_owned(), value)));
    forge.sign(&Value::Object(forge.header()), &Value::Object(claims))
}

/// Whether `token` is a refresh token of somebody: where a flaw takes it for an access token, that somebody.
pub(crate) fn refresher(house: &House, token: &str) -> Option<Subject> {
    let accounts = open(house);
    let own = accounts.sittings.values().find(|sitting| sitting.refresh == token)?;
    house.has("jwt.refresh-as-access").then(|| Subject(own.subject.clone()))
}

/// The state, empty.
pub(crate) fn nobody() -> Mutex<Accounts> {
    Mutex::default()
}
