//! The scene of a check: an object of A, how it looked before anybody tried anything, and another look afterwards.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::Value;

use crate::checks::{Act, Checked, Context, Judgement, Object, Outcome, Role, User};
use crate::http::{Answer, Probe, Trouble, evidence};
use crate::run::{Evidence, Finding, RequestRecord, Source};
use crate::token::Compact;

use super::owner::encoded;
use super::page::Page;
pub(super) use crate::checks::objects::settle;

/// Fields in which objects are described, beside their title.
const DESCRIPTIONS: [&str; 6] = ["description", "notes", "note", "details", "content", "body"];

/// An object of A that must stay as it is.
pub(super) struct Victim {
    /// The object.
    pub(super) object: Object,
    /// The answer to A's first read.
    pub(super) read: Answer,
    /// The address that A signs in with, where it is not what requests name A by: answers may repeat those.
    email: Option<String>,
    /// Whom tokens of A name.
    subject: Option<String>,
    /// Whether other users may read it on purpose.
    shared: bool,
}

impl Victim {
    /// Makes an object of A and reads it. Trouble when A cannot read what A just made: then a refusal to B proves nothing.
    pub(super) async fn new(cx: &Context) -> Result<Self, Trouble> {
        Self::of(cx, cx.objects.create(cx.a()?).await?).await
    }

    /// The object of A that checks share which only read.
    pub(super) async fn shared(cx: &Context) -> Result<Self, Trouble> {
        if cx.exhaustive {
            return Self::new(cx).await;
        }
        Self::of(cx, cx.objects.witness(cx.a()?).await?).await
    }

    /// An object of A whose description, where objects of this service have one, holds the canary as well as its title: a condition that binds
    /// the owner to the first of two searched fields alone (`owner AND title OR description`) shows it. Else the shared one.
    pub(super) async fn described(cx: &Context) -> Result<Self, Trouble> {
        let shared = Self::shared(cx).await?;
        let json = shared.read.json();
        let object = json.as_ref().and_then(|json| cx.target.resource.object(json));
        let of_all = |field: &str, value: &Value| {
            cx.target.resource.extra.get(field).is_some_and(|extra| extra == value && extra.is_string())
        };
        let free = |field: &str, value: &Value| value.is_null() || value == "" || of_all(field, value);
        let empty = |field: &&str| object.and_then(|object| object.get(*field)).is_some_and(|value| free(field, value));
        let Some(field) = DESCRIPTIONS.into_iter().find(|field| *field != cx.target.resource.fields.title && empty(field)) else {
            return Ok(shared);
        };
        let a = cx.a()?;
        let canary = cx.objects.announce(a).await?;
        let body = cx.target.resource.with(cx.target.resource.body(&canary), field, Value::String(canary.clone()));
        let created = cx.send(&Probe::post(cx.list_path(a), &body).bearer(&a.token)).await?;
        let Some(id) = cx.made(a, &created).await else { return Ok(shared) };
        // A read that lags behind the write would look like none at all.
        let item = cx.item(a, &id);
        let read = if cx.target.resource.offers.get { Some(cx.eventually(&item, Answer::is_success).await?) } else { None };
        Self::of(cx, Object { path: cx.item_path(a, &id), id, canary, created, read }).await
    }

    async fn of(cx: &Context, object: Object) -> Result<Self, Trouble> {
        let read = match &object.read {
            Some(read) => read.clone(),
            None => look(cx, cx.a()?, &object).await?,
        };
        if read.is_success() && read.contains(&object.canary) {
            let a = cx.a()?;
            let email = a.email.clone().filter(|email| a.subject.as_ref() != Some(email));
            // Where all tokens name one subject, it tells nobody from anybody.
            let of_b = cx.b().ok().and_then(User::claimed_subject);
            let subject = a.claimed_subject().filter(|subject| of_b.as_ref() != Some(subject));
            return Ok(Self { object, read, email, subject, shared: cx.target.is_read_by_others() });
        }
        let what = match read.status {
            200..=299 if is_of_this_run(&read, &object.canary) => "another one of this run: two were made with one id",
            _ => "nothing with its title",
        };
        Err(Trouble::Unexpected(format!("A reads back the object just made and gets {what} ({})", read.status)))
    }

