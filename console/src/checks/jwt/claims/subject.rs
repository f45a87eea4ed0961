//! Whose token it is: subjects that are missing, unknown, no text, or only nearly A's.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Minter;
use crate::checks::isolation::Page;
use crate::checks::jwt::ask::{Forgery, refusal};
use crate::checks::paging::asking;
use crate::checks::{Case, Checked, Context, Judgement, Outcome, battery, shared_battery};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Finding;

/// Tokens of nobody, and of users that the service should know and does not. Libraries ask for no subject (`express-jwt`, `jwt.verify` and
/// `jwt.decode` take a token without one), and no issuer leaves it out: a token of nobody that gets in is a weakness, unless the operator
/// said that subjects are known; one that sees A's object is the flaw.
pub(in crate::checks::jwt) async fn sub_missing(cx: Context) -> Checked {
    let minter = Minter::of(&cx).await?;
    // Where users may read each other's objects, seeing one tells nothing of who is asked for.
    let seen = if cx.target.is_read_by_others() { None } else { sight(&cx).await? };
    let list = cx.read_path(cx.a()?);
    let nobody = [
        Forgery::fatal("no sub", minter.without_subject()),
        Forgery::lenient("sub null", minter.with_subject(Value::Null)),
        Forgery::lenient("sub empty", minter.with_subject("")),
    ];
    let asks = |(forgery, path, place): (&Forgery, &str, &str)| {
        Case::new(format!("{}, {place}", forgery.name), Probe::get(path).bearer(&forgery.credential()))
    };
    let mut cases: Vec<_> = nobody.iter().map(|forgery| asks((forgery, &list, "the list"))).collect();
    if let Some((path, _)) = &seen {
        cases.extend(cx.telling(&nobody, 1).into_iter().map(|forgery| asks((forgery, path, "A's object"))));
    }
    cases.extend(unknown(&cx, &minter).iter().map(|forgery| asks((forgery, &list, "the list"))));
    let canary = seen.map(|(_, canary)| canary);
    shared_battery(&cx, "tokens of nobody", cases, |case, answer| of_nobody(&cx, canary.as_deref(), case, answer)).await
}

/// Subjects that never existed, where the service must know them.
fn unknown(cx: &Context, minter: &Minter<'_>) -> Vec<Forgery> {
    if !cx.target.policy.known_subjects {
        return Vec::new();
    }
    let subjects = [cx.random("unknown subject"), "00000000-0000-4000-8000-000000000000".to_owned(), "987654321".to_owned()];
    let forged = |(index, subject)| Forgery::fatal(format!("unknown subject #{}", index + 1), minter.with_subject(subject));
    subjects.into_iter().enumerate().map(forged).collect()
}

fn of_nobody(cx: &Context, canary: Option<&str>, case: &Case, answer: &Answer) -> Judgement {
    let missing = !case.name.starts_with("unknown");
    match answer.status {
        status if canary.is_some_and(|canary| answer.contains(canary)) => Judgement::broken(format!("{status} with A's object")),
        404 if missing => Judgement::held("404, not A's object"),
        _ if missing && !(cx.target.policy.known_subjects && case.name.starts_with("no sub")) => {
            refusal(&cx.target.policy.refused_token, Finding::Weak, answer)
        }
        _ => refusal(&cx.target.policy.refused_token, Finding::Broken, answer),
    }
}

