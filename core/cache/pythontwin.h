#pragma once

#include "cache/run.h"
#include "interop/pythonkey.h"

namespace llmcache {

/// How a Python program would make a run with pyai-caching, and so which of its entries answers the run.
///
/// The program may spell the same call in several ways that change the key but not the answer: an agent has a
/// name, or none and then one that PydanticAI infers at the first run; `temperature=0` or `0.0`. Each of them
/// is a key. PythonHints say which it is.
struct PythonTwin {
    PythonCall call;
    std::vector<PythonCall::Spelling> spellings; ///< the most likely one first; one at least
    std::size_t written = 1; ///< so many of them, from the first one on, are stored for Python
    /// Why there is no key that could be computed without Python, for people; empty when there is one.
    QString problem;
    /// What changes the answer and is not in the key, for people. Entries under such a key may be answers to
    /// another request, so they are written but not read.
    QStringList leftOut;

    QByteArray payload(std::size_t spelling) const;
    bool isReadable() const { return problem.isEmpty() && leftOut.isEmpty(); }
    /// Keys of the first `most` spellings, or of those that are written.
    QStringList keys(std::size_t most) const;
    QStringList allKeys() const { return keys(spellings.size()); }
    QStringList writtenKeys() const { return keys(written); }
};

/// What is known of the Python program beside the run.
struct PythonHints {
    std::vector<std::optional<QString>>
        agentNames{}; ///< instead of the agent's own, none, and the inferred one
    Json runArguments{}; ///< what it gives to cached_agent_run() besides; null = the agent's settings
    /// The numbers come from parsePythonJson(): parseJson() does not tell large integers from floats.
    bool hasExactNumbers = false;
};

/// The twin of a run of `agent`. Texts are rendered as the run does it.
PythonTwin pythonTwin(
    const Agent& agent, const QString& prompt, const RunOptions& options, const PythonHints& hints = {});

} // namespace llmcache