    /// Whether an answer shows this object, or any other that this run made as A: lists need not show the one that was looked for. A
    /// beginning of the canary alone is what searches ask for, and may be repeated. A's address is nobody else's either, nor is a token of A's.
    pub(super) fn is_shown_in(&self, answer: &Answer) -> bool {
        self.email.as_ref().is_some_and(|email| answer.contains(email) && !is_named_by(&answer.exchange.request, email))
            || self.is_signed_in_by(answer)
            || (!self.may_be_shown_in(answer) && (answer.contains(self.canary()) || is_of_this_run(answer, self.canary())))
    }

    /// Whether an answer holds a token of A's.
    fn is_signed_in_by(&self, answer: &Answer) -> bool {
        let named = |token: Compact| token.subject().is_some_and(|subject| Some(subject) == self.subject);
        Compact::all_in(&answer.told()).any(named)
    }

    /// Whether an answer shows this object, though other users may not read it.
    pub(super) fn leaks_in(&self, answer: &Answer) -> bool {
        !self.may_be_shown_in(answer) && answer.contains(self.canary())
    }

    fn may_be_shown_in(&self, answer: &Answer) -> bool {
        self.shared && matches!(answer.exchange.request.method.as_str(), "GET" | "HEAD")
    }

    /// The canary in A's title.
    pub(super) fn canary(&self) -> &str {
        &self.object.canary
    }

    /// Reads the object as A again and compares. What differs between two reads in a row is the service's own restlessness (a time of
    /// answer, a request id), not a change.
    pub(super) async fn intact(&self, cx: &Context) -> Result<Evidence, Trouble> {
        settle().await;
        let after = match look_together(cx, cx.a()?, &self.object).await {
            Err(Trouble::Unexpected(_)) => {
                let answer = cx.send(&cx.list(cx.a()?)).await?;
                let judgement = Judgement::broken("A's list no longer shows the object as it was");
                return Ok(evidence(&answer, "A's list, read by A afterwards", judgement.finding, judgement.observed));
            }
            looked => looked?,
        };
        let id = &self.object.id;
        let mut judgement = unchanged(cx, id, &self.read, &after);
        if judgement.finding == Finding::Broken && after.is_success() {
            let again = look(cx, cx.a()?, &self.object).await?;
            if shape(cx, id, &again) != shape(cx, id, &after) {
                judgement = same_in_what_stays(cx, id, [&self.read, &after, &again]);
            }
        }
        Ok(evidence(&after, "A's object, read by A afterwards", judgement.finding, judgement.observed))
    }
}

/// Lets `attack` loose on the object of A that checks share in this role. Where that does not look as before afterwards, only a fresh object
/// of its own tells whose attack it was.
pub(super) async fn attacked<F>(cx: &Context, role: Role, attack: impl Fn(Arc<Victim>) -> F) -> Checked
where
    F: Future<Output = Checked>,
{
    let shared = if cx.exhaustive { None } else { Some(cx.objects.shared(cx.a()?, role).await?) };
    // Where another attack succeeded already, A may not even be able to read it.
    if let Some(shared) = shared
        && let Ok(victim) = Victim::of(cx, shared).await
    {
        let victim = Arc::new(victim);
        let outcome = attack(Arc::clone(&victim)).await?;
        let intact = victim.intact(cx).await?;
        if intact.finding == Finding::Held {
            return Ok(outcome.joined(intact));
        }
    }
    let victim = Arc::new(Victim::new(cx).await?);
    let outcome = attack(Arc::clone(&victim)).await?;
    Ok(outcome.joined(victim.intact(cx).await?))
}

/// Whether an answer shows any object that this run made as the user of this canary.
fn is_of_this_run(answer: &Answer, canary: &str) -> bool {
    let (text, beginning) = (answer.told().to_ascii_lowercase(), &beginning(canary).to_ascii_lowercase());
    let counted = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    !beginning.is_empty() && text.split(beginning).skip(1).any(counted)
}

/// All but the last four characters of a canary: what all canaries of one user in one run begin with.
pub(super) fn beginning(canary: &str) -> &str {
    canary.get(..canary.len().saturating_sub(4)).unwrap_or_default()
}

/// The owner's look at an object: by its own route, or in the list where there is none.
pub(super) async fn look(cx: &Context, owner: &User, object: &Object) -> Result<Answer, Trouble> {
    if cx.target.resource.offers.get {
        return cx.send(&cx.item(owner, &object.id)).await;
    }
    Ok(Page::now(cx, owner, &object.canary).await?.answer)
}

