//! Processes in containers: the OCI runtime, the shim that outlives the server, its streams and logs.
