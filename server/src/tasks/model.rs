//! What a task is, and what a client may say about one.
//!
//! Parsing is validation: a [`Title`] or a [`Description`] that exists is valid. Whatever the server decides (`id`,
//! `version`, times, and above all the owner) is not a field of any input type, and unknown fields are refused: there is
//! nothing to assign in mass (OWASP API3:2023).

use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::json::present;

/// A task, as it is stored and as it is answered. The owner is not part of it: only the owner ever sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, ToSchema)]
pub(crate) struct Task {
    /// `UUIDv7`, made by the server.
    pub(crate) id: Uuid,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) title: String,
    /// At most 1000 characters.
    #[schema(max_length = 1000)]
    pub(crate) description: Option<String>,
    /// Whether the work is done.
    pub(crate) completed: bool,
    /// Counts the writes, from 1; the `ETag` is this number in quotes.
    #[schema(minimum = 1)]
    pub(crate) version: i64,
    /// RFC 3339, UTC, microseconds.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    /// RFC 3339, UTC, microseconds.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) updated_at: OffsetDateTime,
}

/// One page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskList {
    /// At most `limit` tasks.
    pub(crate) items: Vec<Task>,
    /// Opaque; send it back as `cursor` for the next page. `null` on the last one.
    pub(crate) next_cursor: Option<String>,
}

/// Text of 1 to 200 characters, not all of it white space.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 200)]
pub(crate) struct Title(String);

/// Text of at most 1000 characters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, max_length = 1000)]
pub(crate) struct Description(String);

/// The body of POST and PUT: the whole of what a client decides.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    pub(crate) title: Title,
    #[serde(default)]
    pub(crate) description: Option<Description>,
    #[serde(default)]
    pub(crate) completed: bool,
}

/// The body of PATCH: what is absent stays, and a `null` description is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskPatch {
    #[serde(default, deserialize_with = "present")]
    title: Option<Title>,
    #[serde(default)]
    #[schema(value_type = Option<Description>)]
    description: Edit<Description>,
    #[serde(default, deserialize_with = "present")]
    completed: Option<bool>,
}

/// The body of PATCH `/complete`: sets the flag, or toggles it when nothing is said.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Completed {
    #[serde(default, deserialize_with = "present")]
    completed: Option<bool>,
}

/// What happens to a text that may be absent: in JSON, left out, `null`, or a new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Edit<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Edit<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|text| text.map_or(Self::Clear, Self::Set))
    }
}

impl<T> Edit<T> {
    /// Changes the text, if there is a new one.
    fn map<U>(self, with: impl FnOnce(T) -> U) -> Edit<U> {
        match self {
            Self::Keep => Edit::Keep,
            Self::Clear => Edit::Clear,
            Self::Set(text) => Edit::Set(with(text)),
        }
    }
}

impl Edit<String> {
    /// Whether the column changes, and to what: as a store binds it.
    pub(crate) fn parts(&self) -> (bool, Option<&str>) {
        match self {
            Self::Keep => (false, None),
            Self::Clear => (true, None),
            Self::Set(text) => (true, Some(text)),
        }
    }
}

/// What happens to the flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completion {
    Keep,
    Set(bool),
    Toggle,
}

impl Completion {
    /// Whether the flag is toggled, and if not, what it is set to: as a store binds it.
    pub(crate) fn parts(self) -> (bool, Option<bool>) {
        match self {
            Self::Keep => (false, None),
            Self::Set(to) => (false, Some(to)),
            Self::Toggle => (true, None),
        }
    }
}

/// One write to one task, from whichever method it came; a store turns it into one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// `None` keeps the title.
    pub(crate) title: Option<String>,
    /// What happens to the description.
    pub(crate) description: Edit<String>,
    /// What happens to the flag.
    pub(crate) completed: Completion,
}

/// Why a text is refused. The sentence goes back to the client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TextError {
    #[error("title must have 1 to 200 characters, not all of them white space")]
    Title,
    #[error("description must have at most 1000 characters")]
    Description,
    /// PostgreSQL cannot store U+0000 in text, and SQLite would: refused for both.
    #[error("text must not contain U+0000")]
    Nul,
}

/// The limits of the two texts, in characters; the schema of both engines repeats them as CHECK constraints.
const TITLE_CHARS: usize = 200;
const DESCRIPTION_CHARS: usize = 1000;

impl TryFrom<String> for Title {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        if text.trim().is_empty() || text.chars().count() > TITLE_CHARS {
            return Err(TextError::Title);
        }
        without_nul(text).map(Self)
    }
}

impl TryFrom<String> for Description {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        if text.chars().count() > DESCRIPTION_CHARS {
            return Err(TextError::Description);
        }
        without_nul(text).map(Self)
    }
}

/// Passes text that both engines can hold.
fn without_nul(text: String) -> Result<String, TextError> {
    if text.contains('\0') { Err(TextError::Nul) } else { Ok(text) }
}

impl NewTask {
    /// The texts, as a store binds them.
    pub(crate) fn texts(&self) -> (&str, Option<&str>) {
        (&self.title.0, self.description.as_ref().map(|description| description.0.as_str()))
    }
}

impl From<NewTask> for Change {
    /// PUT replaces everything that a client decides.
    fn from(task: NewTask) -> Self {
        Self {
            title: Some(task.title.0),
            description: task.description.map_or(Edit::Clear, |description| Edit::Set(description.0)),
            completed: Completion::Set(task.completed),
        }
    }
}

impl TaskPatch {
    /// A patch that names nothing is a mistake, not a new version.
    pub(crate) fn is_empty(&self) -> bool {
        self.title.is_none() && self.description == Edit::Keep && self.completed.is_none()
    }
}

impl From<TaskPatch> for Change {
    fn from(patch: TaskPatch) -> Self {
        Self {
            title: patch.title.map(|title| title.0),
            description: patch.description.map(|description| description.0),
            completed: patch.completed.map_or(Completion::Keep, Completion::Set),
        }
    }
}

impl From<Completed> for Change {
    fn from(body: Completed) -> Self {
        Self { title: None, description: Edit::Keep, completed: body.completed.map_or(Completion::Toggle, Completion::Set) }
    }
}
