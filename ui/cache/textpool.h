#pragma once

#include <QHash>
#include <QList>
#include <QString>

namespace llmcache::ui {

/// Texts that repeat over many rows, each kept once under a number. Number 0 is the empty text. Copies are
/// cheap and do not see later additions.
class TextPool {
public:
    TextPool() { intern({}); }
    quint32 intern(const QString& text)
    {
        const auto known = m_numbers.constFind(text);
        if (known != m_numbers.cend())
            return *known;
        const auto number = static_cast<quint32>(m_texts.size());
        m_texts.append(text);
        m_numbers.insert(text, number);
        return number;
    }
    const QString& at(quint32 number) const { return m_texts.at(static_cast<qsizetype>(number)); }
    const QList<QString>& texts() const { return m_texts; }
    qint64 memoryBytes() const
    {
        qint64 bytes = 0;
        for (const QString& text : m_texts)
            bytes += text.capacity() * qint64(sizeof(QChar)) + 2 * qint64(sizeof(QString)) + 16;
        return bytes;
    }

private:
    QList<QString> m_texts;
    QHash<QString, quint32> m_numbers;
};

} // namespace llmcache::ui
