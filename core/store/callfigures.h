#pragma once

#include "store/call.h"

#include <QHash>

#include <deque>
#include <shared_mutex>

namespace llmcache {

/// Numbers for texts that repeat. The empty text is 0. Numbers are good as long as the table lives; tables of
/// different readers differ. For any thread.
class NameTable {
public:
    NameTable();
    quint32 idOf(const QString& text);
    quint32 idOfUtf8(QByteArrayView text);
    /// Stays where it is.
    const QString& text(quint32 id) const;
    quint32 size() const;

private:
    quint32 newId(const QString& text);
    mutable std::shared_mutex m_mutex; // guards what follows
    QHash<QString, quint32> m_ids;
    QHash<QByteArray, quint32> m_utf8Ids; ///< what was asked for as bytes: packs repeat their names
    std::deque<QString> m_texts;
};

/// What reports and repricing need of a call, without the texts.
struct CallFigures {
    qint64 timeMs = 0;
    quint32 model = 0; ///< numbers of a NameTable from here on
    quint32 task = 0;
    quint32 agent = 0;
    quint32 user = 0;
    quint32 host = 0;
    quint32 tags = 0; ///< of all tags together, see tagSetText()
    quint32 priceSource = 0;
    Outcome outcome = Outcome::Miss;
    bool isPriced = false;
    bool isAvoidedKnown = false;
    bool isRepriced = false; ///< the two amounts and flags above are those of a repricing
    Money cost;
    Money avoided;
    qint64 inputTokens = 0;
    qint64 outputTokens = 0;
    qint64 cacheReadTokens = 0;
    qint64 cacheWriteTokens = 0;
    qint64 cacheWrite1hTokens = 0;
    qint64 reasoningTokens = 0;
    qint64 inputAudioTokens = 0;
    qint64 cacheReadAudioTokens = 0;
    qint64 outputAudioTokens = 0;
    qint64 webSearches = 0;
    qint64 requests = 0;
    qint64 latencyMs = 0;
    qint64 firstTokenMs = -1; ///< negative = none
    qint64 waitedMs = 0;
    qint64 attempts = 0;
    qint64 rateLimits = 0;
};

CallFigures figuresOf(const Call& call, NameTable& names);

/// Tags as one text, and back.
QString tagSetText(const QStringList& tags);
QStringList tagsOfSet(const QString& text);

} // namespace llmcache
