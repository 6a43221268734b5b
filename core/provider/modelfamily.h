#pragma once

#include "base/json.h"

namespace llmcache {

/// What the name of an OpenAI model tells.
struct OpenAiModel {
    bool reasons = false; ///< o series, gpt-5 and later
    bool canSkipReasoning = false; ///< gpt-5.1 and later answer without reasoning unless asked for it
    /// Whether temperature and top_p are refused at this `thinking` setting.
    bool refusesSampling(const Json& thinking) const
    {
        return reasons && !(canSkipReasoning && thinking.is_null());
    }
};
OpenAiModel openAiModel(const QString& name);

/// What the name of a Claude model tells; the newest kind is assumed for names that say nothing.
struct ClaudeModel {
    bool adaptiveThinking = false;
    bool nativeSchemas = false;
    bool refusesSampling = false;
};
ClaudeModel claudeModel(const QString& name);

/// The thinking budget in tokens for Claude models without adaptive thinking; at least what they accept.
qint64 claudeThinkingBudget(const Json& thinking);

/// What the name of a Gemini model tells; the newest kind is assumed for names that say nothing.
struct GeminiModel {
    bool thinkingBudgets = false; ///< 2.5: in tokens
    bool thinkingLevels = false; ///< 3 and later: in words, and calls carry signatures
};
GeminiModel geminiModel(const QString& name);

/// Whether a model of this name is known to read no pictures, sounds or documents. Says so of older and open
/// families alone: a name that tells nothing is taken for one that reads them.
bool readsTextAlone(const QString& name);

/// "low", "medium" or "high" for a `thinking` setting, also for one in tokens; empty for none.
QString thinkingEffort(const Json& thinking);

} // namespace llmcache