/// The same, together with other checks that look at this moment.
async fn look_together(cx: &Context, owner: &User, object: &Object) -> Result<Answer, Trouble> {
    if cx.target.resource.offers.get {
        return cx.fresh(&cx.item(owner, &object.id)).await;
    }
    look(cx, owner, object).await
}

/// The object as the owner sees it.
pub(super) fn shape(cx: &Context, id: &str, answer: &Answer) -> Option<Value> {
    let (json, resource) = (answer.json()?, &cx.target.resource);
    if resource.offers.get { resource.object(&json).cloned() } else { resource.listed(&json, id).cloned() }
}

fn unchanged(cx: &Context, id: &str, before: &Answer, after: &Answer) -> Judgement {
    let policy = &cx.target.policy;
    let is_gone = |status| matches!(status, 404 | 410) || policy.missing.contains(status) || policy.deleted.contains(status);
    match after.status {
        status if !after.is_success() && is_gone(status) && after.source != Source::Edge => {
            Judgement::broken(format!("{}: the object is gone", after.status))
        }
        200..=299 if before.body == after.body => Judgement::held("byte for byte as before"),
        200..=299 => match (shape(cx, id, before), shape(cx, id, after)) {
            (Some(before), Some(after)) if cx.target.is_read_by_others() => differing(&before, &after, &counters(&before)),
            (Some(before), Some(after)) => differing(&before, &after, &[]),
            _ => Judgement::broken("the answer is another one than before"),
        },
        status => Judgement::unclear(format!("{status}: cannot be read")),
    }
}

fn same_in_what_stays(cx: &Context, id: &str, looks: [&Answer; 3]) -> Judgement {
    match looks.map(|answer| shape(cx, id, answer)) {
        [Some(before), Some(after), Some(again)] => differing(&before, &after, &changed_fields(&after, &again)),
        _ => Judgement::unclear("two reads in a row differ"),
    }
}

fn differing(before: &Value, after: &Value, restless: &[String]) -> Judgement {
    let changed: Vec<_> = changed_fields(before, after).into_iter().filter(|field| !restless.contains(field)).collect();
    if changed.is_empty() {
        Judgement::held("unchanged in every field")
    } else {
        Judgement::broken(format!("A's object was changed: {}", changed.join(", ")))
    }
}

/// Members that count what others do with an object which all may read: favourites, comments, views.
fn counters(object: &Value) -> Vec<String> {
    let members = object.as_object().into_iter().flatten();
    members.filter(|(_, value)| value.is_u64()).map(|(name, _)| name.clone()).collect()
}

/// Names of the top-level fields that differ.
fn changed_fields(before: &Value, after: &Value) -> Vec<String> {
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        return if before == after { Vec::new() } else { vec!["the whole".to_owned()] };
    };
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    names.filter(|name| old.get(*name) != new.get(*name)).cloned().collect()
}

/// Evidence of a live answer with a judgement.
pub(super) fn piece(answer: &Answer, label: impl Into<String>, judgement: Judgement) -> Evidence {
    judgement.seen(answer, label)
}

/// An outcome with further pieces.
pub(super) fn join(outcome: Outcome, pieces: impl IntoIterator<Item = Evidence>) -> Outcome {
    pieces.into_iter().fold(outcome, Outcome::joined)
}

/// An outcome of pieces: a sentence when all held, else what did not.
pub(super) fn conclude(all_held: &str, pieces: Vec<Evidence>) -> Outcome {
    let mut others: Vec<_> = pieces.iter().filter(|piece| piece.finding != Finding::Held).collect();
    others.sort_by_key(|piece| Reverse(piece.finding));
    let summary = if pieces.is_empty() {
        "nothing of it could be asked".to_owned()
    } else if others.is_empty() {
        all_held.to_owned()
    } else {
        others.iter().map(|piece| format!("{}: {}", piece.label, piece.observed)).collect::<Vec<_>>().join("; ")
    };
    Outcome::of(summary, pieces)
}

/// An id in the form of `id` that nothing has, for requests of one `name`: checks that ask for it alike share the answer.
pub(super) fn missing_for(cx: &Context, id: &str, name: &str, which: &str) -> String {
    missing_like(id, &cx.random(&format!("isolation.missing/{name}/{which}")))
}

/// The status of B's deletion of an id in the form of `id` that nothing has, at A's path.
pub(super) async fn deletion_of_nothing(cx: &Context, id: &str) -> Result<u16, Trouble> {
    let missing = missing_for(cx, id, Act::Delete.word(), "one");
    let probe = Act::Delete.probe(cx, &cx.item_path(cx.a()?, &missing), "").bearer(&cx.b()?.token);
    Ok(cx.once(&probe.shareable()).await?.status)
}

