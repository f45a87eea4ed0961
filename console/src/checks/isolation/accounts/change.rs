//! What a change of an account sends, as the service words it, and what shows whether it was made.

use serde_json::{Map, Value, json};

use crate::checks::roles::is_power;
use crate::checks::{Context, Judgement, Session};
use crate::http::{Answer, Probe, Trouble};
use crate::target::Route;

/// Members of an account that its holder may change and that nothing else hangs on.
const NAMES: [&str; 9] =
    ["name", "full_name", "fullName", "display_name", "displayName", "first_name", "firstName", "bio", "nickname"];

/// Members of an account that hold the address that signs in.
pub(super) const EMAILS: [&str; 3] = ["email", "email_address", "emailAddress"];

/// A change of an account.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) route: &'a Route,
    pub(super) method: &'a str,
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
    pub(super) fn probe(self, cx: &Context, victim: &Session, members: &Value) -> Probe {
        Probe::new(self.method, path(self.route, victim)).json(&self.worded(cx, members))
    }
}

/// The only member of a body, where it holds all the others.
fn wrapper(body: &Value) -> Option<String> {
    let (name, inner) = body.as_object().filter(|members| members.len() == 1)?.iter().next()?;
    inner.is_object().then(|| name.clone())
}

pub(super) fn path(route: &Route, victim: &Session) -> String {
    route.filled("1", victim.user.subject.as_deref().unwrap_or("me"))
}

/// The account as its holder sees it; nothing where the route does not read.
pub(super) async fn looked_at(cx: &Context, victim: &Session, route: &Route) -> Result<Option<Answer>, Trouble> {
    if !route.reads() {
        return Ok(None);
    }
    let answer = cx.send(&Probe::get(path(route, victim)).bearer(&victim.user.token)).await?;
    Ok(Some(answer).filter(Answer::is_success))
}

/// Names under which an answer holds an account beside what it says of itself.
const WRAPPERS: [&str; 5] = ["user", "account", "profile", "data", "result"];

/// The object in which an account stands: the answer itself, what its only member holds, or what a member of a usual name does.
pub(super) fn account(answer: &Answer) -> Map<String, Value> {
    let Some(Value::Object(members)) = answer.json() else { return Map::new() };
    let only = members.values().next().filter(|_| members.len() == 1);
    let named = || WRAPPERS.into_iter().find_map(|name| members.get(name));
    let inner = only.or_else(named).and_then(Value::as_object).cloned();
    inner.unwrap_or(members)
}

/// The powers that an account itself says it does not have, each given.
pub(super) fn denied(account: &Map<String, Value>) -> Map<String, Value> {
    let denied = account.iter().filter(|(name, value)| **value == json!(false) && is_power(name));
    denied.map(|(name, _)| (name.clone(), json!(true))).collect()
}

/// What a change sends beside the member that it is about: a `PUT` all that the account holds and that is anything.
pub(super) fn kept(method: &str, mut account: Map<String, Value>) -> Map<String, Value> {
    account.retain(|_, value| method == "PUT" && !value.is_null());
    account
}

/// A change of one harmless member, or of the address where the account shows no other; a `PUT` is sent what the account holds beside it.
pub(super) fn harmless(method: &str, before: Option<&Answer>, text: &str) -> Value {
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

/// Whether an answer objects to the body, so that who sent it may not have been looked at.
pub(super) const fn objects(answer: &Answer) -> bool {
    matches!(answer.status, 400 | 409 | 415 | 422)
}

/// An objection to the body of somebody else: it is a refusal where the holder is not answered so.
pub(super) fn of_objection(answer: &Answer, own: &Answer) -> Judgement {
    if own.is_success() {
        Judgement::held(format!("refused: {}, where a plain change by its holder works", answer.status))
    } else {
        Judgement::unclear(format!("{}, and {} for its holder: the body, not who sent it, was refused", answer.status, own.status))
    }
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
        assert_eq!(harmless(method, Some(&before), "x"), body);
    }

    #[rstest]
    #[case::its_holder_may(200, Finding::Held)]
    #[case::nobody_may(400, Finding::Unclear)]
    fn an_objection_to_the_body_is_a_refusal_where_the_holder_hears_none(#[case] own: u16, #[case] finding: Finding) {
        assert_eq!(of_objection(&Answer::canned(400, &[], ""), &Answer::canned(own, &[], "")).finding, finding);
    }
}
