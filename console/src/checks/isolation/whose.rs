//! Whose an object is, after B has sent what is A's about it, and what of that it has kept.

use serde_json::Value;

use crate::checks::{Act, Context, Judgement, User};
use crate::http::{Answer, Trouble};

use super::owner::{ForbiddenField, LONG_AGO};
use super::page::Page;
use super::stage::shape;

/// How A and B see an object of B's: each by the own path, and by the other's where paths name the user.
pub(super) struct Seen {
    pub(super) by_a: Answer,
    pub(super) by_b: Answer,
    /// Whose it is, where A reads any object of B's: then that A reads this one means nothing.
    whose: Option<Whose>,
}

/// Whose an object is, where reading it does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    As,
    Bs,
    /// What one of them may, the other may as well.
    Unclear,
}

impl Whose {
    /// Whose an object of B's is, where A reads any of them; `None` where A does not.
    pub(super) async fn where_all_is_read(cx: &Context, id: &str, canary: &str) -> Result<Option<Self>, Trouble> {
        if !reads_all(cx).await? {
            return Ok(None);
        }
        Ok(Some(match Self::by_lists(cx, canary).await? {
            Self::Unclear => Self::by_changing(cx, id, canary).await?,
            told => told,
        }))
    }

    const fn of(a: bool, b: bool) -> Self {
        match (a, b) {
            (true, false) => Self::As,
            (false, true) => Self::Bs,
            _ => Self::Unclear,
        }
    }

    /// Whose list shows it.
    pub(super) async fn by_lists(cx: &Context, canary: &str) -> Result<Self, Trouble> {
        if !cx.target.resource.offers.list {
            return Ok(Self::Unclear);
        }
        let (a, b) = (cx.list(cx.a()?), cx.list(cx.b()?));
        let (a, b) = tokio::try_join!(cx.send(&a), cx.send(&b))?;
        Ok(Self::of(a.contains(canary), b.contains(canary)))
    }

    /// Who may change it: to the title that it has.
    async fn by_changing(cx: &Context, id: &str, canary: &str) -> Result<Self, Trouble> {
        let act = Act::change(cx);
        if !act.is_declared(cx) {
            return Ok(Self::Unclear);
        }
        let change = async |user: &User| {
            let probe = act.probe_of(&cx.resource_of(user), &cx.item_path(user, id), canary).bearer(&user.token);
            Ok::<_, Trouble>(cx.send(&probe).await?.is_success())
        };
        let (a, b) = tokio::try_join!(change(cx.a()?), change(cx.b()?))?;
        Ok(Self::of(a, b))
    }
}

/// Both look at an object with this `id` and `canary`.
pub(super) async fn both(cx: &Context, id: &str, canary: &str) -> Result<Seen, Trouble> {
    if !cx.target.resource.offers.get {
        let (by_a, by_b) = tokio::try_join!(listed(cx, cx.a()?, canary), listed(cx, cx.b()?, canary))?;
        return Ok(Seen { by_a, by_b, whose: None });
    }
    let (of_a, of_b) = (cx.item(cx.a()?, id), cx.item(cx.b()?, id));
    let by_b = cx.eventually(&of_b, Answer::is_success).await?;
    let by_a = cx.send(&of_a).await?;
    let whose = if by_a.is_success() { Whose::where_all_is_read(cx, id, canary).await? } else { None };
    Ok(Seen { by_a, by_b, whose })
}

/// The page of a user's list that shows the object; else the list as it begins.
async fn listed(cx: &Context, user: &User, canary: &str) -> Result<Answer, Trouble> {
    match Page::of(cx, user, canary).await {
        Err(Trouble::Unexpected(_)) => cx.send(&cx.list(user)).await,
        page => Ok(page?.answer),
    }
}

pub(super) const READS_ALL: &str = "A reads it, as A reads whatever is B's: nothing tells whose it is";

/// Whether A reads what B made in the ordinary way.
pub(super) async fn reads_all(cx: &Context) -> Result<bool, Trouble> {
    let of_b = cx.objects.witness(cx.b()?).await?;
    let answer = cx.once(&cx.item(cx.a()?, &of_b.id)).await?;
    Ok(answer.is_success() && answer.contains(&of_b.canary))
}

/// Whose object is it now, and did the field stick?
pub(super) fn landed(cx: &Context, id: &str, seen: &Seen, canary: &str, foreign: &[ForbiddenField]) -> Judgement {
    let shown = |answer: &Answer| answer.is_success() && answer.contains(canary);
    let sticks = |foreign: &&ForbiddenField| {
        member(cx, id, &seen.by_b, &foreign.field).is_some_and(|value| same_value(&value, &foreign.value))
    };
    let is_of_a = match seen.whose {
        Some(Whose::Unclear) => return Judgement::unclear(READS_ALL),
        Some(whose) => whose == Whose::As,
        None => shown(&seen.by_a),
    };
    if is_of_a {
        Judgement::broken("it is A's now: an object was planted in somebody else's account")
    } else if !shown(&seen.by_b) {
        Judgement::broken(format!("its maker gets {}: the body decided whose or which it is", seen.by_b.status))
    } else if let Some(stuck) = foreign.iter().find(sticks) {
        Judgement::weak(format!("`{}` was taken from the body", stuck.field))
    } else {
        Judgement::held("ignored")
    }
}

/// A member of the object that an answer holds.
fn member(cx: &Context, id: &str, answer: &Answer, field: &str) -> Option<Value> {
    shape(cx, id, answer)?.get(field).cloned()
}

/// Times are compared by their year, since services write them in their own form.
fn same_value(stored: &Value, sent: &Value) -> bool {
    stored == sent || (sent == LONG_AGO && stored.as_str().is_some_and(|text| text.starts_with("1999-01-01")))
}

/// The field by which the service says which object it is, or whose, where the body changed it. A service that keeps any field it is sent
/// said nothing by it before.
pub(super) fn overwritten<'f>(
    cx: &Context,
    id: &str,
    seen: &Seen,
    before: &Answer,
    foreign: &'f [ForbiddenField],
) -> Option<&'f str> {
    let tells = |foreign: &ForbiddenField| foreign.owner || foreign.field == id_field(cx);
    let changed = |foreign: &&ForbiddenField| {
        let now = member(cx, id, &seen.by_b, &foreign.field);
        member(cx, id, before, &foreign.field).is_some() && now.is_some_and(|now| same_value(&now, &foreign.value))
    };
    foreign.iter().filter(|foreign| tells(foreign)).find(changed).map(|foreign| foreign.field.as_str())
}

/// The top-level name of the id.
pub(super) fn id_field(cx: &Context) -> String {
    cx.target.resource.fields.id.rsplit('/').next().unwrap_or("id").to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!("1999-01-01T00:00:00.000+00:00"), json!(LONG_AGO), true)]
    #[case(json!("2026-11-23T00:00:00Z"), json!(LONG_AGO), false)]
    #[case(json!("admin"), json!("admin"), true)]
    #[case(json!(null), json!(true), false)]
    fn a_field_stuck_when_it_reads_back_as_sent(#[case] stored: Value, #[case] sent: Value, #[case] stuck: bool) {
        assert_eq!(same_value(&stored, &sent), stuck);
    }
}
