#pragma once

#include <QString>

namespace llmcache::app {

/// The manual page llmcache(1) in the man macros of roff, made of what `--help` says, so that both agree.
/// `day` is the release's, as yyyy-MM-dd.
QString manualPage(const QString& version, const QString& day);

} // namespace llmcache::app
