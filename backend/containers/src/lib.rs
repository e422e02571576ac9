//! Containers: what a client asks for, the runtime spec that follows from it, their states, and what is done to them.
