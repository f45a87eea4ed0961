//! Accounts themselves as objects (OWASP API1:2023 and API3:2023): nobody changes or deletes another's, or gives the own one powers. Attacked
//! is an account of this run alone.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::checks::json_id::json_id;
use crate::checks::roles::{asked_for, gather, is_power, powers};
use crate::checks::{Checked, Context, Judgement, Outcome, Session, User};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;
use crate::target::Route;

use super::stage::{conclude, settle};

/// Last names of routes that mean the account of whoever asks.
const OWN: [&str; 6] = ["me", "self", "profile", "account", "current", "user"];
/// Members of an account that its holder may change and that nothing else hangs on.
const NAMES: [&str; 9] =
    ["name", "full_name", "fullName", "display_name", "displayName", "first_name", "firstName", "bio", "nickname"];

/// Members of an account that hold the address that signs in.
const EMAILS: [&str; 3] = ["email", "email_address", "emailAddress"];

/// Every declared or documented route that changes or deletes an account.
pub(super) async fn untouched(cx: Context) -> Checked {
    if !cx.target.allow_unsafe_routes {
        return Ok(Outcome::skip("routes that change accounts are asked where the target says `allow_unsafe_routes = true`"));
    }
    let routes: Vec<_> = cx.further_routes().filter(|route| is_of_others(route) || is_own(&cx, route)).collect();
    if !routes.iter().any(|route| route.writes().any(is_asked)) {
        return Ok(Outcome::skip("no route that changes an account is declared or documented"));
    }
    let Some(victim) = cx.registry.spare().await? else {
        return Ok(Outcome::skip(
            "an account of its own is needed; describe how to make one under `tokens.signup` in postflight.toml",
        ));
    };
    let mut pieces = Vec::new();
    let methods = |wanted: &'static [&'static str]| {
        let of =
            move |route: &&Route| route.writes().filter(|method| wanted.contains(method)).map(str::to_owned).collect::<Vec<_>>();
        routes.iter().flat_map(move |route| of(route).into_iter().map(|method| (*route, method))).collect::<Vec<_>>()
    };
    let mut changing = methods(&["PATCH", "PUT"]);
    changing.retain(|(route, method)| !is_for_passwords(&cx, Change { route, method }));
    for (route, method) in &changing {
        if is_of_others(route) {
            pieces.push(changed_by_b(&cx, &victim, route, method).await?);
        }
        pieces.push(given_powers(&cx, &victim, route, method).await?);
    }
    if let Some((route, method)) = changing.first()
        && let Some(other) = cx.registry.spare().await?
    {
        for (route, method) in &changing {
            pieces.extend(named_in_body(&cx, &victim, &other, Change { route, method }).await?);
        }
        pieces.extend(readdressed(&cx, &victim, &other, Change { route, method }).await?);
    }
    // What is gone can be attacked no more.
    for (route, method) in methods(&["DELETE"]).into_iter().filter(|(route, _)| is_of_others(route)) {
        pieces.push(deleted_by_b(&cx, &victim, route, &method).await?);
    }
    if pieces.is_empty() {
        return Ok(Outcome::skip("no route changes an account, and none that deletes one names whose"));
    }
    Ok(conclude("an account is its holder's to change, and gives nobody powers", pieces))
}

fn is_asked(method: &str) -> bool {
    matches!(method, "PATCH" | "PUT" | "DELETE")
}

/// Whether the route is an account by the name of its holder.
fn is_of_others(route: &Route) -> bool {
    route.path.trim_end_matches('/').ends_with("/{user_id}")
}

/// Whether the route is the account of whoever asks, by its name or since that is declared to be changed or deleted there.
fn is_own(cx: &Context, route: &Route) -> bool {
    let accounts = &cx.target.accounts;
    let declared = [&accounts.delete, &accounts.password].into_iter().flatten().any(|call| call.path == route.path);
    declared || is_called_own(route)
}

fn is_called_own(route: &Route) -> bool {
    route.path.trim_end_matches('/').rsplit('/').next().is_some_and(|last| OWN.contains(&last))
}

