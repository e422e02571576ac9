//! `POST /containers/{id}/update`.

use super::{
    host_config::{Resources, RestartPolicy},
    null::wire,
};

wire! {
    /// What is to change; what has its zero value stays.
    pub struct UpdateRequest {
        /// What happens when it ends.
        pub restart_policy: RestartPolicy,
    }
    .. {
        /// Limits; the fields are beside the others.
        pub resources: Resources,
    }
}

wire! {
    /// What came of it.
    pub struct UpdateResponse {
        /// What won't be as it was asked for.
        pub warnings: Option<Vec<String>>,
    }
}
