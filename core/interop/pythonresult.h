#pragma once

#include "base/money.h"
#include "base/usage.h"
#include "interop/picklereader.h"

#include <QHash>

namespace llmcache {

/// What an entry of pyai-caching holds: a pickled `pyai_caching.agent.CachedResult`, or, before its version
/// 0.2.2, the `AgentRunResult` of pydantic-ai.
struct PythonResult {
    PickleDocument document;
    /// The answer within the document; null where there is none.
    PickleValue output;
    QString outputClass; ///< "app.models.UserProfile", "str", "list", …
    QString model; ///< without the provider; empty when it is not in it
    Usage usage; ///< as far as it is in it, without `raw`
    PickleValue usageObject; ///< the object that Python keeps; null where there is none
    std::optional<QString> costText; ///< the float as Python prints it, without an exponent: "0.00075"
    std::optional<Money> cost; ///< the same, rounded to picodollars
    bool isCachedResult = false; ///< false for an AgentRunResult, and for anything else

    /// All that Python knows of the usage; null where there is nothing. Lists do without: it takes half as
    /// long again as the rest.
    Json rawUsage() const;
    /// The answer as JSON (see pythonDump). Throws CacheError.
    Json outputJson() const;
    /// Text as it is, anything else as compact JSON; a summary where that is impossible.
    QString outputText() const;
    /// At most so many characters of it, without decoding all the rest.
    QString outputExcerpt(qsizetype maxLength) const;
};

/// Throws PickleError for what is no pickle. A pickle of anything else is a result without answer and model.
PythonResult readPythonResult(const QByteArray& bytes, const PickleLimits& limits = {});
PythonResult readPythonResult(const PickleDocument& document);

} // namespace llmcache
