#include "store/callfigures.h"

#include <mutex>

namespace llmcache {

namespace {

const QChar tagSeparator(0x1f);

} // namespace

NameTable::NameTable()
{
    newId(QString());
}

quint32 NameTable::newId(const QString& text)
{
    const auto known = m_ids.constFind(text); // another thread may have been faster
    if (known != m_ids.cend())
        return *known;
    const auto id = static_cast<quint32>(m_texts.size());
    m_texts.push_back(text);
    m_ids.insert(text, id);
    return id;
}

quint32 NameTable::idOf(const QString& text)
{
    {
        const std::shared_lock reading(m_mutex);
        const auto known = m_ids.constFind(text);
        if (known != m_ids.cend())
            return *known;
    }
    const std::unique_lock writing(m_mutex);
    return newId(text);
}

quint32 NameTable::idOfUtf8(QByteArrayView text)
{
    {
        const std::shared_lock reading(m_mutex);
        const auto known = m_utf8Ids.constFind(QByteArray::fromRawData(text.data(), text.size()));
        if (known != m_utf8Ids.cend())
            return *known;
    }
    const std::unique_lock writing(m_mutex);
    const quint32 id = newId(QString::fromUtf8(text));
    m_utf8Ids.insert(text.toByteArray(), id);
    return id;
}

const QString& NameTable::text(quint32 id) const
{
    const std::shared_lock reading(m_mutex);
    return m_texts[id];
}

quint32 NameTable::size() const
{
    const std::shared_lock reading(m_mutex);
    return static_cast<quint32>(m_texts.size());
}

QString tagSetText(const QStringList& tags)
{
    QString text;
    for (const QString& tag : tags) {
        QString clean = tag;
        clean.remove(tagSeparator);
        if (!clean.isEmpty())
            text += clean + tagSeparator;
    }
    return text;
}

QStringList tagsOfSet(const QString& text)
{
    return text.split(tagSeparator, Qt::SkipEmptyParts);
}

CallFigures figuresOf(const Call& call, NameTable& names)
{
    CallFigures figures;
    figures.timeMs = call.timeMs;
    figures.model = names.idOf(call.model);
    figures.task = names.idOf(call.task);
    figures.agent = names.idOf(call.agent);
    figures.user = names.idOf(call.user);
    figures.host = names.idOf(call.host);
    figures.tags = names.idOf(tagSetText(call.tags));
    figures.priceSource = names.idOf(call.priceSource);
    figures.outcome = call.outcome;
    figures.isPriced = call.cost.has_value();
    figures.isAvoidedKnown = call.avoided.has_value();
    figures.cost = call.cost.value_or(Money());
    figures.avoided = call.avoided.value_or(Money());
    figures.inputTokens = call.usage.inputTokens;
    figures.outputTokens = call.usage.outputTokens;
    figures.cacheReadTokens = call.usage.cacheReadTokens;
    figures.cacheWriteTokens = call.usage.cacheWriteTokens;
    figures.cacheWrite1hTokens = call.usage.cacheWrite1hTokens;
    figures.reasoningTokens = call.usage.reasoningTokens;
    figures.inputAudioTokens = call.usage.inputAudioTokens;
    figures.cacheReadAudioTokens = call.usage.cacheReadAudioTokens;
    figures.outputAudioTokens = call.usage.outputAudioTokens;
    figures.webSearches = call.usage.webSearches;
    figures.requests = call.usage.requests;
    figures.latencyMs = call.latency.count();
    figures.firstTokenMs = call.timeToFirstToken ? call.timeToFirstToken->count() : -1;
    figures.waitedMs = call.waited.count();
    figures.attempts = call.attempts;
    figures.rateLimits = call.rateLimits;
    return figures;
}

} // namespace llmcache
