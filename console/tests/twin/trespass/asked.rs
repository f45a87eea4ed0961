//! A request as the rules see it, and the turns that many rules share.

use axum::Json;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::Turn;
use crate::twin::store::Task;
use crate::twin::{House, verifier};

const ITEM: &str = "/api/tasks/";
const LIST: &str = "/api/tasks";

/// A request as rules see it.
pub(super) struct Asked<'a> {
    pub(super) house: &'a House,
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Map<String, Value>,
    pub(super) broken_body: bool,
    pub(super) caller: Option<String>,
}

impl Turn {
    pub(super) fn acting_as(subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..Self::default() }
    }

    pub(super) fn to(self, uri: impl Into<String>) -> Self {
        Self { uri: Some(uri.into()), ..self }
    }

    pub(super) fn by(self, method: Method) -> Self {
        Self { method: Some(method), ..self }
    }

    pub(super) fn leaving_out(self, member: &'static str) -> Self {
        Self { without: Some(member), ..self }
    }

    pub(super) fn answering(answer: impl IntoResponse) -> Self {
        Self { answer: Some(answer.into_response()), ..Self::default() }
    }
}

impl<'a> Asked<'a> {
    pub(super) fn new(house: &'a House, parts: &'a Parts, bytes: &[u8]) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let body = serde_json::from_slice(bytes);
        Self {
            house,
            method: &parts.method,
            path: parts.uri.path(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: &parts.headers,
            broken_body: body.is_err() && !bytes.is_empty(),
            body: body.unwrap_or_default(),
            caller: verifier::verify(house, parts).ok().map(|subject| subject.0),
        }
    }

    /// Only where there is no token.
    pub(super) fn nobody(&self) -> Option<()> {
        (!self.headers.contains_key("authorization")).then_some(())
    }

    /// The caller's subject, where there is a good token.
    pub(super) fn user(&self) -> Option<&str> {
        self.caller.as_deref()
    }

    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name)?.to_str().ok().map(str::to_owned)
    }

    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        let all = self.header("cookie")?;
        let mut pairs = all.split("; ").filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }

    pub(super) fn asks(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn is_list(&self, method: &str) -> bool {
        self.path == LIST && self.method == method
    }

    pub(super) fn is_toggle(&self) -> bool {
        self.path.ends_with("/complete")
    }

    /// The task that the path names, whoever owns it.
    pub(super) fn task(&self) -> Option<Task> {
        let id = self.path.strip_prefix(ITEM)?;
        self.house.store.any(id.strip_suffix("/complete").unwrap_or(id).parse().ok()?)
    }

    /// The task that the path names, where it is somebody else's.
    pub(super) fn foreign(&self) -> Option<Task> {
        self.task().filter(|task| Some(task.owner.0.as_str()) != self.user())
    }

    /// Acts as the owner of the task, under this method.
    pub(super) fn owner(&self, method: &str) -> Option<Turn> {
        self.task().filter(|_| self.method == method).map(|task| Turn::acting_as(task.owner.0))
    }

    /// The same, for any user with a token.
    pub(super) fn owner_for(&self, method: &str) -> Option<Turn> {
        self.user().and_then(|_| self.owner(method))
    }

    /// Acts as whom a parameter of the query names.
    pub(super) fn named(&self, parameter: &str) -> Option<Turn> {
        self.user()?;
        self.asks(parameter).filter(|user| !user.is_empty()).map(Turn::acting_as)
    }

    /// Acts as whoever is of the organisation that the body names.
    pub(super) fn member_of_named_org(&self) -> Option<Turn> {
        let org = self.body.get("org_id")?.as_str()?;
        let member = self.house.store.all().into_iter().find(|task| task.org.as_deref() == Some(org))?;
        Some(Turn::acting_as(member.owner.0))
    }

    /// Answers a list with everything that everybody has, when the query says so.
    pub(super) fn everything_if(&self, parameter: &str, holds: impl Fn(&str) -> bool) -> Option<Turn> {
        self.user()?;
        let named = self.is_list("GET") && self.asks(parameter).is_some_and(holds);
        named.then(|| self.everything(|_| true))
    }

    /// Everything that everybody has and that fits.
    pub(super) fn everything(&self, fits: impl Fn(&Task) -> bool) -> Turn {
        let items: Vec<_> = self.house.store.all().iter().filter(|task| fits(task)).map(Task::json).collect();
        Turn::answering(Json(json!({ "items": items, "next_cursor": null })))
    }

    /// Serves the path that a header names, as its owner.
    pub(super) fn rerouted(&self, name: &str) -> Option<Turn> {
        let path = self.header(name)?;
        let task = self.house.store.any(path.strip_prefix(ITEM)?.parse().ok()?)?;
        Some(Turn::acting_as(task.owner.0).to(path))
    }

    /// `PREFIX{user}/tasks` is the list of that user.
    pub(super) fn user_in_path(&self, prefix: &str) -> Option<Turn> {
        let user = self.path.strip_prefix(prefix)?.strip_suffix("/tasks")?;
        self.user()?;
        (!user.contains('/')).then(|| Turn::acting_as(user).to(LIST))
    }

    /// Acts as whom a member of the body names.
    pub(super) fn claimed(&self, member: &'static str) -> Option<Turn> {
        self.user()?;
        let named = self.body.get(member)?;
        let user = named.as_str().or_else(|| named.get("id")?.as_str())?;
        Some(Turn::acting_as(user).leaving_out(member))
    }

    /// The task whose id the path holds in another form, read as its owner.
    pub(super) fn canonical(&self, id: &str) -> Option<Turn> {
        self.user()?;
        let task = self.house.store.any(id.parse::<Uuid>().ok()?)?;
        (self.method == "GET").then(|| Turn::acting_as(task.owner.0).to(format!("{ITEM}{}", task.id)))
    }

    /// What stands behind the collection's path.
    pub(super) fn below(&self) -> Option<&str> {
        self.path.strip_prefix(ITEM)
    }
}
