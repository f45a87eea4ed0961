//! The tasks in memory, each with its owner: where the flaws of the suite `isolation` that concern access act.
//!
//! Every method takes the caller, and what the caller does not own is not there.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Flaws;
use super::house::timestamp;
use super::verifier::Subject;

/// One task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    /// UUIDv7.
    pub(crate) id: Uuid,
    /// Who made it.
    pub(crate) owner: Subject,
    /// 1 to 200 characters.
    pub(crate) title: String,
    /// At most 1000 characters.
    pub(crate) description: Option<String>,
    /// Done?
    pub(crate) completed: bool,
    /// Whose organisation it is of, where a flaw knows organisations.
    pub(crate) org: Option<String>,
    /// The label that it has, if any, where a flaw knows labels of tasks.
    pub(crate) label: Option<Value>,
    /// From 1; one more with every change.
    pub(crate) version: u64,
    /// When it was made.
    pub(crate) created_at: OffsetDateTime,
    /// When it changed last.
    pub(crate) updated_at: OffsetDateTime,
}

impl Task {
    /// A new task.
    pub(crate) fn new(owner: Subject, title: String) -> Self {
        let now = OffsetDateTime::now_utc();
        let id = Uuid::now_v7();
        Self {
            id,
            owner,
            title,
            description: None,
            completed: false,
            org: None,
            label: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// As its owner sees it.
    pub(crate) fn json(&self) -> Value {
        let mut json = json!({
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "completed": self.completed,
            "version": self.version,
            "created_at": timestamp(self.created_at),
            "updated_at": timestamp(self.updated_at),
        });
        for (name, value) in [("org_id", self.org.as_ref().map(|org| json!(org))), ("label_id", self.label.clone())] {
            if let Some(value) = value {
                json.as_object_mut().expect("an object").insert(name.into(), value);
            }
        }
        json
    }

    /// Strong validator (RFC 9110, 8.8.3).
    pub(crate) fn etag(&self) -> String {
        format!("\"v{}\"", self.version)
    }
}

/// All tasks of all owners, by id, and what was deleted where a flaw keeps it.
#[derive(Default)]
pub(crate) struct Store {
    tasks: Mutex<BTreeMap<Uuid, Task>>,
    graves: Mutex<BTreeMap<Uuid, Task>>,
}

impl Store {
    fn tasks(&self) -> MutexGuard<'_, BTreeMap<Uuid, Task>> {
        self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The round trip of deep health.
    pub(crate) fn ping(&self) {
        drop(self.tasks());
    }

    /// How many tasks there are, of whomever.
    pub(crate) fn len(&self) -> usize {
        self.tasks().len()
    }

    /// The task with this id, whoever owns it: only flaws ask.
    pub(crate) fn any(&self, id: Uuid) -> Option<Task> {
        self.tasks().get(&id).cloned()
    }

    /// Everybody's tasks: only flaws ask.
    pub(crate) fn all(&self) -> Vec<Task> {
        self.tasks().values().cloned().collect()
    }

    /// What was deleted and is still there, by a flaw.
    fn buried(&self, flaws: &Flaws, caller: &Subject, id: Uuid) -> Option<Task> {
        let graves = self.graves.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        graves.get(&id).filter(|task| flaws.any("isolation.deleted-") && task.owner == *caller).cloned()
    }

    /// Brings back what `caller` deleted: only flaws do.
    pub(crate) fn raise(&self, flaws: &Flaws, caller: &Subject, id: Uuid) {
        if let Some(task) = self.buried(flaws, caller, id) {
            self.tasks().entry(id).or_insert(task);
        }
    }

    /// How many tasks there ever were: only flaws ask.
    pub(crate) fn ever(&self) -> usize {
        let (tasks, graves) = (self.tasks(), self.graves.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        tasks.len() + graves.len()
    }

    /// Adds a task.
    pub(crate) fn insert(&self, task: Task) {
        self.tasks().insert(task.id, task);
    }

    /// Removes what `owner` has: the account is gone.
    pub(crate) fn remove_all_of(&self, owner: &Subject) {
        self.tasks().retain(|_, task| task.owner != *owner);
    }

    /// Up to `limit` tasks of `caller` with ids after `after`, by id.
    pub(crate) fn list(&self, flaws: &Flaws, caller: &Subject, after: Option<Uuid>, limit: usize) -> Vec<Task> {
        let tasks = self.tasks();
        let page = tasks.values().filter(|task| after.is_none_or(|after| task.id > after));
        page.filter(|task| may_list(flaws, caller, task)).take(limit).cloned().collect()
    }

    /// The task, if `caller` may read it.
    pub(crate) fn read(&self, flaws: &Flaws, caller: &Subject, id: Uuid) -> Option<Task> {
        let task = self.tasks().get(&id).filter(|task| may_read(flaws, caller, task)).cloned();
        task.or_else(|| self.buried(flaws, caller, id).filter(|_| flaws.has("isolation.deleted-readable")))
    }

    /// Changes the task by `change`, if `caller` may; `change` may refuse. `None` when there is no such task for `caller`.
    pub(crate) fn change<E>(
        &self,
        flaws: &Flaws,
        caller: &Subject,
        id: Uuid,
        change: impl FnOnce(&mut Task) -> Result<(), E>,
    ) -> Option<Result<Task, E>> {
        let risen = self.buried(flaws, caller, id).filter(|_| flaws.has("isolation.deleted-writable"));
        let mut tasks = self.tasks();
        if let Some(task) = risen {
            tasks.entry(id).or_insert(task);
        }
        let task = tasks.get_mut(&id).filter(|task| may_change(flaws, caller, task))?;
        let mut changed = task.clone();
        Some(change(&mut changed).map(|()| {
            changed.version += 1;
            changed.updated_at = OffsetDateTime::now_utc();
            *task = changed.clone();
            changed
        }))
    }

    /// Deletes the task if `caller` may and `agree` does. `None` when there is no such task for `caller`.
    pub(crate) fn delete<E>(
        &self,
        flaws: &Flaws,
        caller: &Subject,
        id: Uuid,
        agree: impl FnOnce(&Task) -> Result<(), E>,
    ) -> Option<Result<(), E>> {
        let mut tasks = self.tasks();
        let task = tasks.get(&id).filter(|task| may_delete(flaws, caller, task))?;
        let agreed = agree(task);
        if agreed.is_ok()
            && let Some(task) = tasks.remove(&id)
        {
            self.graves.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(id, task);
        }
        Some(agreed)
    }
}

fn may_list(flaws: &Flaws, caller: &Subject, task: &Task) -> bool {
    task.owner == *caller || flaws.has("isolation.list-any")
}

fn may_read(_flaws: &Flaws, caller: &Subject, task: &Task) -> bool {
    task.owner == *caller
}

fn may_change(_flaws: &Flaws, caller: &Subject, task: &Task) -> bool {
    task.owner == *caller
}

fn may_delete(_flaws: &Flaws, caller: &Subject, task: &Task) -> bool {
    task.owner == *caller
}
