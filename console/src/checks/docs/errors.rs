//! What errors give away: stack traces, file paths, debug pages (CWE-209). Asked for on purpose here, and overheard in what all others ask.

use serde_json::{Value, json};

use super::super::battery::summarise;
use super::super::specimens;
use super::super::{Case, Checked, Context, Judgement, Object, Role, User, shared_battery};
use crate::http::{Answer, Probe, Trouble, inside};
use crate::run::Evidence;
use crate::target::Update;

/// Requests that make careless services show their inside. None can make an object: those with a body go only to the declared resource,
/// with a body that is no object in any format, to an object that nothing has, or to one that this run made.
async fn cases(cx: &Context) -> Vec<Case> {
    let list = specimens::list_path(cx);
    let token = |probe: Probe| match &cx.users.a {
        Some(user) => probe.bearer(&user.token),
        None => probe,
    };
    let item = |id: &str| specimens::path_of(cx, id);
    let get = |name: &str, path: String| Case::new(name, token(Probe::get(path)));
    let mut cases = vec![
        Case::new(
            "an id that is none, with a wish to debug",
            token(Probe::get(format!("{}?debug=1&trace=1&verbose=1", item("not-an-id")))).header("x-debug", "1"),
        ),
        get("an id with a quote", item("%27")),
        get("an id with NUL", item("%00")),
        get("an id beyond any number", item("99999999999999999999")),
        get("an overlong id", item(&"a".repeat(1_500))),
        get("an id in broken UTF-8", item("%ff%fe")),
        get("a page that is none", format!("{list}?limit=abc&cursor=%27&offset=-1&page=x")),
        get("a page before the first", format!("{list}?offset=-1&skip=-1&page=0&per_page=0&page_size=0")),
        get("broken escapes in the query", format!("{list}?a=%ff%zz")),
        get(
            "an order and a search that are none",
            format!("{list}?sort=%27pf&sort_by=%27pf&order_by=%27pf&order=%27pf&search=%5B(&q=%5B("),
        ),
        Case::new("a token that is none", Probe::get(list.clone()).header("authorization", "Bearer not.a.token")),
        Case::new("an unknown method", specimens::unknown_method(cx)),
    ];
    if let Some(login) = cx.target.accounts.login.as_ref().filter(|login| cx.writes && !login.call.path.contains('{')) {
        let empty = Probe::new(&login.call.method, login.call.path.clone()).json(&json!({})).alone().repeatable();
        cases.push(Case::new("a sign-in with nothing in it", empty).beside_others());
    }
    if cx.users.a.is_some() && cx.writes {
        let post =
            |kind: Option<&str>, body: Vec<u8>| token(Probe::new("POST", list.clone())).body(kind, body).shareable().repeatable();
        let json = Some("application/json");
        let missing = &specimens::missing_path(cx).await;
        cases.extend([
            Case::new("JSON that breaks off", post(json, b"{\"postflight\":".to_vec())),
            Case::new("JSON in broken UTF-8", post(json, b"{\"\xff\xfe\"".to_vec())),
            Case::new("a type that is none", post(Some("application/x-postflight"), b"postflight".to_vec())),
            Case::new("null for an object", post(json, b"null".to_vec())),
            Case::new("values of another type", token(Probe::new("PATCH", missing).json(&wrong_types(cx))).repeatable()),
            Case::new(
                "a change of an id that is none",
                token(Probe::new(changing(cx), item("not-an-id")).json(&json!({}))).repeatable(),
            ),
            Case::new("half a surrogate pair", token(Probe::new(changing(cx), missing)).body(json, half_a_pair(cx)).repeatable()),
        ]);
    }
    cases
}

/// Updates of an object of this run that a handler trips over once it has found the object: fields missing, null, or of another type.
fn updates(cx: &Context, user: &User, object: &Object) -> Vec<Case> {
    let title = &cx.target.resource.fields.title;
    let bodies = [
        ("an update with nothing in it", json!({})),
        ("an update that is null", Value::Null),
        ("an update that is an array", json!([])),
        ("an update of a number for a text", json!({ (title.clone()): 7 })),
        ("an update of null for a text", json!({ (title.clone()): null })),
        ("an update of an object for a text", wrong_types(cx)),
    ];
    // Whether one that is cut off was carried out does not matter: it may be sent again.
    let update = || Probe::new(changing(cx), &object.path).bearer(&user.token).repeatable();
    bodies.into_iter().map(|(name, body)| Case::new(name, update().json(&body))).collect()
}

/// The method that changes an object here.
fn changing(cx: &Context) -> &'static str {
    if cx.target.resource.update == Update::Put { "PUT" } else { "PATCH" }
}

/// A text that JSON can write and UTF-8 cannot, where another type is wanted: Python reads it, and what repeats it in an error raises. Only
/// for an object that nothing has: kept by a service that does not look, it would make every list of its owner fail.
fn half_a_pair(cx: &Context) -> String {
    format!(r#"{{"{}":[{{"postflight":"\ud800"}}]}}"#, cx.target.resource.fields.title)
}

/// An update of an object that nothing has, in which every value is of the wrong type.
fn wrong_types(cx: &Context) -> Value {
    json!({ (cx.target.resource.fields.title.clone()): [{ "postflight": null }], "postflight": 1.5 })
}

/// Errors say what was wrong with the request, and nothing of the service: those asked for here, and all that come in this run.
pub(super) async fn plain(cx: Context) -> Checked {
    let mut cases = cases(&cx).await;
    if let Some(user) = &cx.users.a
        && let Ok(object) = cx.objects.shared(user, Role::Scratch).await
    {
        cases.extend(updates(&cx, user, &object));
    }
    let cases = cases.into_iter().map(Case::of_an_odd_form).collect();
    let asked = shared_battery(&cx, WHAT, cases, |_, answer| judge(answer)).await?;
    match cx.client.until(cx.quiet.turn_of("docs.errors")).await {
        // What was overheard until now is all that there is.
        Err(Trouble::Deadline) => {}
        turn => turn?,
    }
    let known: Vec<_> = asked.evidence.iter().filter_map(|piece| Some(&piece.exchange.as_ref()?.request)).collect();
    let all = cx.client.overheard();
    let elsewhere: Vec<_> = all.iter().filter(|answer| !known.contains(&&answer.exchange.request)).map(overheard).collect();
    if elsewhere.is_empty() {
        return Ok(asked);
    }
    Ok(summarise(WHAT, asked.evidence.into_iter().chain(elsewhere).collect()))
}

const WHAT: &str = "errors that give nothing away";

/// An error that another check was answered.
fn overheard(answer: &Answer) -> Evidence {
    let request = &answer.exchange.request;
    judge(answer).seen(answer, format!("{} {}, asked by another check", request.method, request.url))
}

/// Judges the text of an error.
pub(super) fn judge(answer: &Answer) -> Judgement {
    let text = answer.raw_text().to_ascii_lowercase();
    let status = answer.status;
    let inside = inside(&text).filter(|_| !answer.is_success());
    match status {
        _ if let Some(kind) = inside => Judgement::broken(format!("{status} with {kind}")),
        502..=504 => Judgement::unclear(format!("{status}: the service did not answer")),
        // RFC 9110, 15.6.2: the answer to a method that nobody knows.
        501 => Judgement::held("501, the method is not offered"),
        500.. => Judgement::weak(format!("{status}: the request made the service fail")),
        _ => Judgement::held(format!("{status}, nothing given away")),
    }
}
