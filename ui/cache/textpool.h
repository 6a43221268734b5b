#pragma once

#include <QList>
#include <QString>

#include <string_view>
#include <unordered_map>

namespace llmcache::ui {

/// Texts that repeat over many rows, each kept once under a number. Number 0 is the empty text.
class TextPool {
public:
    TextPool() { intern({}); }
    quint32 intern(const QString& text)
    {
        const auto known = m_numbers.find(viewOf(text));
        if (known != m_numbers.end())
            return known->second;
        const auto number = static_cast<quint32>(m_texts.size());
        m_texts.append(text);
        m_numbers.emplace(viewOf(m_texts.constLast()), number);
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
    static std::u16string_view viewOf(const QString& text)
    {
        return {reinterpret_cast<const char16_t*>(text.utf16()), static_cast<std::size_t>(text.size())};
    }

    QList<QString> m_texts;
    // Not QHash: hashing is most of what interning costs, and these hostile texts harm nobody but a table.
    std::unordered_map<std::u16string_view, quint32> m_numbers; ///< views into m_texts
};

} // namespace llmcache::ui
