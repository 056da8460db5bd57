//! What expressions see: `trigger`, `inputs`, `steps`, `workflow`, `execution`, and where it makes sense `error` and `secrets`.
