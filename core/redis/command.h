#pragma once

#include <QByteArray>
#include <QList>
#include <QString>

#include <type_traits>
#include <utility>

namespace llmcache::redis {

/// One command with its arguments. A value.
class Command {
public:
    /// Whether a command may be sent again when the connection broke before its reply came.
    enum class Resend { Never, Once };

    Command() = default;
    explicit Command(QList<QByteArray> arguments, Resend resend = Resend::Never)
        : m_arguments(std::move(arguments))
        , m_resend(resend)
    {
    }
    /// A command that changes nothing, or the same thing however often it runs: resent once after a broken
    /// connection. Arguments are bytes, integers, or string literals (which are not copied).
    template <typename... Arguments>
    static Command idempotent(Arguments&&... arguments)
    {
        return Command({toArgument(std::forward<Arguments>(arguments))...}, Resend::Once);
    }
    /// A command that is never resent: it may have been done although its reply was lost.
    template <typename... Arguments>
    static Command once(Arguments&&... arguments)
    {
        return Command({toArgument(std::forward<Arguments>(arguments))...}, Resend::Never);
    }

    Command& operator<<(QByteArray argument)
    {
        m_arguments.append(std::move(argument));
        return *this;
    }
    /// Index of the argument that names the (first) key, by which a cluster finds the node; 1 by default,
    /// -1 = no key.
    Command& setKeyIndex(int index)
    {
        m_keyIndex = index;
        return *this;
    }
    /// Sends it to one node of Client::nodes() instead of the one that holds the key.
    Command& setNode(QByteArray node)
    {
        m_node = std::move(node);
        m_keyIndex = -1;
        return *this;
    }
    /// Tries to connect even while the circuit breaker says that the server is down.
    Command& setProbe()
    {
        m_probe = true;
        return *this;
    }

    const QList<QByteArray>& arguments() const { return m_arguments; }
    bool isIdempotent() const { return m_resend == Resend::Once; }
    bool isProbe() const { return m_probe; }
    int keyIndex() const { return m_keyIndex; }
    const QByteArray& node() const { return m_node; }
    /// The key, or null bytes.
    QByteArray key() const { return m_keyIndex < 0 ? QByteArray() : m_arguments.value(m_keyIndex); }

private:
    template <std::size_t size>
    static QByteArray toArgument(const char (&literal)[size])
    {
        return QByteArray::fromRawData(literal, static_cast<qsizetype>(size - 1));
    }
    static QByteArray toArgument(QByteArray bytes) { return bytes; }
    template <typename Integer>
    requires std::is_integral_v<Integer>
    static QByteArray toArgument(Integer number) { return QByteArray::number(static_cast<qint64>(number)); }

    QList<QByteArray> m_arguments;
    QByteArray m_node;
    int m_keyIndex = 1;
    Resend m_resend = Resend::Never;
    bool m_probe = false;
};

} // namespace llmcache::redis
