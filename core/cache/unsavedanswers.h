#pragma once

#include "store/store.h"

#include <QHash>

namespace llmcache {

/// Answers that this process paid for and the store did not take yet: asked again, they need not be paid for
/// again. Bounded; the spool on disk has them all.
class UnsavedAnswers {
public:
    static constexpr qsizetype mostAnswers = 5000;
    static constexpr qint64 mostBytes = 32 * 1024 * 1024;

    void add(const Commit& commit)
    {
        const qint64 bytes = outputText(commit.entry.output).size() * qint64{2};
        if (m_answers.size() >= mostAnswers || m_bytes + bytes > mostBytes)
            clear();
        m_bytes += bytes;
        m_answers.insert(commit.entry.meta.fingerprint, commit);
    }
    /// The answer under a fingerprint, if its lifetime is not over.
    std::optional<Entry> find(const QString& fingerprint, qint64 nowMs) const
    {
        const auto found = m_answers.constFind(fingerprint);
        if (found == m_answers.cend())
            return std::nullopt;
        const qint64 age = nowMs - found->entry.meta.createdMs;
        if (found->ttl && age / 1000 >= found->ttl->count())
            return std::nullopt;
        return found->entry;
    }
    bool isEmpty() const { return m_answers.isEmpty(); }
    void clear()
    {
        m_answers.clear();
        m_bytes = 0;
    }

private:
    QHash<QString, Commit> m_answers;
    qint64 m_bytes = 0;
};

} // namespace llmcache
