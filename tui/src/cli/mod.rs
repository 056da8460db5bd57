//! Commands: `tidemill <noun> <verb>`.
