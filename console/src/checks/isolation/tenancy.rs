//! Whose organisation, team or project an object is of: what A's object says of it, and B's says otherwise. Objects of one tenant are hidden from
//! another's users, and a request that names the tenant is a claim like one that names the user.

use serde_json::{Map, Value};

use crate::checks::{Context, Object, Role};
use crate::http::Trouble;
use crate::target::PARENT_ID;
use crate::token::as_text;

use super::owner::encoded;
use super::stage::Victim;

/// Words in the names of members that say whose tenant an object is of.
const WORDS: [&str; 9] = ["org", "tenant", "team", "workspace", "company", "account", "household", "customer", "group"];
/// Longest name of a tenant.
const LONGEST: usize = 128;

/// What A's object says and B's says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Apart {
    /// The member: `org_id`.
    pub(super) name: String,
    /// What it is in A's object.
    pub(super) of_a: Value,
    /// What it is in B's.
    pub(super) of_b: Value,
}

impl Apart {
    /// The value as it stands in a path, a header or a query.
    pub(super) fn text(&self) -> String {
        as_text(&self.of_a).unwrap_or_default()
    }

    fn is_of_a_tenant(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        WORDS.iter().any(|word| name.starts_with(word) || name.contains(&format!("_{word}")))
    }

    /// Whether the name says that it is the id of something: `board_id`, `boardId`.
    fn is_a_reference(&self) -> bool {
        self.name.ends_with("_id") || (self.name.len() > 2 && self.name.ends_with("Id"))
    }

    /// Whether a placeholder or a parameter of this name means the member: `org`, `orgId` and `org_id` are one.
    fn is_called(&self, name: &str) -> bool {
        stem(&self.name) == stem(name)
    }
}

/// A name in small letters, without what joins words and without the `id` at its end.
fn stem(name: &str) -> String {
    let plain = name.to_ascii_lowercase().replace(['_', '-'], "");
    plain.strip_suffix("id").filter(|rest| !rest.is_empty()).map_or(plain.clone(), str::to_owned)
}

/// The members of A's object that can name something, and are not as in B's. What names the user or the object itself is none of them.
pub(super) async fn apart(cx: &Context, victim: &Victim) -> Result<Vec<Apart>, Trouble> {
    let of_b = match cx.objects.witness(cx.b()?).await {
        Err(Trouble::NotGiven(_)) => return Ok(Vec::new()),
        object => object?,
    };
    let users = [cx.a()?, cx.b()?].into_iter().filter_map(|user| user.subject.clone()).collect::<Vec<_>>();
    Ok(differing(cx, &victim.object, &of_b, &users))
}

fn differing(cx: &Context, of_a: &Object, of_b: &Object, users: &[String]) -> Vec<Apart> {
    let (Some(of_a), Some(of_b)) = (members(cx, of_a), members(cx, of_b)) else { return Vec::new() };
    let id = cx.target.resource.fields.id.trim_start_matches('/');
    let fits = |(name, value): &(&String, &Value)| {
        let text = as_text(value).unwrap_or_default();
        let names = !value.is_boolean() && is_name(&text) && !users.contains(&text);
        let other = of_b.get(*name).is_some_and(|other| !other.is_null() && other != *value);
        names && other && *name != id && stem(name) != stem(&cx.target.resource.fields.title)
    };
    let told = |(name, value): (&String, &Value)| Apart {
        name: name.clone(),
        of_a: value.clone(),
        of_b: of_b.get(name).cloned().unwrap_or_default(),
    };
    of_a.iter().filter(fits).map(told).collect()
}

/// What an object says of itself.
fn members(cx: &Context, object: &Object) -> Option<Map<String, Value>> {
    let answer = object.read.as_ref().unwrap_or(&object.created).json()?;
    cx.target.resource.object(&answer).or(Some(&answer)).and_then(Value::as_object).cloned()
}

/// Whether a text can be the name of something in a path: no sentence, no moment, no title of this run.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !text.is_empty() && text.len() <= LONGEST && text.chars().all(plain) && !text.starts_with("postflight-")
}

/// Those that say whose tenant it is.
pub(super) async fn tenants(cx: &Context, victim: &Victim) -> Result<Vec<Apart>, Trouble> {
    Ok(apart(cx, victim).await?.into_iter().filter(Apart::is_of_a_tenant).collect())
}

