//! What the objects of a run live in: each user has one of their own, made before the checks begin and deleted when nothing is in it any more.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::journal::{Journal, Kind};
use super::listed;
use super::workshop::Workshop;
use crate::checks::User;
use crate::checks::json_id::json_id;
use crate::http::{Client, Trouble};
use crate::target::Target;

/// The parents of a run.
pub(super) struct Parents {
    /// Makes them.
    pub(super) workshop: Workshop,
}

impl Parents {
    /// The maker of parents, where objects of `target` live in any.
    pub(super) fn new(target: &Target, journal: Option<Arc<Journal>>, run: Uuid) -> Option<Self> {
        Some(Self { workshop: Workshop::new(Kind::Parent, Arc::new(target.of_parents()?), journal, run) })
    }

    /// `user` with a parent of their own: a new one; where nothing may be made, the first that is there, if any.
    pub(super) async fn provide(&self, client: &Client, user: &User) -> Result<User, Trouble> {
        let parent = if self.workshop.makes() { Some(self.made(client, user).await?) } else { self.found(client, user).await };
        Ok(User { parent, ..user.clone() })
    }

    async fn made(&self, client: &Client, user: &User) -> Result<Value, Trouble> {
        let of_parent = |trouble| match trouble {
            Trouble::Unexpected(why) => Trouble::Unexpected(format!("there is nothing that objects could live in: {why}")),
            other => other,
        };
        let made = self.workshop.create(client, user, None).await.map_err(of_parent)?;
        let written = made.created.json().and_then(|answer| self.workshop.target().resource.written_id(&answer, &made.id));
        Ok(written.unwrap_or_else(|| json_id(&made.id)))
    }

    async fn found(&self, client: &Client, user: &User) -> Option<Value> {
        let target = self.workshop.target();
        let listed = listed::all(client, target, user).await.ok()?;
        listed.items.iter().find_map(|item| Some(json_id(&target.resource.id_of(item)?)))
    }
}
