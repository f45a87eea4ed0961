//! What objects of the resource live in: a project, a board, a list, which their user makes first. Each user of a run has one of their own.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Paths, Resource, Route, RouteAuth, Target};
use crate::token::as_text;

/// What stands for the id of a user's own parent, in paths and in further fields of bodies.
pub const PARENT_ID: &str = "{parent_id}";

/// Where parents are, and what they look like.
#[derive(Clone, Debug)]
pub struct Parent {
    /// Collection: POST makes one.
    pub list: String,
    /// One of them, with `{id}`: DELETE removes it.
    pub item: String,
    /// How one is made and recognised.
    pub resource: Resource,
}

impl Target {
    /// The same target with the parents in the place of its resource; `None` where objects live in none.
    pub fn of_parents(&self) -> Option<Self> {
        let Parent { list, item, resource } = self.parent.clone()?;
        let paths = Paths { list, item, read: None, toggle: None, ..self.paths.clone() };
        Some(Self { paths, resource, parent: None, ..self.clone() })
    }

    /// Has the parents themselves asked like any further route: theirs is what lives in them.
    pub(super) fn add_parents(&mut self) {
        let Some(parent) = self.parent.clone() else { return };
        let offers = parent.resource.offers;
        let one = offers.get.then(|| parent.item.replace("{id}", PARENT_ID));
        let paths = one.into_iter().chain(offers.list.then_some(parent.list));
        let reads = paths.map(|path| Route::by_hand(&path, vec!["GET".to_owned()], RouteAuth::Bearer, &self.paths));
        self.add_routes(reads.collect());
    }

    /// Whether the path of the collection says in which parent it is.
    pub fn lists_by_parent(&self) -> bool {
        self.paths.list.contains(PARENT_ID)
    }

    /// The same target as the user sees it whose parent has this id: bodies, further routes and paths name it.
    #[must_use]
    pub fn within(&self, parent: &Value) -> Self {
        let text = as_text(parent).unwrap_or_default();
        let mut target = Self { resource: self.resource.within(Some(parent)).into_owned(), ..self.clone() };
        for route in &mut target.routes.all {
            *route = route.with_sample(PARENT_ID.trim_matches(['{', '}']), &text);
        }
        for path in &mut target.paths.protected {
            *path = path.replace(PARENT_ID, &text);
        }
        target
    }
}

impl Resource {
    /// The resource as a user makes its objects whose parent has this id.
    pub fn within(&self, parent: Option<&Value>) -> Cow<'_, Self> {
        let names_it = |fields: &Map<String, Value>| fields.values().any(|value| value.to_string().contains(PARENT_ID));
        let Some(id) = parent.filter(|_| names_it(&self.extra) || names_it(&self.put)) else { return Cow::Borrowed(self) };
        let filled = |fields: &Map<String, Value>| fields.iter().map(|(name, value)| (name.clone(), with_id(value, id))).collect();
        Cow::Owned(Self { extra: filled(&self.extra), put: filled(&self.put), ..self.clone() })
    }

    /// The member of a body that says in which parent an object is.
    pub fn parent_member(&self) -> Option<&str> {
        self.extra.iter().find(|(_, value)| value.as_str() == Some(PARENT_ID)).map(|(name, _)| name.as_str())
    }
}

/// `value` with the id in each place that asks for it; where nothing else stands there, as the number or the text that it is.
fn with_id(value: &Value, id: &Value) -> Value {
    match value {
        Value::String(text) if text == PARENT_ID => id.clone(),
        Value::String(text) => Value::String(text.replace(PARENT_ID, &as_text(id).unwrap_or_default())),
        Value::Array(items) => items.iter().map(|item| with_id(item, id)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), with_id(value, id))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_names_the_parent_as_the_service_does() {
        let extra = json!({ "project_id": "{parent_id}", "links": [{ "href": "/projects/{parent_id}" }], "done": false });
        let resource = Resource { extra: extra.as_object().cloned().unwrap(), ..Resource::default() };
        assert_eq!(resource.parent_member(), Some("project_id"));
        let body = resource.within(Some(&json!(7))).body("t");
        assert_eq!(body, json!({ "title": "t", "project_id": 7, "links": [{ "href": "/projects/7" }], "done": false }));
        assert_eq!(resource.within(Some(&json!("7"))).body("t")["project_id"], json!("7"));
        assert!(matches!(resource.within(None), Cow::Borrowed(_)));
    }
}