/// The same, and what else an object is kept in: its parent, and whatever it names by an id that another object of its owner's names as well.
pub(super) async fn places(cx: &Context, victim: &Victim) -> Result<Vec<Apart>, Trouble> {
    let all = apart(cx, victim).await?;
    let parent = cx.described.parent_member();
    let is_known = |member: &Apart| member.is_of_a_tenant() || parent == Some(member.name.as_str());
    let (mut places, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_known);
    let references: Vec<_> = others.into_iter().filter(Apart::is_a_reference).collect();
    if references.is_empty() {
        return Ok(places);
    }
    let another = members(cx, &cx.objects.shared(cx.a()?, Role::Scratch).await?).unwrap_or_default();
    places.extend(references.into_iter().filter(|member| another.get(&member.name) == Some(&member.of_a)));
    Ok(places)
}

/// What A's objects live in, where paths name it and B's live in another.
pub(super) fn parent(cx: &Context) -> Result<Option<Apart>, Trouble> {
    let (of_a, of_b) = (cx.a()?.parent.clone(), cx.b()?.parent.as_ref());
    let of_a = of_a.filter(|of_a| of_b.is_some_and(|of_b| of_b != of_a));
    let name = PARENT_ID.trim_matches(['{', '}']).to_owned();
    Ok(of_a.zip(of_b.cloned()).map(|(of_a, of_b)| Apart { name, of_a, of_b }))
}

/// The member that a placeholder of this name means.
pub(super) fn meant<'a>(apart: &'a [Apart], name: &str) -> Option<&'a Apart> {
    apart.iter().find(|member| member.is_called(name))
}

/// Headers that name the tenant of A, by the names that services use and by that of the member.
pub(super) fn headers(tenant: &Apart) -> Vec<(String, String)> {
    let usual = ["org", "organization", "tenant", "team", "workspace", "company", "account"].map(str::to_owned);
    let names = std::iter::once(stem(&tenant.name)).chain(usual).flat_map(|name| [format!("x-{name}-id"), format!("x-{name}")]);
    let mut seen = std::collections::BTreeSet::new();
    names.filter(|name| seen.insert(name.clone())).map(|name| (name, tenant.text())).collect()
}

/// A query that names the tenant of A, by the member's name and its other spellings.
pub(super) fn query(tenant: &Apart) -> String {
    let (stem, value) = (stem(&tenant.name), encoded(&tenant.text()));
    let mut names = vec![tenant.name.clone(), format!("{stem}_id"), format!("{stem}Id"), stem];
    names.dedup();
    names.iter().map(|name| format!("{name}={value}&filter[{name}]={value}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("org_id", "orgId", true)]
    #[case("org_id", "org", true)]
    #[case("projectId", "project_id", true)]
    #[case("org_id", "order_id", false)]
    #[case("id", "id", true)]
    fn a_member_is_known_by_its_other_spellings(#[case] member: &str, #[case] name: &str, #[case] same: bool) {
        assert_eq!(Apart { name: member.to_owned(), of_a: json!("x"), of_b: json!("y") }.is_called(name), same);
    }

    #[rstest]
    #[case("org_id", true)]
    #[case("tenant", true)]
    #[case("owner_team", true)]
    #[case("project_id", false)]
    #[case("forged", false)]
    fn a_tenant_is_known_by_its_name(#[case] member: &str, #[case] tenant: bool) {
        assert_eq!(Apart { name: member.to_owned(), of_a: json!("x"), of_b: json!("y") }.is_of_a_tenant(), tenant);
    }

    #[rstest]
    #[case("board_id", true)]
    #[case("boardId", true)]
    #[case("paid", false)]
    #[case("Id", false)]
    fn a_reference_is_called_like_an_id(#[case] member: &str, #[case] is: bool) {
        assert_eq!(Apart { name: member.to_owned(), of_a: json!("x"), of_b: json!("y") }.is_a_reference(), is);
    }

    #[rstest]
    #[case("7d2c6f0e-41a7", true)]
    #[case("2026-11-29T12:00:00Z", false)]
    #[case("two words", false)]
    #[case("postflight-01a2-60-a0001", false)]
    fn what_can_name_something_is_no_text_and_no_moment(#[case] text: &str, #[case] names: bool) {
        assert_eq!(is_name(text), names);
    }
}