/// Whether a change is that of the password and of nothing else, which `jwt.login.password` asks about.
fn is_for_passwords(cx: &Context, Change { route, method }: Change<'_>) -> bool {
    let declared = cx.target.accounts.password.as_ref().is_some_and(|call| call.path == route.path && call.method == method);
    declared && !is_of_others(route) && !is_called_own(route)
}

/// A change of an account.
#[derive(Clone, Copy)]
struct Change<'a> {
    route: &'a Route,
    method: &'a str,
}

impl Change<'_> {
    /// A body as the service wants it: in the member in which the document has it stand (`{"user": {…}}`), or the declared ones do.
    fn worded(self, cx: &Context, members: &Value) -> Value {
        let accounts = &cx.target.accounts;
        let signup = accounts.signup.as_ref().map(|signup| &signup.grant.call);
        let declared = [accounts.password.as_ref(), signup].into_iter().flatten().map(|call| call.body.clone());
        let known = std::iter::once(self.route.body(self.method)).chain(declared);
        let name = known.filter(|body| body.as_object().is_some_and(|members| !members.is_empty())).map(|body| wrapper(&body));
        name.take(1).flatten().next().map_or_else(|| members.clone(), |name| json!({ (name): members }))
    }

    /// The request that makes the account of `victim` say `members`.
    fn probe(self, cx: &Context, victim: &Session, members: &Value) -> Probe {
        Probe::new(self.method, path(self.route, victim)).json(&self.worded(cx, members))
    }
}

/// The only member of a body, where it holds all the others.
fn wrapper(body: &Value) -> Option<String> {
    let (name, inner) = body.as_object().filter(|members| members.len() == 1)?.iter().next()?;
    inner.is_object().then(|| name.clone())
}

fn path(route: &Route, victim: &Session) -> String {
    route.filled("1", victim.user.subject.as_deref().unwrap_or("me"))
}

/// The account as its holder sees it; nothing where the route does not read.
async fn looked_at(cx: &Context, victim: &Session, route: &Route) -> Result<Option<Answer>, Trouble> {
    if !route.reads() {
        return Ok(None);
    }
    let answer = cx.send(&Probe::get(path(route, victim)).bearer(&victim.user.token)).await?;
    Ok(Some(answer).filter(Answer::is_success))
}

/// Names under which an answer holds an account beside what it says of itself.
const WRAPPERS: [&str; 5] = ["user", "account", "profile", "data", "result"];

/// The object in which an account stands: the answer itself, what its only member holds, or what a member of a usual name does.
fn account(answer: &Answer) -> Map<String, Value> {
    let Some(Value::Object(members)) = answer.json() else { return Map::new() };
    let only = members.values().next().filter(|_| members.len() == 1);
    let named = || WRAPPERS.into_iter().find_map(|name| members.get(name));
    let inner = only.or_else(named).and_then(Value::as_object).cloned();
    inner.unwrap_or(members)
}

/// The powers that an account itself says it does not have, each given.
fn denied(account: &Map<String, Value>) -> Map<String, Value> {
    let denied = account.iter().filter(|(name, value)| **value == json!(false) && is_power(name));
    denied.map(|(name, _)| (name.clone(), json!(true))).collect()
}

/// What a change sends beside the member that it is about: a `PUT` all that the account holds and that is anything.
fn kept(method: &str, mut account: Map<String, Value>) -> Map<String, Value> {
    account.retain(|_, value| method == "PUT" && !value.is_null());
    account
}

