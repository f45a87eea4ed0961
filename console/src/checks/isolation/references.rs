//! References in bodies: an object of B's that names what is A's, such as a project or labels, may not be put there (OWASP API1:2023).

use serde_json::{Value, json};

use crate::checks::json_id::json_id;
use crate::checks::{Context, Judgement};
use crate::http::{Answer, Probe, Trouble};
use crate::run::Evidence;
use crate::target::Route;

use super::stage::{Victim, missing_for, piece};

/// B makes an object for each member of the declared resource that names one of `collection`, with A's `id` in it.
pub(super) async fn named(cx: &Context, victim: &Victim, collection: &Route, id: &str) -> Result<Vec<Evidence>, Trouble> {
    if !cx.writes {
        return Ok(Vec::new());
    }
    let shown = victim.read.json().unwrap_or_default();
    let members = cx.target.resource.object(&shown).and_then(Value::as_object);
    let names: Vec<_> = members.into_iter().flat_map(|members| members.keys()).filter(|name| refers(name, collection)).collect();
    let mut pieces = Vec::new();
    for name in names {
        let answer = created(cx, name, id).await?;
        let judgement = match answer.status {
            200..=299 if answer.contains(id) => {
                let nothing = created(cx, name, &missing_for(cx, id, &collection.path, name)).await?;
                if nothing.is_client_error() {
                    Judgement::broken(format!(
                        "{}: put into A's, where an id that nothing has is answered {}",
                        answer.status, nothing.status
                    ))
                } else {
                    Judgement::held(format!("{}, as for an id that nothing has", answer.status))
                }
            }
            200..=299 => Judgement::held(format!("{}: ignored", answer.status)),
            status @ 500.. => Judgement::weak(format!("{status}: an error")),
            status => Judgement::held(format!("{status}: refused")),
        };
        pieces.push(piece(&answer, format!("B makes an object with A's {} in `{name}`", collection.path), judgement));
    }
    Ok(pieces)
}

/// B's creation with `id` in the member `name`: alone, or as the one element where the name is that of several.
async fn created(cx: &Context, name: &str, id: &str) -> Result<Answer, Trouble> {
    let b = cx.b()?;
    let canary = cx.objects.announce(b).await?;
    let mut body = cx.resource_of(b).body(&canary);
    let value = if name.ends_with('s') { json!([json_id(id)]) } else { json_id(id) };
    if let Some(members) = crate::verify::filled_object(&mut body) {
        members.insert(name.to_owned(), value);
    }
    let answer = cx.send(&Probe::post(cx.list_path(b), &body).bearer(&b.token)).await?;
    cx.made(b, &answer).await;
    Ok(answer)
}

/// Whether a member is called like one or several of a collection: `project_id`, `projectId`, `label_ids` or `labels` for `/api/labels`.
fn refers(name: &str, collection: &Route) -> bool {
    let noun = collection.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().replace(['-', '_'], "").to_lowercase();
    let one = noun.strip_suffix("ies").map(|stem| format!("{stem}y")).or_else(|| noun.strip_suffix('s').map(str::to_owned));
    let name = name.replace('_', "").to_lowercase();
    one.is_some_and(|one| !one.is_empty() && [format!("{one}id"), format!("{one}ids"), noun].contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Paths, RouteAuth};

    #[rstest::rstest]
    #[case::snake("project_id", "/api/v1/projects", true)]
    #[case::camel("projectId", "/api/projects/", true)]
    #[case::several("label_ids", "/api/labels", true)]
    #[case::plural("tags", "/tags", true)]
    #[case::irregular("category_id", "/categories", true)]
    #[case::of_something_else("owner_id", "/api/projects", false)]
    #[case::the_id("id", "/api/s", false)]
    fn a_reference_is_known_by_its_name(#[case] name: &str, #[case] path: &str, #[case] known: bool) {
        let route = Route::by_hand(path, vec!["GET".into()], RouteAuth::Bearer, &Paths::default());
        assert_eq!(refers(name, &route), known);
    }
}