/// Subjects that are not text (RFC 7519, 4.1.2: `StringOrURI`), asked for A's object: seeing it is the flaw, being let in a weakness.
pub(in crate::checks::jwt) async fn sub_type(cx: Context) -> Checked {
    let minter = Minter::of(&cx).await?;
    let (path, canary) = match sight(&cx).await? {
        Some((path, canary)) => (path, Some(canary)),
        None => (cx.read_path(cx.a()?), None),
    };
    let (mut cases, mut of_a) = (Vec::new(), Vec::new());
    for (index, sub) in cx.telling(mistypes(&minter.subject), 6).into_iter().enumerate() {
        let name = format!("sub {} (#{})", sub.to_string().replace(&minter.subject, "A"), index + 1);
        if may_name(&sub, &minter.subject) {
            of_a.push(name.clone());
        }
        let forgery = Forgery::fatal(name, minter.with_subject(sub));
        cases.push(Case::new(&forgery.name, Probe::get(&path).bearer(&forgery.credential())));
    }
    battery(&cx, "subjects of other types", cases, |case, answer| {
        mistyped(&cx, canary.as_deref(), of_a.contains(&case.name), answer)
    })
    .await
}

/// Whether a value of another type may be read as the name of A and of nobody else: it holds that name (ORMs look a list up like what is in
/// it), or may be the number that A has (databases compare `true` with 1).
fn may_name(sub: &Value, subject: &str) -> bool {
    let holds = match sub {
        Value::Array(items) => items.iter().any(|item| item == subject),
        Value::Object(members) => members.values().any(|member| member == subject),
        _ => false,
    };
    holds || sub.is_boolean() || sub.is_number()
}

/// Where A sees an object of the run, and what is written in it: at its own route, or in the list where there is none. `None` where nothing
/// shows it.
async fn sight(cx: &Context) -> Result<Option<(String, String)>, Trouble> {
    let a = cx.a()?;
    let object = match cx.objects.witness(a).await {
        Err(Trouble::NotGiven(_)) => return Ok(None),
        object => object?,
    };
    let offers = cx.target.resource.offers;
    if offers.get {
        return Ok(Some((object.path, object.canary)));
    }
    if !offers.list {
        return Ok(None);
    }
    let page = Page::showing(cx, &object.canary).await?;
    Ok(Some((asking(&cx.list_path(a), &page.query), object.canary)))
}

/// Values that are no subject, but that coercion or a query operator would make one, or all.
fn mistypes(subject: &str) -> Vec<Value> {
    let first = [json!([subject]), json!({ "$ne": null }), json!(7), json!({ "$gt": "" }), json!(true), json!({})];
    let others = [json!({ "toString": subject }), json!(1.5), json!(false), json!([])];
    first.into_iter().chain(others).collect()
}

/// A value that may name A is still nobody else's: reading it as A is careless. One that any name answers to is the flaw.
fn mistyped(cx: &Context, canary: Option<&str>, of_a: bool, answer: &Answer) -> Judgement {
    match answer.status {
        status if of_a && canary.is_some_and(|canary| answer.contains(canary)) => {
            Judgement::weak(format!("{status} with A's object: the value is read as the name of A"))
        }
        status if canary.is_some_and(|canary| answer.contains(canary)) => Judgement::broken(format!("{status} with A's object")),
        404 => Judgement::weak("let in, though without A's object: 404"),
        _ => refusal(&cx.target.policy.refused_token, Finding::Weak, answer),
    }
}

/// Subjects that are not A's, but that folding, trimming or coercion would make A's.
fn aliases(subject: &str) -> Vec<(&'static str, String)> {
    let wide: String =
        subject.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic()).unwrap_or(c)).collect();
    let all = [
        ("in upper case", subject.to_uppercase()),
        ("in lower case", subject.to_lowercase()),
        ("with a space behind", format!("{subject} ")),
        ("with a NUL and more behind", format!("{subject}\0b")),
        ("in full-width letters", wide),
        ("with a zero before", format!("0{subject}")),
        ("with an SQL wildcard", "%".to_owned()),
        ("as an SQL disjunction", "' OR '1'='1".to_owned()),
        ("with a space before", format!(" {subject}")),
        ("with a newline behind", format!("{subject}\n")),
        ("with a NUL behind", format!("{subject}\0")),
        ("with a slash behind", format!("{subject}/")),
        ("with a zero-width space", format!("{subject}\u{200b}")),
        ("percent-encoded", format!("{subject}%20")),
    ];
    all.into_iter().filter(|(_, alias)| alias != subject).collect()
}