/// A change of one harmless member, or of the address where the account shows no other; a `PUT` is sent what the account holds beside it.
fn change(method: &str, before: Option<&Answer>, text: &str) -> Value {
    let now = before.map(account).unwrap_or_default();
    let shown = |names: &[&'static str]| names.iter().copied().find(|name| now.contains_key(*name));
    let (name, value) = match (shown(&NAMES), shown(&EMAILS)) {
        (None, Some(email)) => (email, format!("{text}@example.com")),
        (name, _) => (name.unwrap_or("name"), text.to_owned()),
    };
    let mut body = kept(method, now);
    body.insert(name.to_owned(), json!(value));
    Value::Object(body)
}

/// B changes the account of the victim.
async fn changed_by_b(cx: &Context, victim: &Session, route: &Route, method: &str) -> Result<Evidence, Trouble> {
    let before = looked_at(cx, victim, route).await?;
    let mark = format!("pf{}", cx.random(&format!("isolation.accounts {method} {}", route.path)));
    let sent = async |body: &Value, by: &User| cx.send(&Change { route, method }.probe(cx, victim, body).bearer(&by.token)).await;
    // Some object to what the account itself says, such as a name that is taken, namely by itself.
    let bodies = [change(method, before.as_ref(), &mark), change("PATCH", before.as_ref(), &mark)];
    let (mut body, mut answer) = (&bodies[0], sent(&bodies[0], cx.b()?).await?);
    if objects(&answer) && bodies[1] != bodies[0] {
        (body, answer) = (&bodies[1], sent(&bodies[1], cx.b()?).await?);
    }
    settle().await;
    let after = looked_at(cx, victim, route).await?;
    let done = after.is_some_and(|after| after.contains(&mark)) || (answer.is_success() && answer.contains(&mark));
    let judgement = if objects(&answer) && !done {
        let own = sent(body, &victim.user).await?;
        of_objection(&answer, &own)
    } else {
        of_attempt(&answer, done, "changed")
    };
    Ok(judgement.seen(&answer, format!("B: {method} {} of another account", route.path)))
}

/// Members by which a body would say whose account is meant.
const WHOSE: [&str; 4] = ["id", "user_id", "userId", "_id"];

/// The other account of this run changes its own, and its body names the victim's. `None` where nothing shows what becomes of the victim's.
async fn named_in_body(cx: &Context, victim: &Session, other: &Session, change: Change<'_>) -> Result<Option<Evidence>, Trouble> {
    let Change { route, method } = change;
    let Some(subject) = victim.user.subject.as_deref() else { return Ok(None) };
    let Some(before) = looked_at(cx, victim, route).await? else { return Ok(None) };
    let mark = format!("pf{}", cx.random(&format!("isolation.accounts/id {method} {}", route.path)));
    let own = looked_at(cx, other, route).await?;
    let shown = |name: &&str| account(&before).contains_key(*name);
    let names: Vec<_> = WHOSE.into_iter().filter(shown).collect();
    let names = if names.is_empty() { WHOSE.to_vec() } else { names };
    let sent = async |members: &Value| cx.send(&change.probe(cx, other, members).bearer(&other.user.token)).await;
    let plain = self::change(method, own.as_ref(), &mark);
    let mut naming = plain.as_object().cloned().unwrap_or_default();
    naming.extend(names.into_iter().map(|name| (name.to_owned(), json_id(subject))));
    let answer = sent(&Value::Object(naming)).await?;
    settle().await;
    let after = looked_at(cx, victim, route).await?;
    let judgement = match answer.status {
        status if after.is_some_and(|after| after.contains(&mark)) => {
            Judgement::broken(format!("{status}: the account that the body names was changed"))
        }
        _ if objects(&answer) => of_objection(&answer, &sent(&plain).await?),
        status @ 500..=599 => Judgement::weak(format!("{status}: an error of the service instead of a refusal")),
        status => Judgement::held(format!("{status}, and the account that the body names is as before")),
    };
    Ok(Some(judgement.seen(&answer, format!("{method} {} of the own account, with the id of another one", route.path))))
}

/// Whether an answer objects to the body, so that who sent it may not have been looked at.
const fn objects(answer: &Answer) -> bool {
    matches!(answer.status, 400 | 409 | 415 | 422)
}

/// An objection to the body of somebody else: it is a refusal where the holder is not answered so.
fn of_objection(answer: &Answer, own: &Answer) -> Judgement {
    if own.is_success() {
        Judgement::held(format!("refused: {}, where a plain change by its holder works", answer.status))
    } else {
        Judgement::unclear(format!("{}, and {} for its holder: the body, not who sent it, was refused", answer.status, own.status))
    }
}

/// B deletes the account of the victim, which then is let in no more.
async fn deleted_by_b(cx: &Context, victim: &Session, route: &Route, method: &str) -> Result<Evidence, Trouble> {
    let answer = cx.send(&Probe::new(method, path(route, victim)).bearer(&cx.b()?.token)).await?;
    let mut gone = false;
    if answer.is_success() {
        settle().await;
        let before = looked_at(cx, victim, route).await?.is_some();
        let login = cx.registry.login_probe(&victim.login);
        let opens = match login {
            Some(login) => cx.registry.brings_token(&cx.send(&login.impatient()).await?),
            None => before,
        };
        gone = !opens;
        if gone {
            cx.registry.deleted(victim).await;
        }
    }
    Ok(of_attempt(&answer, gone, "deleted").seen(&answer, format!("B: {method} {} of another account", route.path)))
}

fn of_attempt(answer: &Answer, done: bool, what: &str) -> Judgement {
    match answer.status {
        status if done => Judgement::broken(format!("{status}: the account is {what} by somebody else")),
        status @ 200..=299 => Judgement::weak(format!("{status}, though nothing of the account is {what}")),
        status @ 500..=599 => Judgement::weak(format!("{status}: an error of the service instead of a refusal")),
        status => Judgement::held(format!("refused: {status}")),
    }
}

/// The victim gives itself what makes an administrator: all the usual names at once, or one of them where the service objects to that, or what the
/// account itself says that it is not.
async fn given_powers(cx: &Context, victim: &Session, route: &Route, method: &str) -> Result<Evidence, Trouble> {
    let before = looked_at(cx, victim, route).await?;
    let mut had = powers(victim);
    gather(&before.as_ref().and_then(Answer::json).unwrap_or_default(), &mut had);
    let kept = kept(method, before.as_ref().map(account).unwrap_or_default());
    let all = asked_for();
    let usual: Map<_, _> =
        all.iter().filter(|(name, _)| *name == "role").map(|(name, value)| (name.clone(), value.clone())).collect();
    let flag: Map<_, _> =
        all.iter().filter(|(name, _)| *name == "is_superuser").map(|(name, value)| (name.clone(), value.clone())).collect();
    let own = before.as_ref().map(account).map(|account| denied(&account)).unwrap_or_default();
    let beside = |asked: Map<String, Value>| kept.clone().into_iter().chain(asked).collect();
    let bodies = [beside(all), beside(usual), beside(flag), own];
    let (mut answer, mut gained) = (None, BTreeSet::new());
    for body in bodies.into_iter().filter(|body: &Map<_, _>| !body.is_empty()) {
        let probe = Change { route, method }.probe(cx, victim, &Value::Object(body));
        let told = cx.send(&probe.bearer(&victim.user.token)).await?;
        let objected = objects(&told);
        if told.is_success() {
            gather(&told.json().unwrap_or_default(), &mut gained);
            let after = looked_at(cx, victim, route).await?;
            gather(&after.and_then(|after| after.json()).unwrap_or_default(), &mut gained);
        }
        answer = Some(told);
        if !objected {
            break;
        }
    }
    let answer = answer.ok_or_else(|| Trouble::Unexpected("nothing was asked".into()))?;
    let gained: Vec<_> = gained.difference(&had).cloned().collect();
    let judgement = match answer.status {
        status if !gained.is_empty() => Judgement::broken(format!("{status}: the account says {} now", gained.join(", "))),
        status @ 200..=299 => Judgement::held(format!("{status}, and the account says nothing more than before")),
        status @ 500..=599 => Judgement::weak(format!("{status}: an error of the service instead of a refusal")),
        // What is refused for the form of its body says nothing of the powers in it.
        _ if objects(&answer) => {
            let mark = format!("pf{}", cx.random(&format!("isolation.accounts/own {method} {}", route.path)));
            let plain = Change { route, method }.probe(cx, victim, &change(method, before.as_ref(), &mark));
            of_objection(&answer, &cx.send(&plain.bearer(&victim.user.token)).await?)
        }
        status => Judgement::held(format!("refused: {status}")),
    };
    Ok(judgement.seen(&answer, format!("{method} {} of the own account, as an administrator", route.path)))
}

/// The victim gives its own account the e-mail address of another one, which would be taken over with it. `None` where the account holds none.
async fn readdressed(cx: &Context, victim: &Session, other: &Session, change: Change<'_>) -> Result<Option<Evidence>, Trouble> {
    let Change { route, method } = change;
    let Some(before) = looked_at(cx, victim, route).await? else { return Ok(None) };
    let now = account(&before);
    let Some(name) = EMAILS.into_iter().find(|name| now.get(*name).is_some_and(Value::is_string)) else { return Ok(None) };
    // Not every sign-up tells an address: what the other's account holds is what could be taken.
    let told = looked_at(cx, other, route).await?;
    let Some(taken) = told.and_then(|told| account(&told).remove(name)).filter(Value::is_string) else { return Ok(None) };
    let mut now = kept(method, now);
    now.insert(name.to_owned(), taken.clone());
    let probe = change.probe(cx, victim, &Value::Object(now));
    let answer = cx.send(&probe.bearer(&victim.user.token)).await?;
    let after = looked_at(cx, victim, route).await?;
    let holds = after.is_some_and(|after| account(&after).get(name) == Some(&taken));
    let judgement = match answer.status {
        status if holds => Judgement::broken(format!("{status}: two accounts have one address now")),
        status @ 200..=299 if cx.registry.holds_token_of(&answer, other) => {
            Judgement::broken(format!("{status}: the answer signs in to the account whose address it is"))
        }
        status @ 500..=599 => Judgement::weak(format!("{status}: an error of the service instead of a refusal")),
        status => Judgement::held(format!("{status}, and the address is the other's alone")),
    };
    Ok(Some(judgement.seen(&answer, format!("{method} {} of the own account, with the address of another one", route.path))))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::run::Finding;

    #[rstest]
    #[case::in_a_member(json!({ "user": { "password": "{new_password}" } }), Some("user"))]
    #[case::plain(json!({ "email": "{email}", "password": "{password}" }), None)]
    #[case::one_text(json!({ "password": "{new_password}" }), None)]
    fn bodies_of_accounts_stand_in_the_member_of_the_declared_ones(#[case] body: Value, #[case] name: Option<&str>) {
        assert_eq!(wrapper(&body).as_deref(), name);
    }

    #[rstest]
    #[case::known("PATCH", json!({ "id": 1, "full_name": "a" }), json!({ "full_name": "x" }))]
    #[case::wrapped("PATCH", json!({ "user": { "id": 1, "bio": "a" } }), json!({ "bio": "x" }))]
    #[case::whole("PUT", json!({ "id": 1, "name": "a" }), json!({ "id": 1, "name": "x" }))]
    #[case::by_its_address("PATCH", json!({ "id": 1, "email": "a@b" }), json!({ "email": "x@example.com" }))]
    #[case::unknown("PATCH", json!([]), json!({ "name": "x" }))]
    fn a_change_takes_a_member_that_the_account_has(#[case] method: &str, #[case] before: Value, #[case] body: Value) {
        let before = Answer::canned(200, &[], &before.to_string());
        assert_eq!(change(method, Some(&before), "x"), body);
    }

    #[rstest]
    #[case::its_holder_may(200, Finding::Held)]
    #[case::nobody_may(400, Finding::Unclear)]
    fn an_objection_to_the_body_is_a_refusal_where_the_holder_hears_none(#[case] own: u16, #[case] finding: Finding) {
        assert_eq!(of_objection(&Answer::canned(400, &[], ""), &Answer::canned(own, &[], "")).finding, finding);
    }

    #[rstest]
    #[case::refused(403, false, Finding::Held)]
    #[case::done(200, true, Finding::Broken)]
    #[case::done_behind_a_refusal(403, true, Finding::Broken)]
    #[case::nothing_done(204, false, Finding::Weak)]
    fn what_becomes_of_the_account_counts(#[case] status: u16, #[case] done: bool, #[case] finding: Finding) {
        assert_eq!(of_attempt(&Answer::canned(status, &[], ""), done, "changed").finding, finding);
    }
}