/// An id in the form of `id` that nothing has: each of its last characters becomes another one of the same kind, so that length and
/// alphabet stay and validation treats both alike.
pub(super) fn missing_like(id: &str, random: &str) -> String {
    if let Ok(number) = id.parse::<u64>() {
        return far_number(number, random).to_string();
    }
    let changed = id.len().saturating_sub(12);
    let mut fresh = random.bytes().cycle();
    id.char_indices().map(|(at, c)| if at < changed { c } else { replaced(c, fresh.next().unwrap_or(b'7')) }).collect()
}

/// A number that nothing has: far above ids that count from one, far below those that hold a time, and never beyond what the service takes
/// for an id (an `i32`, or as many bits as the id itself has). Another one for another `random`: two missing ids show what follows the id.
fn far_number(id: u64, random: &str) -> u64 {
    const FAR: u64 = 987_654_321;
    const SPREAD: u64 = 1_000;
    let step = random.bytes().fold(0, |step, byte| (step * 31 + u64::from(byte)) % SPREAD);
    if id < FAR - SPREAD { FAR - step } else { id.saturating_sub(FAR + step) }
}

fn replaced(c: char, by: u8) -> char {
    let from = |alphabet: &[u8]| alphabet.get(usize::from(by) % alphabet.len().max(1)).map_or(c, |byte| char::from(*byte));
    match c {
        '0'..='9' => from(b"0123456789"),
        'a'..='f' => from(b"abcdef"),
        'A'..='F' => from(b"ABCDEF"),
        'g'..='z' => from(b"ghjkmnpqrstvwxyz"),
        'G'..='Z' => from(b"GHJKMNPQRSTVWXYZ"),
        other => other,
    }
}

/// Whether a request names this text itself: some services repeat what they could not read.
fn is_named_by(request: &RequestRecord, text: &str) -> bool {
    let in_address = request.url.contains(text) || request.url.contains(&encoded(text));
    in_address || request.body.as_ref().is_some_and(|body| body.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::number("17", "987654321")]
    #[case::counted_high("987654321", "0")]
    #[case::snowflake("4611686018427387903", "4611686017439733582")]
    fn a_missing_number_is_a_number(#[case] id: &str, #[case] missing: &str) {
        assert_eq!(missing_like(id, ""), missing);
        assert_ne!(missing_like("17", "k3x9"), missing_like("17", "k3x8"), "two missing ids are two");
    }

    #[rstest]
    #[case::uuid("0199f5c4-8e2b-7d31-9c1a-5b6f0e7a4d21")]
    #[case::object_id("65f1a2b3c4d5e6f708192a3b")]
    #[case::ulid("01HZX3V8K6T9QWERTY23456789")]
    fn a_missing_id_keeps_length_and_alphabet(#[case] id: &str) {
        let missing = missing_like(id, "k3x9qz71ab");
        let kinds = |id: &str| id.chars().map(|c| (c.is_ascii_digit(), c.is_ascii_uppercase(), c == '-')).collect::<Vec<_>>();
        assert_ne!(missing, id);
        assert_eq!(kinds(&missing), kinds(id));
    }

    #[rstest]
    #[case::in_the_query("http://a/tasks?user_id=ann%40example.com", None, true)]
    #[case::in_the_body("http://a/tasks", Some(r#"{"email":"ann@example.com"}"#), true)]
    #[case::nowhere("http://a/tasks?user_id=7", Some("{}"), false)]
    fn what_a_request_names_itself_is_known(#[case] url: &str, #[case] body: Option<&str>, #[case] named: bool) {
        let (url, body) = (url.to_owned(), body.map(str::to_owned));
        let request = RequestRecord { method: "GET".into(), url, headers: Vec::new(), body };
        assert_eq!(is_named_by(&request, "ann@example.com"), named);
    }

    #[test]
    fn only_fields_that_stay_put_between_reads_count_as_changed() {
        let before = json!({"title": "a", "version": 1, "served_at": 1});
        let after = json!({"title": "b", "version": 1, "served_at": 2});
        assert_eq!(differing(&before, &after, &["served_at".into()]), Judgement::broken("A's object was changed: title"));
        assert_eq!(differing(&before, &before, &[]).finding, Finding::Held);
    }
}