/// The beginning of a subject, which a guard takes for the whole that compares the name in a path by `in` or `startsWith`.
fn beginning(subject: &str) -> Option<(&'static str, String)> {
    let mut characters = subject.chars();
    characters.next_back()?;
    let beginning: String = characters.collect();
    (!beginning.is_empty()).then_some(("without its last character", beginning))
}

/// Whether a number was read out of the alias, and is the subject: `int(" 7")` is 7 in Python and `Number("07")` in JavaScript, and a UUID is one in
/// any letter case (RFC 9562, 4). The service itself gave the number out, so nobody can come to own the other spelling.
fn same_number(subject: &str, alias: &str) -> bool {
    let uuid = |text: &str| Uuid::parse_str(text.trim()).ok();
    if uuid(subject).is_some() && uuid(subject) == uuid(alias) {
        return true;
    }
    let digits: String = alias.chars().map(narrow).filter(char::is_ascii_digit).collect();
    let bare = alias.trim().trim_end_matches('\u{200b}');
    let only_digits = bare.chars().all(|c| narrow(c).is_ascii_digit());
    only_digits && subject.parse::<u64>().is_ok_and(|number| digits.parse() == Ok(number))
}

/// The ASCII form of a full-width character.
fn narrow(c: char) -> char {
    u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).filter(char::is_ascii_graphic).unwrap_or(c)
}

/// A's object, asked for under subjects that are only nearly A's.
pub(in crate::checks::jwt) async fn sub_alias(cx: Context) -> Checked {
    let minter = Minter::of(&cx).await?;
    let Some((path, canary)) = sight(&cx).await? else {
        return Ok(Outcome::skip("no route shows an object: neither one that reads it, nor a list"));
    };
    // Who is shown what is A's whoever it is, is not taken for A.
    let shown_to_b = match cx.b() {
        Ok(b) => cx.once(&Probe::get(&path).bearer(&b.token)).await?.contains(&canary),
        Err(_) => false,
    };
    let mut aliases = cx.telling(aliases(&minter.subject), 7);
    if cx.target.paths.item.contains("{user_id}") {
        aliases.extend(beginning(&minter.subject));
    }
    let numbers: Vec<_> = aliases.iter().filter(|(_, alias)| same_number(&minter.subject, alias)).map(|(name, _)| *name).collect();
    let cases = aliases.into_iter().map(|(name, alias)| {
        let forgery = Forgery::fatal(format!("the subject of A {name}"), minter.with_subject(alias));
        Case::new(&forgery.name, Probe::get(&path).bearer(&forgery.credential()))
    });
    battery(&cx, "near subjects", cases.collect(), |case, answer| match answer.status {
        status if answer.contains(&canary) && shown_to_b => Judgement::unclear(format!("{status} with A's object, as for B")),
        status if answer.contains(&canary) && numbers.iter().any(|name| case.name.ends_with(name)) => {
            Judgement::weak(format!("{status} with A's object: the subject is read as the number or UUID that it is"))
        }
        status if answer.contains(&canary) => Judgement::broken(format!("{status} with A's object")),
        status @ 500..=599 => Judgement::weak(format!("fell over: {status}")),
        status => Judgement::held(format!("{status} without A's object")),
    })
    .await
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::looked_up_by_an_orm(json!(["user-a"]), true)]
    #[case::coerced(json!({ "toString": "user-a" }), true)]
    #[case::compared_with_one(json!(true), true)]
    #[case::any_name(json!({ "$ne": null }), false)]
    #[case::another(json!(["user-b"]), false)]
    #[case::nobody(json!({}), false)]
    fn a_value_that_may_name_a_names_nobody_else(#[case] sub: Value, #[case] expected: bool) {
        assert_eq!(may_name(&sub, "user-a"), expected);
    }
}
